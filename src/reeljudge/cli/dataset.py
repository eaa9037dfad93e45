"""`reeljudge dataset`: training sets, split by prompt, exported for trainers, and described."""

import json as json_module
from pathlib import Path
from typing import Annotated, Any

import typer

from reeljudge.cli.commands import Command
from reeljudge.cli.console import examples, results, tell, write_json
from reeljudge.cli.groups import group_of
from reeljudge.cli.options import Json
from reeljudge.errors import InputError, UsageError

dataset = group_of(
    "dataset",
    "Training sets: split by prompt, export for trainers, describe.",
    {
        "split": Command("reeljudge.cli.dataset:split_command", "Split rows by prompt, never by clip."),
        "prove": Command("reeljudge.cli.dataset:prove_command", "Whether anything crosses the splits."),
        "export": Command("reeljudge.cli.dataset:export_command", "Write a training set for a trainer."),
        "card": Command("reeljudge.cli.dataset:card_command", "A dataset card, with its known gaps."),
        "push": Command("reeljudge.cli.dataset:push_command", "Upload an export to the Hugging Face hub."),
    },
)

Files = Annotated[
    list[Path], typer.Argument(help="Rows of rationales, of the people's page, or training rows.")
]
OwnRubric = Annotated[
    str | None, typer.Option("--rubric", help="A YAML file, for rows of a rubric of your own.")
]


@examples(
    "reeljudge dataset split rationales.jsonl -o rows.jsonl --test 0.1",
    "reeljudge dataset split a.jsonl b.jsonl -o rows.jsonl --test 0.1 --val 0.05 --seed 7 --near 0.7",
)
def split_command(
    files: Files,
    output: Annotated[Path, typer.Option("--output", "-o", help="The same rows, each with its `split`.")],
    test: Annotated[float, typer.Option(min=0.0, max=0.99, help="Share of the rows; 0 for none.")] = 0.1,
    val: Annotated[float, typer.Option(min=0.0, max=0.99, help="Share of the rows; 0 for none.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Another seed, another split.")] = 0,
    near: Annotated[
        float, typer.Option(help="Least similarity of the words of prompts that stay together.")
    ] = 0.8,
    proof: Annotated[
        Path | None, typer.Option(help="Where the proof goes; default: beside -o, with .split.json.")
    ] = None,
    json: Json = False,
) -> None:
    """Split rows by prompt, never by clip: near-duplicates of a prompt, and rows of one video, stay together.

    The proof is a file that says what was compared, that nothing crosses, and which prompts came nearest.
    """
    from reeljudge.datasets.split import SplitSettings, split_rows
    from reeljudge.tables import write_rows

    shares = {name: share for name, share in (("test", test), ("val", val)) if share}
    if not shares:
        raise UsageError("nothing to split off: give --test or --val")
    rows, found, notes = split_rows(_rows(files), SplitSettings(shares, seed, near))
    proof = proof or output.with_suffix(".split.json")
    write_rows(output, rows)
    told = found.to_dict() | {"seed": seed, "shares": shares, "near": near, "sha256": _hash(output)}
    _write_text(proof, json_module.dumps(told, indent=1, ensure_ascii=False) + "\n")
    for note in notes:
        tell(f"note: {note}")
    if json:
        write_json(told | {"output": str(output), "proof": str(proof), "notes": notes})
    else:
        counts = ", ".join(f"{name} {count}" for name, count in found.rows.items())
        verdict = "nothing crosses" if found.holds else "THE SPLITS ARE NOT APART"
        results().print(f"{counts} rows: {output}\n{verdict}: {proof}", soft_wrap=True)
    if not found.holds:
        raise typer.Exit(1)


