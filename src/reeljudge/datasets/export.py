"""Exports: checked rows into a folder that a trainer reads, with videos, counts and what was left out."""

import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import reeljudge
from reeljudge.clips import Decoder, Frames, FrameSettings
from reeljudge.datasets.check import PROBLEMS, CheckSettings, RowReport, Rubrics, check_rows
from reeljudge.datasets.formats import FORMATS, Kind, Sample, Task, dataset_info
from reeljudge.datasets.media import MEDIA, Media, bring_videos
from reeljudge.datasets.rows import training_rows
from reeljudge.datasets.split import NEAR, SplitProof, prove
from reeljudge.errors import ClipError, InputError, UsageError, did_you_mean
from reeljudge.rubrics import Rubric, ask
from reeljudge.tables import write_rows
from reeljudge.tables.rows import import_pyarrow

INFO = "export.json"
PROOF = "split.json"

PICTURES = FrameSettings(rule="uniform:8", max_pixels=256 * 28 * 28, temporal_factor=1)
"""Frames of formats that take images: eight, of at most 256 visual tokens each."""


@dataclass(frozen=True)
class ExportSettings:
    """How rows are exported.

    Attributes:
        format: a name in `FORMATS`.
        task: `sft` or `rl`; None: the format's own first.
        videos: folder that the rows' paths are relative to.
        media: `link`, `copy` or `reference` (see `bring_videos`).
        check: what counts as contaminated.
        drop: leave contaminated rows out instead of refusing the export.
        crossing: export although prompts or near-duplicates cross splits.
        near: least similarity of near-duplicates.
        template: question template instead of the rubric's.
        frames: of formats that take images.
    """

    format: str
    task: Task | None = None
    videos: Path = Path()
    media: Media = "link"
    check: CheckSettings = field(default_factory=CheckSettings)
    drop: bool = False
    crossing: bool = False
    near: float = NEAR
    template: str | None = None
    frames: FrameSettings = PICTURES

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise UsageError(f"unknown format {self.format!r}.{did_you_mean(self.format, FORMATS)}")
        if self.task is not None and self.task not in FORMATS[self.format].tasks:
            known = " and ".join(FORMATS[self.format].tasks)
            raise UsageError(f"the format {self.format!r} is for {known}, not for {self.task!r}")
        if self.media not in MEDIA:
            raise UsageError(f"--media {self.media!r} is unknown.{did_you_mean(self.media, MEDIA)}")


@dataclass(frozen=True)
class Exported:
    """What was exported.

    Attributes:
        folder: where.
        files: split -> file.
        rows: split -> rows.
        rejected: rows that people rejected.
        dropped: contaminated rows that were left out.
        problems: problem -> rows that had it, left out or allowed.
        proof: of the splits; None where there is only one.
    """

    folder: Path
    files: dict[str, Path]
    rows: dict[str, int]
    rejected: int
    dropped: int
    problems: dict[str, int]
    proof: SplitProof | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "folder": str(self.folder),
            "files": {split: str(path) for split, path in self.files.items()},
            "rows": self.rows,
            "rejected": self.rejected,
            "dropped": self.dropped,
            "problems": self.problems,
            "proof": None if self.proof is None else self.proof.to_dict(),
        }


def export_rows(
    rows: Sequence[Mapping[str, Any]],
    folder: Path,
    settings: ExportSettings,
    rubrics: Rubrics | None = None,
) -> Exported:
    """Write `SPLIT.jsonl` (or `.parquet`), the videos, and `export.json` into a folder.

    Raises:
        InputError: contaminated rows (unless dropped or allowed), splits that prompts cross, a video that is
            missing, a folder that holds something else.
        MissingExtra: Parquet without pyarrow.
    """
    rubrics = rubrics or Rubrics()
    made, rejected = training_rows(rows, rubrics)
    reports = check_rows([{**row, "id": row["clip"]} for row in made], settings.check, rubrics)
    bad = [report for report in reports if report.contaminated(settings.check.allow)]
    if bad and not settings.drop:
        raise InputError(_refusal(bad, len(made)))
    kept = [
        row
        for row, report in zip(made, reports, strict=True)
        if not report.contaminated(settings.check.allow)
    ]
    if not kept:
        raise InputError("no row is left to export")
    splits = sorted({row["split"] for row in kept}, key=lambda name: (name != "train", name))
    proof = prove(kept, settings.near) if len(splits) > 1 else None
    if proof is not None and not proof.holds and not settings.crossing:
        raise InputError(
            f"the splits are not apart: {proof.shared_prompts} prompts, {proof.shared_videos} videos and "
            f"{proof.near_duplicates} near-duplicates cross; split again with `reeljudge dataset split`, or "
            "take --allow-crossing"
        )
    kind = FORMATS[settings.format]
    task = settings.task or kind.tasks[0]
    _claim(folder)
    placed = bring_videos(kept, settings.videos, folder, settings.media)
    files = {}
    for split in splits:
        path = files[split] = folder / f"{split}{kind.suffix}"
        samples = _samples([row for row in kept if row["split"] == split], settings, kind, placed, rubrics)
        written = (kind.write(sample, task) for sample in samples)
        if kind.pictures:
            _write_pictures(path, written, task)
        else:
            write_rows(path, written)
    for stale in folder.glob(f"*{kind.suffix}"):
        if stale not in files.values() and stale.stem in ("train", "val", "validation", "test", "dev"):
            stale.unlink()
    if settings.format == "llamafactory":
        _write_json(folder / "dataset_info.json", dataset_info(splits))
    if proof is not None:
        _write_json(folder / PROOF, proof.to_dict())
    problems = Counter(name for report in reports for name in report.problems)
    exported = Exported(
        folder,
        files,
        dict(Counter(row["split"] for row in kept)),
        rejected,
        len(made) - len(kept),
        {name: problems[name] for name in PROBLEMS if problems[name]},
        proof,
    )
    about = {
        "format": settings.format,
        "task": task,
        "reeljudge": reeljudge.__version__,
        "rubrics": sorted({row["rubric"] for row in kept}),
        "media": settings.media,
        "template": settings.template is not None,
        "frames": asdict(settings.frames) if kind.pictures else None,
        "allowed": sorted(settings.check.allow),
        **{
            name: value
            for name, value in exported.to_dict().items()
            if name not in ("folder", "files", "proof")
        },
        "files": {split: path.name for split, path in files.items()},
    }
    _write_json(folder / INFO, about)
    return exported


