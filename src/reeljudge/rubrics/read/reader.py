"""The reader: from the text that a judge wrote to scores, rationale, stages and flags."""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from reeljudge.errors import UsageError, did_you_mean
from reeljudge.rubrics.ask import ask
from reeljudge.rubrics.load import load_rubric
from reeljudge.rubrics.model import Rubric
from reeljudge.rubrics.question import Question, Reading, ReadScore
from reeljudge.rubrics.read.answers import Grammar, Statement
from reeljudge.rubrics.read.echo import repeats_question, without_copies
from reeljudge.rubrics.read.regions import (
    Region,
    has_content,
    quoted_regions,
    reasoning_regions,
    stage_regions,
)
from reeljudge.rubrics.read.signs import leaks_label, refuses, stated_values
from reeljudge.rubrics.read.text import blank, fold, words
from reeljudge.verdicts import Finish, Flag, Reason

READER_VERSION = 1
"""Goes up when the same reply may be read differently; part of a run's configuration."""

_PROSE_WORDS = 4
"""A line with fewer words beside its scores is no reasoning ("Final scores:")."""

_TAG = re.compile(r"<[^<>\n]{1,40}>")
_ANSWER_TAG = re.compile(r"<\s*answer\s*>(?P<inner>[^<]*)(?:<\s*/\s*answer\s*>|$)", re.IGNORECASE)


def read_reply(
    text: str,
    rubric: Rubric | str | Path,
    dimension: str | None = None,
    finish: Finish | None = None,
    question: Question | None = None,
) -> Reading:
    """Read a reply.

    Scores are read from answers alone: outside reasoning tags and outside every stage but the answer's, never
    from a repetition of the question. A dimension without a readable answer is unscored, with the reason.

    Args:
        text: what the judge wrote.
        rubric: what it was asked; a name, a path or a `Rubric`.
        dimension: the dimension it was asked for. Needed where a rubric has one reply per dimension;
            for a joint rubric it narrows the result.
        finish: how the reply ended; a number at the very end of a reply that was cut off is not read.
        question: what was asked, so that what the reply copies from it can be told apart.

    Raises:
        UsageError: an unknown rubric or dimension, or no dimension where one is needed.
    """
    rubric = load_rubric(rubric)
    return _Reader(text, rubric, _index(rubric, dimension), dimension, finish, question).reading()


def answer_complete(text: str, rubric: Rubric, dimension: str | None = None) -> bool:
    """Whether generation may stop: the answer is complete, outside the reasoning, and cannot grow any more.

    True once a complete answer stands there and a line break, semicolon or tag follows its last number, so
    that "10", "3.5" and "4/10" are never cut to a score that they are not.
    """
    reader = _Reader(text, rubric, _index(rubric, dimension), dimension, "length", None)
    blocks = reader.grammar.blocks(reader.statements)
    return any(re.match(r"[ *_`]{0,4}[\n;<]", reader.folded[block[-1].end :]) is not None for block in blocks)


def _index(rubric: Rubric, dimension: str | None) -> int | None:
    """The index of the only dimension that the reply is about, None for a joint reply."""
    if dimension is not None and dimension not in rubric.names:
        raise UsageError(
            f"rubric {rubric.name!r} has no dimension {dimension!r}.{did_you_mean(dimension, rubric.names)}"
        )
    if rubric.replies == "joint":
        return None
    if dimension is not None:
        return rubric.names.index(dimension)
    if len(rubric.names) == 1:
        return 0
    raise UsageError(
        f"rubric {rubric.name!r} has one reply per dimension: say which one this reply is about "
        f"({', '.join(rubric.names)})"
    )


_grammars: dict[int, tuple[Rubric, Grammar]] = {}


def _grammar(rubric: Rubric) -> Grammar:
    """The rubric's grammar; kept with the rubric itself, so that an id is never another rubric's."""
    kept = _grammars.get(id(rubric))
    if kept is None:
        if len(_grammars) >= 64:
            _grammars.clear()
        kept = _grammars[id(rubric)] = (rubric, Grammar(rubric))
    return kept[1]