@examples(
    "reeljudge dataset prove train.jsonl test.jsonl --near 0.7",
)
def prove_command(
    files: Annotated[
        list[Path], typer.Argument(help="Rows with `split`; rows without one count as of their file.")
    ],
    near: Annotated[float, typer.Option(help="Least similarity of near-duplicates.")] = 0.8,
    json: Json = False,
) -> None:
    """Whether prompts, near-duplicates or videos cross the splits of any set, made here or elsewhere."""
    from reeljudge.datasets.split import prove
    from reeljudge.tables import read_rows

    rows = [{"split": file.stem, **row} for file in files for row in read_rows(file)]
    found = prove(rows, near)
    if json:
        write_json(found.to_dict())
    else:
        lines = [", ".join(f"{name}: {count} rows" for name, count in found.rows.items())]
        lines.append(
            f"{found.shared_prompts} prompts, {found.shared_videos} videos and {found.near_duplicates} "
            "near-duplicates cross"
        )
        lines += [
            f"{pair['similarity']:.2f}  "
            + "  |  ".join(f"{name}: {text}" for name, text in pair.items() if name != "similarity")
            for pair in found.nearest
        ]
        results().print("\n".join(lines), soft_wrap=True)
    if not found.holds:
        raise typer.Exit(1)


@examples(
    "reeljudge dataset export rows.jsonl --format reeljudge --videos clips -o set",
    "reeljudge dataset export rows.jsonl checked.jsonl --format llamafactory --drop -o set-lf",
    "reeljudge dataset export rows.jsonl --format trl --frames uniform:6 -o set-trl",
)
def export_command(
    files: Files,
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write.")],
    format: Annotated[
        str, typer.Option(help="reeljudge, llamafactory, ms-swift, easyr1 or trl.")
    ] = "reeljudge",
    task: Annotated[str | None, typer.Option(help="sft or rl; default: what the format is for.")] = None,
    videos: Annotated[
        Path | None, typer.Option(help="Folder that the rows' paths are relative to; default: the file's.")
    ] = None,
    media: Annotated[
        str, typer.Option(help="link (hard links, else copies), copy, or reference (videos stay).")
    ] = "link",
    rubric: OwnRubric = None,
    template: Annotated[
        Path | None, typer.Option(help="File with another question text (jinja2), for all rows.")
    ] = None,
    drop: Annotated[bool, typer.Option("--drop", help="Leave contaminated rows out.")] = False,
    allow: Annotated[
        list[str] | None, typer.Option(help="A problem that is no contamination (may be given again).")
    ] = None,
    min_words: Annotated[int, typer.Option(min=0, help="Fewest words of the reasoning.")] = 20,
    max_words: Annotated[int, typer.Option(min=1, help="Most words of the reasoning.")] = 1500,
    allow_crossing: Annotated[
        bool, typer.Option("--allow-crossing", help="Although prompts cross the splits.")
    ] = False,
    near: Annotated[
        float, typer.Option(help="Least similarity of near-duplicates, as it was for `split`.")
    ] = 0.8,
    frames: Annotated[
        str | None, typer.Option(help="Frames of formats that take images (trl); default: uniform:8.")
    ] = None,
    max_pixels: Annotated[int | None, typer.Option(min=1, help="Most pixels of such a frame.")] = None,
    json: Json = False,
) -> None:
    """Write a training set for a trainer. Contaminated rows are refused unless dropped or allowed."""
    from reeljudge.datasets.check import CheckSettings, Rubrics
    from reeljudge.datasets.export import PICTURES, ExportSettings, export_rows

    if task not in (None, "sft", "rl"):
        raise UsageError(f"--task {task!r} is unknown: sft or rl")
    pictures = PICTURES.with_(rule=frames, max_pixels=max_pixels)
    settings = ExportSettings(
        format,
        task,  # type: ignore[arg-type]
        videos if videos is not None else files[0].parent,
        media,  # type: ignore[arg-type]
        CheckSettings(min_words=min_words, max_words=max_words, allow=frozenset(allow or ())),
        drop,
        allow_crossing,
        near,
        template=None if template is None else _text(template),
        frames=pictures.with_(min_pixels=min(pictures.min_pixels, pictures.max_pixels)),
    )
    exported = export_rows(_rows(files), output, settings, Rubrics(rubric))
    if json:
        write_json(exported.to_dict())
        return
    lines = [f"{exported.rows[split]} rows: {path}" for split, path in exported.files.items()]
    if exported.dropped:
        kinds = ", ".join(f"{count} {name}" for name, count in exported.problems.items())
        lines.append(f"{exported.dropped} contaminated rows left out ({kinds})")
    if exported.rejected:
        lines.append(f"{exported.rejected} rows that people rejected left out")
    results().print("\n".join(lines), soft_wrap=True)


