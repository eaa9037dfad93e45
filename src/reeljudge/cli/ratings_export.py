"""`reeljudge ratings export`: give the ratings of a database back."""

from pathlib import Path
from typing import Annotated, Any

import typer

from reeljudge.cli.console import examples, tell, write_json
from reeljudge.cli.options import Json


@examples(
    "reeljudge ratings export --db ratings.db -o ratings.jsonl",
    "reeljudge ratings export --db ratings.db -o ratings.csv --rubric videoscore2 --dimension visual_quality",
    "reeljudge ratings export --db ratings.db -o tasks.json --format label-studio --label-config ui.xml",
)
def export(
    db: Annotated[
        str, typer.Option("--db", metavar="URL", help="A file (ratings.db) or postgresql://USER@HOST/NAME.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="FILE.jsonl, .csv, .parquet, or .json for Label Studio.")
    ],
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="reeljudge, label-studio or csv; default: csv for .csv, else reeljudge.",
        ),
    ] = None,
    rubric: Annotated[str | None, typer.Option(help="Ratings under this rubric only.")] = None,
    dimension: Annotated[str | None, typer.Option(help="Ratings on this dimension only.")] = None,
    rater: Annotated[str | None, typer.Option(help="Ratings by this rater only.")] = None,
    clips: Annotated[
        Path | None, typer.Option(metavar="MANIFEST", help="Also write the clips, as a manifest.")
    ] = None,
    label_config: Annotated[
        Path | None,
        typer.Option(metavar="FILE.xml", help="Also write Label Studio's labelling interface for them."),
    ] = None,
    json: Json = False,
) -> None:
    """Write the ratings of a database to a file that `ratings import` reads back."""
    from reeljudge.errors import UsageError
    from reeljudge.ratings import open_store
    from reeljudge.ratings.exports import export_clips, export_ratings

    if label_config is not None and form != "label-studio":
        raise UsageError("--label-config goes with --format label-studio")
    with open_store(db, create=False) as store:
        count = export_ratings(store, output, form, rubric=rubric, dimension=dimension, rater=rater)
        written: dict[str, Any] = {"db": store.shown, "file": str(output), "ratings": count}
        if clips is not None:
            written |= {"manifest": str(clips), "clips": export_clips(store, clips)}
        if label_config is not None:
            _write_label_config(store, label_config, rubric)
            written["label_config"] = str(label_config)
    if json:
        write_json(written)
        return
    tell(f"{output}: {count} ratings")
    if clips is not None:
        tell(f"{clips}: {written['clips']} clips")
    if label_config is not None:
        tell(f"{label_config}: paste it into the project's labelling interface")


def _write_label_config(store: Any, path: Path, rubric: str | None) -> None:
    from reeljudge.errors import InputError
    from reeljudge.ratings.exports import label_config

    # The tasks are written, so all ratings are of one rubric.
    name = rubric or next(store.ratings()).rubric
    try:
        path.write_text(label_config(store.rubric(name)), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
