"""`reeljudge synth`: synthetic clips with true scores and rationales."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reeljudge.cli.app import INTERRUPTED
from reeljudge.cli.console import examples, progress_bar, results, tell, write_json
from reeljudge.cli.options import Json

if TYPE_CHECKING:
    from reeljudge.synth.raters import SimulatedRater
    from reeljudge.synth.writing import SetSettings


@examples(
    "reeljudge synth clips --count 500 --seed 1 --split test",
    "reeljudge synth demo --count 12 --seed 7 --generator aspen --generator dogwood",
    "reeljudge synth clips --count 5000 --seed 1 --workers 8 --json",
    "reeljudge synth rated --count 120 --seed 3 --raters careful:3,severe,lenient,random,careless",
)
def synth(
    out: Annotated[Path, typer.Argument(help="The folder to write; gone on with where it holds this set.")],
    count: Annotated[int, typer.Option(min=1, help="How many clips; four in a row share a prompt.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same pixels.")],
    split: Annotated[str, typer.Option(help="train or test; no prompt is in both.")] = "train",
    generator: Annotated[
        list[str] | None, typer.Option(help="Only clips of this generator (may be given again).")
    ] = None,
    size: Annotated[int, typer.Option(help="Side of the square videos, in pixels.")] = 256,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that draw (default: one per processor).")
    ] = None,
    raters: Annotated[
        str | None,
        typer.Option(
            metavar="KIND:N,...",
            help="Also write OUT/ratings.jsonl: simulated people, careful, noisy, severe, lenient, random or "
            "careless.",
        ),
    ] = None,
    rubric: Annotated[str, typer.Option(help="What they rate: videoscore2 or gradeo.")] = "videoscore2",
    overlap: Annotated[
        int | None, typer.Option(min=1, help="Raters per clip, drawn at random (default: all of them).")
    ] = None,
    json: Json = False,
) -> None:
    """Write synthetic clips with true scores and rationales.

    A small world of moving shapes, in which every flaw is placed on purpose and known exactly. OUT holds
    `manifest.jsonl` and `videos/`. Stop at any time and give the same command again to go on; a greater
    --count adds clips.
    """
    from reeljudge.synth.writing import SetSettings, write_set

    chosen = {"generators": tuple(generator)} if generator else {}
    settings = SetSettings(seed, split, size, **chosen)
    people = _people(raters, overlap)
    try:
        with progress_bar("drawing") as show:
            written = write_set(out, count, settings, workers=workers, on_video=show)
    except KeyboardInterrupt:
        tell("stopped; what was written is kept. Give the same command again to go on")
        raise typer.Exit(INTERRUPTED) from None
    rated = _write_ratings(out, settings, count, people, rubric, overlap) if people else None
    if json:
        write_json(
            {
                "manifest": str(written.manifest),
                "clips": written.clips,
                "written": written.written,
                "kept": written.kept,
                **settings.to_dict(),
                **({} if rated is None else {"ratings": str(rated[0]), "rating_rows": rated[1]}),
            }
        )
        return
    if written.kept:
        tell(f"{written.kept} videos were there and are kept")
    results().print(f"{written.clips} clips: {written.manifest}", soft_wrap=True)
    if rated is not None:
        results().print(f"{rated[1]} ratings: {rated[0]}", soft_wrap=True)


def _people(raters: str | None, overlap: int | None) -> "tuple[SimulatedRater, ...]":
    """The simulated raters; a mistake in naming them is known before anything is drawn."""
    from reeljudge.errors import UsageError
    from reeljudge.synth.raters import parse_raters

    if raters is None:
        if overlap is not None:
            raise UsageError("--overlap goes with --raters")
        return ()
    people = parse_raters(raters)
    if overlap is not None and overlap > len(people):
        raise UsageError(f"--overlap {overlap}: there are {len(people)} raters")
    return people


def _write_ratings(
    out: Path,
    settings: "SetSettings",
    count: int,
    people: "tuple[SimulatedRater, ...]",
    rubric: str,
    overlap: int | None,
) -> tuple[Path, int]:
    from itertools import islice

    from reeljudge.synth import sample_clip
    from reeljudge.synth.raters import simulated_ratings
    from reeljudge.tables import write_rows

    clips = [sample_clip(settings.seed, index, settings.split) for index in islice(settings.indices(), count)]
    rows = simulated_ratings(clips, people, rubric, overlap=overlap, seed=settings.seed)
    return out / "ratings.jsonl", write_rows(out / "ratings.jsonl", rows)