def _refusal(bad: Sequence[RowReport], total: int) -> str:
    counts = Counter(name for report in bad for name in report.problems)
    kinds = ", ".join(f"{counts[name]} {name}" for name in PROBLEMS if counts[name])
    first = bad[0]
    name, detail = next(iter(first.problems.items()))
    return (
        f"{len(bad)} of {total} rows are contaminated ({kinds}); the first, {first.id!r}: {name}: {detail}. "
        "--drop leaves them out, --allow PROBLEM takes them in, `reeljudge rationales check` lists them"
    )


def _claim(folder: Path) -> None:
    """The folder is new, empty, or an export that is replaced."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: a file, where a folder is to be written")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / INFO).is_file():
        raise InputError(f"{folder}: holds something else than an export; choose another -o")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # From now on it is known as an export, also where this one is interrupted.
        (folder / INFO).touch()
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror}") from error


def _samples(
    rows: Sequence[Mapping[str, Any]],
    settings: ExportSettings,
    kind: Kind,
    placed: Mapping[str, str],
    rubrics: Rubrics,
) -> Iterator[Sample]:
    decoder = Decoder(settings.frames, workers=1) if kind.pictures else None
    latest: tuple[str, tuple[tuple[bytes, ...], str]] | None = None
    try:
        for row in rows:
            rubric = rubrics.of(row)
            images: tuple[bytes, ...] = ()
            introduction = ""
            if decoder is not None:
                # Rows of one clip stand together: its frames are decoded once.
                if latest is None or latest[0] != row["video"]:
                    latest = row["video"], _pictures(decoder, settings.videos / row["video"], row["id"])
                images, introduction = latest[1]
            question = _question(row, rubric, settings.template)
            yield Sample(row, question, placed[str(row["video"])], rubric, images, introduction)
    finally:
        if decoder is not None:
            decoder.close()


def _question(row: Mapping[str, Any], rubric: Rubric, template: str | None) -> str:
    dimension = row.get("dimension")
    names = None if dimension is None else [dimension]
    return ask(rubric, row["prompt"], row.get("theme"), names, template)[0].text


def _pictures(decoder: Decoder, path: Path, id: str) -> tuple[tuple[bytes, ...], str]:
    from PIL import Image

    from reeljudge.judges.served.pictures import introduction

    try:
        frames: Frames = decoder.decode(path)
    except ClipError as error:
        raise InputError(f"{id!r}: {error}") from error
    files = []
    for picture in frames.pixels:
        file = io.BytesIO()
        Image.fromarray(picture).save(file, format="PNG")
        files.append(file.getvalue())
    return tuple(files), introduction(frames)


_TURNS: dict[str, Any] = {
    "role": {"dtype": "string", "_type": "Value"},
    "content": {"dtype": "string", "_type": "Value"},
}
_TEXT = {"dtype": "string", "_type": "Value"}


def _write_pictures(path: Path, rows: Iterator[dict[str, Any]], task: Task) -> None:
    """Parquet whose `images` the datasets library opens as pictures: it reads the types from the metadata."""
    arrow, parquet = import_pyarrow("writing Parquet")
    turns = arrow.list_(arrow.struct([("role", arrow.string()), ("content", arrow.string())]))
    images = arrow.list_(arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())]))
    columns: list[tuple[str, Any, Any]] = [
        ("images", images, [{"_type": "Image"}]),
        ("prompt", turns, [_TURNS]),
    ]
    if task == "sft":
        columns.append(("completion", turns, [_TURNS]))
    else:
        columns += [("solution", arrow.string(), _TEXT), ("dimension", arrow.string(), _TEXT)]
    features = {name: kind for name, _, kind in columns}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    schema = arrow.schema([(name, kind) for name, kind, _ in columns], metadata=metadata)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with parquet.ParquetWriter(unfinished, schema) as writer:
            batch: list[dict[str, Any]] = []
            for row in rows:
                batch.append(row)
                if len(batch) == 64:
                    writer.write_table(arrow.Table.from_pylist(batch, schema=schema))
                    batch = []
            if batch:
                writer.write_table(arrow.Table.from_pylist(batch, schema=schema))
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _write_json(path: Path, value: Any) -> None:
    try:
        path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error
