"""`reeljudge read`: raw replies into verdicts."""

import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from reeljudge.cli.console import examples, results, write_json
from reeljudge.cli.options import Json

_PLAIN_TEXT = (".txt", ".md")


@examples(
    "reeljudge read replies.jsonl --rubric videoscore2 --json",
    "reeljudge read replies.jsonl --rubric gradeo --dimensions quality --json > verdicts.jsonl",
    "reeljudge read one_reply.txt --rubric videoscore2",
)
def read(
    file: Annotated[
        str,
        typer.Argument(
            help="JSONL, CSV or Parquet with `reply` (or `text`), `finish`, `dimension`, `prompt`; "
            "a .txt file is one reply; - reads JSONL from stdin."
        ),
    ],
    rubric: Annotated[
        str, typer.Option(help="videoscore2, gradeo, or the path of a YAML file.")
    ] = "videoscore2",
    dimensions: Annotated[str | None, typer.Option(help="Read these only, separated by commas.")] = None,
    json: Json = False,
) -> None:
    """Turn raw replies into verdicts, one per input row, in order: the reader alone, without a judge."""
    from reeljudge.cli.verdict_view import show_verdict
    from reeljudge.judging import read_replies
    from reeljudge.rubrics import load_rubric

    loaded = load_rubric(rubric)
    names = None if dimensions is None else [name.strip() for name in dimensions.split(",") if name.strip()]
    for place, verdict in enumerate(read_replies(_rows(file), loaded, names, file)):
        if json:
            write_json(verdict.model_dump(mode="json"))
        else:
            show_verdict(results(), verdict, loaded, first=place == 0)


def _rows(file: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    from reeljudge.errors import InputError
    from reeljudge.tables.rows import numbered_rows

    if file == "-":
        with tempfile.NamedTemporaryFile(suffix=".jsonl") as spool:
            spool.write(sys.stdin.buffer.read())
            spool.flush()
            yield from numbered_rows(spool.name)
    elif Path(file).suffix.lower() in _PLAIN_TEXT:
        try:
            yield 1, {"id": Path(file).stem, "reply": Path(file).read_text(encoding="utf-8")}
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{file}: cannot be read as UTF-8 text ({error})") from error
    else:
        yield from numbered_rows(file)