@examples(
    "reeljudge dataset card rows.jsonl --db ratings.db --licence cc-by-4.0 -o set/README.md",
)
def card_command(
    files: Files,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Default: stdout.")] = None,
    db: Annotated[
        str | None, typer.Option("--db", help="The store of ratings: tells how far people agree.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="Of the set.")] = None,
    licence: Annotated[str | None, typer.Option("--licence", "--license", help="Of the annotations.")] = None,
    proof: Annotated[
        Path | None, typer.Option(help="A .split.json; default: the splits are compared.")
    ] = None,
    rubric: OwnRubric = None,
    json: Json = False,
) -> None:
    """A dataset card: counts, scores, reliability, splits, licences and known gaps."""
    from reeljudge.datasets.card import CardSettings, gaps, reliability_rows, write_card
    from reeljudge.datasets.check import Rubrics
    from reeljudge.datasets.rows import training_rows
    from reeljudge.datasets.split import prove

    rubrics = Rubrics(rubric)
    rows, _ = training_rows(_rows(files), rubrics)
    reliability: list[dict[str, Any]] = []
    if db is not None:
        from reeljudge.ratings import open_store

        with open_store(db, create=False) as store:
            for name in sorted({row["rubric"] for row in rows}):
                reliability += reliability_rows(store, name)
    told = None
    if proof is not None:
        try:
            told = json_module.loads(_text(proof))
        except ValueError as error:
            raise InputError(f"{proof}: no proof of a split ({error})") from error
    elif len({row["split"] for row in rows}) > 1:
        told = prove(rows).to_dict()
    settings = CardSettings(title or CardSettings.title, licence, reliability, told)
    text = write_card(rows, settings, rubrics)
    if output is not None:
        _write_text(output, text)
    if json:
        write_json(
            {
                "rows": len(rows),
                "reliability": reliability,
                "gaps": list(gaps(rows, settings, rubrics)),
                "output": None if output is None else str(output),
            }
        )
    elif output is None:
        typer.echo(text, nl=False)
    else:
        results().print(str(output), soft_wrap=True)


@examples(
    "reeljudge dataset push set --repo me/my-judgements",
)
def push_command(
    folder: Annotated[Path, typer.Argument(help="An export with its card.")],
    repo: Annotated[str, typer.Option(help="OWNER/NAME on the hub.")],
    public: Annotated[bool, typer.Option("--public", help="Of a repository that is made.")] = False,
    revision: Annotated[str | None, typer.Option(help="A branch.")] = None,
    json: Json = False,
) -> None:
    """Upload an export to the Hugging Face hub, privately unless --public. The token is `hf auth login`'s."""
    from reeljudge.datasets.hub import push_folder

    address = push_folder(folder, repo, not public, revision)
    if json:
        write_json({"address": address})
    else:
        results().print(address, soft_wrap=True)


def _rows(files: list[Path]) -> list[dict[str, Any]]:
    from reeljudge.tables import read_rows

    return [row for file in files for row in read_rows(file)]


def _hash(path: Path) -> str:
    from reeljudge.clips import sha256_file

    return sha256_file(path)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as UTF-8 text ({error})") from error


def _write_text(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error
