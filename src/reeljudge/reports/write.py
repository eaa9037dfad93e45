"""The page itself: data, pictures, style and script in one HTML file that asks nothing of the network."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, StrictUndefined

from reeljudge.clips import Limits
from reeljudge.errors import UsageError
from reeljudge.reports import plots
from reeljudge.reports.findings import OVERALL, RunFindings, differences, findings_of
from reeljudge.reports.gather import JudgedClip, JudgedRun, Material, gather, human_scores, short_judge
from reeljudge.reports.media import Media, make_media
from reeljudge.reports.page_file import asset, content_hash, number
from reeljudge.standings import Leaderboard
from reeljudge.tables.writing import moved_into_place

EMBED_BUDGET = 40.0
MOST_RADARS = 12

_KEPT = (
    "status",
    "reason",
    "message",
    "overall",
    "rationale",
    "stages",
    "flags",
    "frames",
    "seconds",
    "sha256",
)


@dataclass(frozen=True)
class Report:
    """What was written.

    Attributes:
        path: the page. bytes: its size.
        runs, clips: how many it shows.
        previews, strips: clips with a video that plays, and with a strip of frames.
        without_video: clips whose video could not be found or decoded.
    """

    path: Path
    bytes: int
    runs: int
    clips: int
    previews: int
    strips: int
    without_video: int


def write_report(
    runs: Sequence[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    *,
    title: str | None = None,
    link_videos: bool = False,
    embed_budget: float = EMBED_BUDGET,
    videos: str | os.PathLike[str] | None = None,
    labels: str | os.PathLike[str] | None = None,
    ignore_extra_labels: bool = False,
    limits: Limits | None = None,
) -> Report:
    """Write what runs say as one self-contained HTML page.

    Clips are matched by id, so runs of different judges stand side by side; shards of one configuration count
    as one run. The same runs and videos give the same bytes. The file appears whole or not at all.

    Args:
        runs: run folders.
        output: an existing file is replaced.
        title: the page's heading; default: the runs' names.
        link_videos: play the original files by relative links instead of embedding small copies.
        embed_budget: megabytes (10^6 bytes) of previews and strips in the page; 0 embeds none.
        videos: the folder that video names are relative to; default: that of the manifest in `run.json`.
        labels: a table of people's scores, joined to the clips by `id`: `human` (an object), `human.NAME`, or
            a column named like a dimension.
        ignore_extra_labels: labels of clips that no run holds are no error.
        limits: what a video may cost to decode.

    Raises:
        UsageError: no run, a negative budget. InputError: a folder that is no run, runs without verdicts, or
            a page that cannot be written.
    """
    if not runs:
        raise UsageError("a report needs at least one run folder")
    if not 0 <= embed_budget < float("inf"):
        raise UsageError(f"--embed-budget is {embed_budget}; it must be at least 0 (megabytes)")
    output = Path(output)
    material = gather(
        [Path(run) for run in runs],
        None if videos is None else Path(videos),
        None if labels is None else Path(labels),
        ignore_extra_labels,
    )
    page = _Page(material, title, output if link_videos else None)
    counts = {"previews": 0, "strips": 0, "without_video": 0}
    with (
        moved_into_place(output) as unfinished,
        unfinished.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file,
    ):
        before, after = page.halves()
        file.write(before)
        shown = []
        budget = int(embed_budget * 1_000_000)
        for number, media in enumerate(make_media(material, budget, not link_videos, limits)):
            counts["previews"] += media.preview is not None
            counts["strips"] += media.strip is not None
            counts["without_video"] += media.preview is None and media.strip is None
            for kind, data in (("preview", media.preview), ("strip", media.strip)):
                if data is not None:
                    file.write(f'<script type="text/plain" id="{kind}-{number}">{data}</script>\n')
            shown.append(_media_json(media))
        file.write(f'<script type="application/json" id="media">{_json(shown)}</script>\n')
        file.write(after)
    size = output.stat().st_size
    return Report(output, size, len(material.runs), len(material.clips), **counts)


class _Page:
    """Everything but the pictures, rendered."""

    def __init__(self, material: Material, title: str | None, linked_from: Path | None):
        self.material = material
        self.title = title or "Video verdicts: " + ", ".join(run.name for run in material.runs)
        self.linked_from = linked_from
        self.findings = [findings_of(run) for run in material.runs]
        models = {model for found in self.findings for model in found.models}
        self.hues = {model: hue for hue, model in enumerate(sorted(models))}

    def halves(self) -> tuple[str, str]:
        """The page before and after the place of the pictures."""
        style, script = (asset(name) for name in ("report.css", "report.js"))
        environment = Environment(
            autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        environment.filters["number"] = number
        environment.globals.update(
            plots=plots, radars=self._radars, hue_of=self._hue_of, cell=_cell, notes_of=_notes_of
        )
        text = environment.from_string(asset("report.html.j2")).render(
            title=self.title,
            findings=self.findings,
            differences=differences(self.material),
            warnings=self.material.warnings,
            clips=len(self.material.clips),
            style=style,
            script=script,
            policy=self._policy(style, script),
            data=_json(self._data()),
            overall=OVERALL,
        )
        before, mark, after = text.partition("<!-- pictures -->\n")
        assert mark, "the template has lost the place of the pictures"
        return before, after

    def _policy(self, style: str, script: str) -> str:
        videos = "data: blob:" if self.linked_from is None else "data: blob: 'self' file:"
        return (
            f"default-src 'none'; script-src '{content_hash(script)}'; style-src '{content_hash(style)}'; "
            f"img-src data: blob:; media-src {videos}; base-uri 'none'; form-action 'none'"
        )

    def _hue_of(self, model: str) -> int:
        """A generator keeps its colour throughout the page."""
        return self.hues[model] % plots.HUES

    def _radars(self, found: RunFindings) -> list[dict[str, Any]]:
        """Plots of the generators on the dimensions, best first, and the mean of all to compare with."""
        if found.board is None:
            return []
        names = list(found.run.dimensions)
        points = {
            name: {place.model: place.points for place in found.board.places[name]}
            for name in names
            if name in found.board.places
        }
        scale = found.run.rubric.scale
        means = {shown.dimension: shown.mean for shown in found.histograms}
        mean = [
            None if (at := means.get(name)) is None else (at - scale.min) / (scale.max - scale.min) * 100
            for name in names
        ]
        shown = []
        for model in found.models[:MOST_RADARS]:
            hue = self._hue_of(model)
            values = [(found.run.title_of(name), points.get(name, {}).get(model)) for name in names]
            plot = (
                plots.radar(values, mean, model, hue) if len(names) > 2 else plots.spans(values, model, hue)
            )
            shown.append({"model": model, "plot": plot})
        return shown

    def _data(self) -> dict[str, Any]:
        return {
            "runs": [_run_json(run) for run in self.material.runs],
            "clips": [self._clip_json(clip) for clip in self.material.clips],
        }

    def _clip_json(self, clip: JudgedClip) -> dict[str, Any]:
        first = clip.first
        names = dict.fromkeys(name for row in clip.verdicts if row is not None for name in row["scores"])
        rated = {name: human_scores(first, name) for name in names}
        return {
            "id": clip.id,
            "video": first["video"],
            "href": self._href(clip),
            "prompt": first.get("prompt") or "",
            "theme": first.get("theme"),
            "model": first.get("model"),
            "group": first.get("group"),
            "human": {
                name: {"mean": round(sum(given) / len(given), 3), "given": given}
                for name, given in rated.items()
                if given
            },
            "verdicts": [None if row is None else _verdict_json(row) for row in clip.verdicts],
        }

    def _href(self, clip: JudgedClip) -> str | None:
        if self.linked_from is None or clip.path is None:
            return None
        there = os.path.relpath(clip.path.absolute(), self.linked_from.absolute().parent)
        return "./" + quote(Path(there).as_posix(), safe="/", errors="replace")


def _run_json(run: JudgedRun) -> dict[str, Any]:
    return {
        "name": run.name,
        "judge": run.judge,
        "rubric": run.rubric.title or run.rubric.name,
        "min": run.rubric.scale.min,
        "max": run.rubric.scale.max,
        "dimensions": [{"name": name, "title": run.title_of(name)} for name in run.dimensions],
    }


def _verdict_json(row: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {name: row.get(name) for name in _KEPT if row.get(name) not in (None, [], {}, "")}
    shown["scores"] = {
        name: {what: value for what, value in score.items() if value is not None}
        for name, score in row["scores"].items()
    }
    shown["replies"] = [
        {what: reply[what] for what in ("dimension", "sample", "text", "finish", "tokens") if reply.get(what)}
        for reply in row.get("replies") or ()
    ]
    shown["provenance"] = {name: row[name] for name in ("revision", "rubric", "config") if row.get(name)}
    shown["provenance"]["judge"] = short_judge(row.get("judge"))
    return shown


def _media_json(media: Media) -> dict[str, Any]:
    shown = {name: value for name, value in asdict(media).items() if name not in ("preview", "strip")}
    return {
        **{name: value for name, value in shown.items() if value},
        **{kind: 1 for kind in ("preview", "strip") if getattr(media, kind) is not None},
    }


def _notes_of(board: Leaderboard, run: JudgedRun) -> list[str]:
    """A leaderboard's notes, with dimensions as people read them."""
    notes = []
    for note in board.notes:
        name, colon, rest = note.partition(":")
        known = colon and name in run.dimensions
        notes.append(f"{run.title_of(name)}:{rest}" if known else note[:1].upper() + note[1:])
    return notes


def _cell(count: int, most: int) -> int:
    """How dark a cell of the confusion table is, 0 to 5."""
    return 0 if count == 0 else 1 + round(4 * count / most)


def _json(value: object) -> str:
    """JSON that ends no script element and opens no comment, whatever the texts in it are."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return "".join(f"\\u{ord(one):04x}" if "\ud800" <= one <= "\udfff" else one for one in text)