class _Reader:
    """One reply on its way to a reading."""

    def __init__(
        self,
        text: str,
        rubric: Rubric,
        index: int | None,
        dimension: str | None,
        finish: Finish | None,
        question: Question | None,
    ):
        self.text, self.rubric, self.index, self.dimension = text, rubric, index, dimension
        self.finish, self.question = finish, question
        self.grammar = _grammar(rubric)
        self.folded = fold(text)
        self.about = rubric.dimensions[index] if index is not None else None
        self.reasoning = reasoning_regions(self.folded, rubric.reasoning_tags, self._is_only_answer)
        outside = self.folded
        for region in self.reasoning:
            outside = blank(outside, region.start, region.end)
        self.outside = outside
        self.stages = stage_regions(outside, rubric.stages_of(self.about), rubric.answer_stage)
        self.answers = [region for name, region in self.stages if name == rubric.answer_stage]
        for name, region in self.stages:
            if name != rubric.answer_stage:
                outside = blank(outside, region.start, region.end)
        for start, end in quoted_regions(outside):
            outside = blank(outside, start, end, "\x00")
        self.open = outside
        """What an answer can be read from: everything else is blanked out, in place."""
        self.cut_number = False
        self.statements = self._statements()

    def _is_only_answer(self, segment: str) -> bool:
        statements = self.grammar.statements(segment, self.index)
        if not self.grammar.blocks(statements):
            return False
        for statement in statements:
            segment = blank(segment, statement.start, statement.end, " ")
        return not [word for word, _, _ in words(_TAG.sub(" ", segment)) if not word.isdigit()]

    def _statements(self) -> list[Statement]:
        found = self.grammar.statements(self.open, self.index)
        found += self._bare_numbers(found)
        found.sort(key=lambda statement: statement.start)
        self.found = found
        if self.finish == "length":
            # The number itself may have been cut: "1" of "10", "3" of "3.5".
            whole = [statement for statement in found if statement.end < len(self.folded)]
            self.cut_number = len(whole) < len(found)
            found = whole
        if self.question is not None:
            found = without_copies(self.folded, found, self.question, self.grammar.size)
        in_answer = [any(r.start <= s.start < r.end for r in self.answers) for s in found]
        strong = {s.dimension for s, inside in zip(found, in_answer, strict=True) if s.strong or inside}
        found = [
            s
            for s, inside in zip(found, in_answer, strict=True)
            if s.strong or inside or s.dimension not in strong
        ]
        if self.grammar.size == 1 and any(statement.primary for statement in found):
            # "Score: 3 for clarity ... Rating Score: 4": the rubric's own label outweighs its aliases.
            found = [statement for statement in found if statement.primary]
        return found

    def _bare_numbers(self, found: list[Statement]) -> list[Statement]:
        """Numbers that stand alone in the answer's tags, where one number is a complete answer."""
        if self.grammar.size != 1:
            return []
        areas = [(region.inner_start, region.inner_end) for region in self.answers]
        areas += [match.span("inner") for match in _ANSWER_TAG.finditer(self.open)]
        bare = [
            self.grammar.bare_number(self.open, start, end, self.index or 0)
            for start, end in areas
            if not any(start <= statement.start < end for statement in found)
        ]
        return [statement for statement in bare if statement is not None]

    def reading(self) -> Reading:
        blocks = self.grammar.blocks(self.statements)
        stated = [statement for block in blocks for statement in block] or self.statements
        indices = [self.index] if self.index is not None else range(len(self.rubric.dimensions))
        scores = {
            self.rubric.names[index]: self._score(index, stated) for index in indices if index is not None
        }
        rationale, stages = self._rationale(), self._stage_texts()
        flags = self._flags(scores, stated, rationale, stages)
        if self.index is None and self.dimension is not None:
            scores = {self.dimension: scores[self.dimension]}
        return Reading(scores, rationale, stages, flags)

    def _score(self, index: int, stated: Sequence[Statement]) -> ReadScore:
        mine = [statement for statement in stated if statement.dimension == index]
        if not mine:
            return ReadScore("unscored", reason=self._reason_for_none())
        last = mine[-1]
        if len({statement.meaning for statement in mine}) > 1:
            return ReadScore("unscored", reason="ambiguous")
        if last.reason is not None:
            return ReadScore("unscored", reason=last.reason)
        return ReadScore("scored", value=last.value, span=last.number)

    def _reason_for_none(self) -> Reason:
        if refuses(self.outside):
            return "refusal"
        if self.finish == "length" or self.cut_number:
            return "truncated"
        # A recording that does not say how it ended, and ends in the middle of its reasoning, was cut.
        open_end = [region for region in self.reasoning if not region.closed]
        if self.stages and self.stages[-1][0] != self.rubric.answer_stage and not self.stages[-1][1].closed:
            open_end.append(self.stages[-1][1])
        return "truncated" if self.finish is None and open_end else "missing_score"

    def _original(self, region: Region) -> str:
        return region.inner(self.text)

    def _rationale(self) -> str | None:
        parts = [self._original(region) for region in self.reasoning]
        parts += [self._original(region) for name, region in self.stages if name != self.rubric.answer_stage]
        parts = [part for part in parts if has_content(part)]
        if not parts:
            parts = [self._prose()]
        return "\n\n".join(part for part in parts if part) or None

    def _prose(self) -> str:
        """The lines that say more than an answer: the reasoning of a reply without tags."""
        text, rest = self.text, self.folded
        for region in [*self.reasoning, *self.answers]:
            text, rest = (blank(version, region.start, region.end) for version in (text, rest))
        for statement in self.found:
            rest = blank(rest, statement.start, statement.end, " ")
        rest = _TAG.sub(lambda match: " " * len(match.group()), rest)
        kept, start = [], 0
        for line in rest.split("\n"):
            if len(words(line)) >= _PROSE_WORDS:
                kept.append(text[start : start + len(line)].strip())
            start += len(line) + 1
        return "\n".join(kept)

    def _stage_texts(self) -> dict[str, str]:
        texts: dict[str, str] = {}
        for name, region in self.stages:
            inner = self._original(region)
            if has_content(inner):
                texts[name] = f"{texts[name]}\n\n{inner}" if name in texts else inner
        return texts

    def _flags(
        self,
        scores: dict[str, ReadScore],
        stated: Sequence[Statement],
        rationale: str | None,
        stages: dict[str, str],
    ) -> tuple[Flag, ...]:
        flags: list[Flag] = []
        wanted = [stage.name for stage in self.rubric.stages_of(self.about)]
        if any(name not in stages for name in wanted) or (not wanted and rationale is None):
            flags.append("missing_stage")
        if stated and self._is_premature(stated):
            flags.append("premature_score")
        if self._contradicts(scores):
            flags.append("contradiction")
        prompt = self.question.prompt if self.question else ""
        if leaks_label(self.folded, prompt):
            flags.append("leaked_label")
        question = self.question or _plain_question(self.rubric.model_dump_json(), self.dimension)
        if question is not None and repeats_question(self.folded, question):
            flags.append("prompt_echo")
        return tuple(flags)

    def _is_premature(self, stated: Sequence[Statement]) -> bool:
        def count(text: str) -> int:
            return len(words(_TAG.sub(" ", text)))

        first = min(statement.start for statement in stated)
        before = count(self.folded[:first])
        rest = self.folded[first:]
        for statement in self.found:
            if statement.start >= first:
                rest = blank(rest, statement.start - first, statement.end - first, " ")
        after = len([word for word, _, _ in words(_TAG.sub(" ", rest)) if not word.isdigit()])
        return before < 8 and after >= 4 and after > before

    def _contradicts(self, scores: dict[str, ReadScore]) -> bool:
        inner = [self.folded[region.inner_start : region.inner_end] for region in self.reasoning]
        inner += [
            self.folded[region.inner_start : region.inner_end]
            for name, region in self.stages
            if name != self.rubric.answer_stage
        ]
        stated = stated_values("\n\n".join(inner), self.grammar, self.index)
        names = self.rubric.names
        return any(
            scores[names[index]].value not in (None, value)
            for index, value in stated.items()
            if names[index] in scores
        )


@lru_cache(maxsize=64)
def _plain_question(rubric_json: str, dimension: str | None) -> Question | None:
    """The rubric's own question about an empty prompt: what an echo is held against where none is given."""
    rubric = Rubric.model_validate_json(rubric_json)
    return ask(rubric, "", dimensions=None if dimension is None else [dimension])[0]
