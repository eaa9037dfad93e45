"""`reeljudge ratings import`: bring people's ratings into a database."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reeljudge.cli.console import examples, tell, write_json
from reeljudge.cli.options import Json
from reeljudge.errors import InputError, ReeljudgeError, UsageError

if TYPE_CHECKING:
    from reeljudge.ratings.imports import Imported, Refused

_SHOWN = 10
"""Refused rows that are shown to a person; --json has all."""

Db = Annotated[
    str, typer.Option("--db", metavar="URL", help="A file (ratings.db) or postgresql://USER@HOST/NAME.")
]


@examples(
    "reeljudge ratings import 10.json 45.json --from videofeedback2 --db ratings.db",
    "reeljudge ratings import fetv.jsonl --from table --scores human --rubric fetv --db ratings.db",
    "reeljudge ratings import a.csv --from table --scores visual_quality=Q1 --field rater=Who --db r.db",
    "reeljudge ratings import project-1.json --from label-studio --db ratings.db",
    "reeljudge ratings import ratings.jsonl --from reeljudge --db postgresql://me@localhost/ratings",
)
def import_ratings(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files of one format.")],
    form: Annotated[
        str,
        typer.Option("--from", metavar="FORMAT", help="videofeedback2, label-studio, table or reeljudge."),
    ],
    db: Db,
    rubric: Annotated[
        str | None,
        typer.Option(help="A rubric's name, or its YAML file; default: as the file has it."),
    ] = None,
    scale: Annotated[
        str | None, typer.Option(metavar="LOW-HIGH", help="Scale of a rubric that is new; default: 1-5.")
    ] = None,
    scores: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[DIMENSION=]FIELD",
            help="What holds scores: a field (an object is one of dimensions, a list one of raters); for "
            "Label Studio DIMENSION=CONTROL. Repeatable.",
        ),
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FIELD",
            help="Where a table holds id, video, prompt, theme, model, group, dimension, rater, rationale, "
            "seconds or at, if not under that name. Repeatable.",
        ),
    ] = None,
    rater: Annotated[
        str | None,
        typer.Option(metavar="NAME,...", help="Who rated, where the file does not say, in its lists' order."),
    ] = None,
    missing: Annotated[
        list[str] | None,
        typer.Option(metavar="VALUE", help="A value that stands for no score, for example -1. Repeatable."),
    ] = None,
    clips: Annotated[
        Path | None,
        typer.Option(
            metavar="MANIFEST", help="Take the clips from here: rows name them by id, and no others."
        ),
    ] = None,
    clips_by: Annotated[
        str | None,
        typer.Option(metavar="FIELD", help="The manifest's field that holds the rows' ids; default: id."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="A rating that differs from the rater's first replaces it.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Store nothing of a file in which a row is refused.")
    ] = False,
    json: Json = False,
) -> None:
    """Bring ratings into a database, each file whole or not at all. Rows that cannot be stored are listed
    with the reason; files may be imported again, and what is known already is counted as the same."""
    from reeljudge.ratings import open_store
    from reeljudge.ratings.imports import FORMATS, Options
    from reeljudge.ratings.imports import import_ratings as importing

    if form not in FORMATS:
        from reeljudge.errors import did_you_mean

        raise UsageError(f"--from: unknown format {form!r}.{did_you_mean(form, FORMATS)}")
    if clips_by is not None and clips is None:
        raise UsageError("--clips-by says something about a manifest: --clips MANIFEST")
    options = Options(
        rubric=rubric,
        scale=_scale(scale),
        scores=tuple(scores or ()),
        fields=dict(_pair(text) for text in field or ()),
        raters=tuple(name.strip() for name in (rater or "").split(",") if name.strip()),
        missing=tuple(missing or ()),
    )
    done: list[Imported] = []
    with open_store(db) as store:
        shown = store.shown
        try:
            for one in importing(
                store,
                files,
                form,
                options,
                manifest=clips,
                manifest_field=clips_by,
                replace=replace,
                strict=strict,
            ):
                done.append(one)
                if not json:
                    _show(one)
        except ReeljudgeError as error:
            if not done:
                raise
            kept = ", ".join(one.file for one in done)
            raise type(error)(f"{error} (stored before it: {kept})") from error
    if json:
        write_json(_result(shown, form, done))
    _end(done, strict)


def _result(db: str, form: str, done: "list[Imported]") -> dict[str, Any]:
    files = [one.to_dict() for one in done]
    rejected = [row for one in files for row in one.pop("rejected")]
    return {
        "db": db,
        "format": form,
        "rows": sum(one["rows"] for one in files),
        "accepted": sum(one["accepted"] for one in files),
        "ratings": {name: sum(one["ratings"][name] for one in files) for name in ("new", "same", "replaced")},
        "clips": sum(one["clips"] for one in files),
        "rejected": rejected,
        "files": files,
    }


def _end(done: "list[Imported]", strict: bool) -> None:
    files = ", ".join(one.file for one in done if not one.stored)
    if files:
        why = "rows were refused (--strict)" if strict else "every row was refused"
        raise InputError(f"{files}: nothing was stored, since {why}")


def _show(one: "Imported") -> None:
    ratings = [f"{count} {name}" for name, count in one.ratings.items() if count or name == "new"]
    tell(
        f"{one.file}: {one.rows} rows, {len(one.refused)} refused; ratings: {', '.join(ratings)}; "
        f"new clips: {one.clips}"
    )
    for note in one.notes:
        tell(f"  note: {note}")
    for refused in one.refused[:_SHOWN]:
        tell(f"  refused: {_where(refused)}: {refused.reason}")
    if len(one.refused) > _SHOWN:
        tell(f"  ... and {len(one.refused) - _SHOWN} more refused rows; --json lists all")


def _where(refused: "Refused") -> str:
    place = refused.place
    where = f"line {place.line}" if place.line is not None else f"row {place.row}"
    part = f", {place.part}" if place.part else ""
    return f"{where}{part}" + (f" ({refused.id})" if refused.id else "")


def _scale(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"\s*(-?\d{1,9})\s*-\s*(-?\d{1,9})\s*", text)
    if found is None or int(found[1]) >= int(found[2]):
        raise UsageError(f"--scale is LOW-HIGH in whole numbers, for example 1-5, not {text!r}")
    return int(found[1]), int(found[2])


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not name or not value:
        raise UsageError(f"--field is NAME=FIELD, for example rater=Annotator, not {text!r}")
    return name, value
