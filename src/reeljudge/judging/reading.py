"""The reader alone: rows of raw replies into verdicts, without a judge and without a video."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from reeljudge.clips import Clip
from reeljudge.errors import InputError
from reeljudge.judges import Answer
from reeljudge.judging.assemble import Evidence, Origin, assemble
from reeljudge.rubrics import Question, Rubric, ask
from reeljudge.rubrics.ask import select_dimensions
from reeljudge.verdicts import Finish, Reply, Verdict

_TEXT_FIELDS = ("reply", "text")
_KNOWN = {*_TEXT_FIELDS, "id", "video", "prompt", "theme", "model", "group", "human", "dimension", "finish"}


def read_replies(
    rows: Iterable[tuple[int, Mapping[str, Any]]],
    rubric: Rubric,
    dimensions: Sequence[str] | None = None,
    where: str = "the replies",
) -> Iterator[Verdict]:
    """One verdict per row, in order.

    Args:
        rows: (line, row) with the reply's text in `reply` or `text`; `id` (default: the line), `finish`
            (`stop`, `length`, `score`), `dimension` (needed where a rubric has one reply per dimension),
            `prompt` and `theme` (so that what a reply copies from the question is told apart).
        rubric: what was asked.
        dimensions: judge on these only.
        where: the file's name, for errors.

    Raises:
        UsageError: an unknown dimension.
        InputError: a row without a reply, with an unknown dimension or finish.
    """
    chosen = tuple(dimension.name for dimension in select_dimensions(rubric, dimensions))
    for line, row in rows:
        place = f"{where}, line {line}"
        about = _about(row, rubric, chosen, place)
        text = _text(row, place)
        finish = row.get("finish")
        if finish is not None and finish not in get_args(Finish):
            known = ", ".join(get_args(Finish))
            raise InputError(
                f"{place}: finish {finish!r} is none of {known}; leave it out where it is unknown"
            )
        asked = about[0] if rubric.replies == "each" else None
        prompt = _optional(row, "prompt", place)
        theme = _optional(row, "theme", place)
        # Without the prompt the question is not known.
        question = ask(rubric, prompt, theme, about)[0] if prompt else Question(asked, "")
        human = row.get("human")
        clip = Clip(
            id=str(row["id"]) if row.get("id") is not None else str(line),
            video=str(row.get("video") or ""),
            path=Path(),
            prompt=prompt or "",
            model=_optional(row, "model", place),
            group=_optional(row, "group", place),
            theme=theme,
            human=dict(human) if isinstance(human, Mapping) else {},
            extra={name: value for name, value in row.items() if name not in _KNOWN},
        )
        origin = Origin(f"recorded:{where}", None, rubric, about, "")
        answer = Answer((Reply(dimension=asked, text=text, finish=finish),))
        verdict = assemble(origin, clip, Evidence("", questions=[question], answers=[answer]))
        yield verdict.model_copy(update={"seconds": None})


def _about(row: Mapping[str, Any], rubric: Rubric, chosen: tuple[str, ...], place: str) -> tuple[str, ...]:
    named = row.get("dimension")
    if named is not None:
        if named not in rubric.names:
            known = ", ".join(rubric.names)
            raise InputError(f"{place}: rubric {rubric.name!r} has no dimension {named!r}; it has {known}")
        return (str(named),)
    if rubric.replies == "each" and len(chosen) != 1:
        raise InputError(
            f"{place}: rubric {rubric.name!r} has one reply per dimension: add a field `dimension`, "
            "or name the one that all replies are about with --dimensions"
        )
    return chosen


def _text(row: Mapping[str, Any], place: str) -> str:
    for name in _TEXT_FIELDS:
        if name in row:
            value = row[name]
            if value is None:
                return ""
            if isinstance(value, str):
                return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            raise InputError(
                f"{place}: {name} is not text but {type(value).__name__}; write the reply as a string"
            )
    raise InputError(f"{place}: no reply: a field `reply` (or `text`) must hold it; found {', '.join(row)}")


def _optional(row: Mapping[str, Any], name: str, place: str) -> str | None:
    value = row.get(name)
    if value is None or isinstance(value, str):
        return value
    raise InputError(f"{place}: {name} is not text but {type(value).__name__}")
