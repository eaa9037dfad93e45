"""The reader: from the text that a judge wrote to scores, rationale, stages and flags."""

import re
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import get_args

from reeljudge.errors import UsageError, did_you_mean
from reeljudge.rubrics.ask import ask
from reeljudge.rubrics.load import load_rubric
from reeljudge.rubrics.model import Rubric, Stage
from reeljudge.rubrics.question import Question, Reading, ReadScore
from reeljudge.rubrics.read.announced import announced_spans, struck_spans
from reeljudge.rubrics.read.answers import Grammar
from reeljudge.rubrics.read.copies import Asked, Copies
from reeljudge.rubrics.read.regions import (
    Region,
    has_content,
    headed_stages,
    quoted_spans,
    reasoning_regions,
    stage_regions,
    tag_pattern,
)
from reeljudge.rubrics.read.scales import names_another
from reeljudge.rubrics.read.signs import leaks_label, refuses, stated_values
from reeljudge.rubrics.read.statements import Statement
from reeljudge.rubrics.read.text import Cover, Span, blanked, count_words, fold
from reeljudge.rubrics.read.withdrawn import is_corrected
from reeljudge.verdicts import Finish, Flag, Reason

READER_VERSION = 3
"""Goes up when the same reply may be read differently; part of a run's configuration."""

_PROSE_WORDS = 4
"""A line with fewer words beside its scores is no reasoning ("Final scores:")."""

_REASONS_AFTER = 12
"""So many words behind an answer that nothing came before are reasons given late, not a farewell."""

_REASONS_BEFORE = 8
"""So many words of prose before an answer are reasoning."""

_TAG = re.compile(r"<[^<>\n]{1,40}>")
_ANSWER_TAG = ("answer",)
_MAY_GO_ON = re.compile(
    r"[ ]{0,16}[.,/:\-(\[]?[ ]{0,4}"
    r"(?:(?:on|out|of|an?|the|scale|half|and|or|to|max|maximum)\b[ ]{0,4}){0,5}[a-z]{0,2}"
)
"""What may stand between a number and the place where the reply was cut, so that it is not yet certain."""

_GOES_ON = 60


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
    _check_dimension(rubric, dimension)
    return _Reader(text, _known(rubric), dimension, finish, question).reading()


def answer_complete(text: str, rubric: Rubric, dimension: str | None = None) -> bool:
    """Whether generation may stop: the answer is complete, its reasoning came before it, and it cannot grow.

    True once a complete answer stands behind closed reasoning (or in the answer's stage, behind another
    stage), and a line break or a tag follows its last number, so that "10", "3.5" and "4/10"
    are never cut to a score that they are not. A judge that answers before it reasons is not stopped.
    """
    _check_dimension(rubric, dimension)
    reader = _Reader(text, _known(rubric), dimension, "length", None)
    behind = reader.end_of_reasoning
    return behind is not None and any(
        block[0].start >= behind and _cannot_grow(reader.surface, block[-1]) for block in reader.blocks
    )


def _cannot_grow(text: str, statement: Statement) -> bool:
    after = text[statement.end : statement.end + 8].lstrip(" \"')]}")
    if statement.start == statement.number[0]:
        # A number without a label is the answer only while nothing else stands in its tags.
        return after.startswith("</")
    return after.startswith(("\n", "<"))


def _check_dimension(rubric: Rubric, dimension: str | None) -> None:
    if dimension is not None and dimension not in rubric.names:
        raise UsageError(
            f"rubric {rubric.name!r} has no dimension {dimension!r}.{did_you_mean(dimension, rubric.names)}"
        )
    if dimension is None and rubric.replies == "each" and len(rubric.names) > 1:
        raise UsageError(
            f"rubric {rubric.name!r} has one reply per dimension: say which one this reply is about "
            f"({', '.join(rubric.names)})"
        )


class _Known:
    """A rubric with everything that reading its replies needs again and again."""

    def __init__(self, rubric: Rubric):
        self.rubric = rubric
        self._grammars: dict[int | None, Grammar] = {}
        self.asked = lru_cache(maxsize=32)(self._asked)

    def index(self, dimension: str | None) -> int | None:
        """The index of the only dimension that a reply is about, None for a joint reply."""
        if self.rubric.replies == "joint":
            return None
        return 0 if dimension is None else self.rubric.names.index(dimension)

    def grammar(self, index: int | None) -> Grammar:
        if index not in self._grammars:
            self._grammars[index] = Grammar(self.rubric, index)
        return self._grammars[index]

    def stages_of_others(self, index: int | None) -> tuple[Stage, ...]:
        """Stages that only other dimensions have; a judge may write one of them all the same."""
        about = None if index is None else self.rubric.dimensions[index]
        taken = {stage.tag.lower() for stage in self.rubric.stages_of(about)}
        taken |= {tag.lower() for tag in self.rubric.reasoning_tags}
        found = {}
        for dimension in self.rubric.dimensions:
            for stage in self.rubric.stages_of(dimension):
                if stage.tag.lower() not in taken:
                    found[stage.tag.lower()] = stage.model_copy(update={"name": f"other {stage.name}"})
        return tuple(found.values())

    def tags(self, index: int | None) -> tuple[str, ...]:
        about = None if index is None else self.rubric.dimensions[index]
        stages = (fold(stage.tag).text for stage in self.rubric.stages_of(about))
        return (*(fold(tag).text for tag in self.rubric.reasoning_tags), *stages, *_ANSWER_TAG)

    def _asked(self, question: Question | None, index: int | None) -> Asked:
        if question is None:
            # What an echo is held against where none is given: the rubric's own question, no prompt.
            names = None if index is None else [self.rubric.names[index]]
            question = ask(self.rubric, "", dimensions=names)[0]
        return Asked(question, self.grammar(index), self.tags(index))


_rubrics: dict[int, _Known] = {}


def _known(rubric: Rubric) -> _Known:
    """Kept with the rubric itself, so that an id is never another rubric's."""
    kept = _rubrics.get(id(rubric))
    if kept is None:
        if len(_rubrics) >= 64:
            _rubrics.clear()
        kept = _rubrics[id(rubric)] = _Known(rubric)
    return kept


class _Reader:
    """One reply on its way to a reading."""

    def __init__(
        self,
        text: str,
        known: _Known,
        dimension: str | None,
        finish: Finish | None,
        question: Question | None,
    ):
        self.reply, self.rubric, self.dimension = text, known.rubric, dimension
        self.finish, self.question = finish, question
        self.index = known.index(dimension)
        self.grammar = known.grammar(self.index)
        about = None if self.index is None else self.rubric.dimensions[self.index]
        self.wanted_stages = self.rubric.stages_of(about)
        cut = finish == "length"
        self.folded = fold(text)
        # What the reply repeats from the question is blanked out first: tags of its prompt open nothing.
        self.copies: Copies = known.asked(question, self.index).copies(self.folded.text)
        own = blanked(self.folded.text, self.copies.spans, " ")
        self.surface = self.grammar.surface(own)
        self.reasoning = reasoning_regions(
            self.surface, self.rubric.reasoning_tags, self.grammar.is_only_answer, cut
        )
        self.outside = blanked(self.surface, (region.span for region in self.reasoning))
        answer_stage = self.rubric.answer_stage
        self.stages = stage_regions(
            self.outside,
            (*self.wanted_stages, *known.stages_of_others(self.index)),
            answer_stage,
            self.grammar.is_only_answer,
        ) or headed_stages(self.outside, self.wanted_stages, answer_stage, cut)
        self.answers = [region for name, region in self.stages if name == answer_stage]
        self.thoughts = [region for name, region in self.stages if name != answer_stage]
        # Quotation marks are looked for before markup is removed: backticks are some, too.
        self._quoted = quoted_spans(own)
        stated_elsewhere = [region.span for region in (*self.reasoning, *self.thoughts)]
        own = blanked(blanked(self.surface, stated_elsewhere), self._quoted_outside(), "\x00")
        own = blanked(own, struck_spans(own), "\x00")
        self.open = blanked(own, announced_spans(own, self.grammar.labels.stand_in))
        """What an answer can be read from: everything else is blanked out, in place."""
        self.cut_number = False
        self.found: list[Statement] = []
        self.statements = self._statements()
        self.blocks = self.grammar.complete(self.statements)

    def _quoted_outside(self) -> list[Span]:
        inside = Cover(region.span for region in self.reasoning)
        return [span for span in self._quoted if span[0] not in inside]

    def _statements(self) -> list[Statement]:
        tagged = [region.inner for region in self.answers] or self._answer_tags()
        other_scale = names_another(self.surface, self.rubric.scale)
        found = self.found = self.grammar.statements(self.open, tagged, other_scale=other_scale)
        if self.finish == "length":
            # The number itself may have been cut: "1" of "10", "3" of "3.5", "4" of "4/10".
            end = len(self.open)
            whole = [
                s for s in found if s.end < end - _GOES_ON or _MAY_GO_ON.fullmatch(self.open, s.end) is None
            ]
            self.cut_number = len(whole) < len(found)
            found = whole
        strong = {statement.dimension for statement in found if statement.strong}
        found = [s for s in found if s.strong or s.dimension not in strong]
        if self.grammar.size == 1 and any(statement.rank < 2 for statement in found):
            # "Score: 3 for clarity ... Rating Score: 4": a label of the rubric's outweighs a mere "score".
            found = [statement for statement in found if statement.rank < 2]
        return found

    def _answer_tags(self) -> list[Span]:
        spans: list[Span] = []
        opened: int | None = None
        for tag in tag_pattern(_ANSWER_TAG).finditer(self.open):
            if opened is not None:
                spans.append((opened, tag.start()))
            opened = None if tag["close"] else tag.end()
        return spans if opened is None else [*spans, (opened, len(self.open))]

    @cached_property
    def end_of_reasoning(self) -> int | None:
        """Behind which place an answer has its reasoning before it; None where there is no such place yet."""
        if self.wanted_stages and self.rubric.answer_stage is not None:
            if not self.thoughts and len(self.wanted_stages) > 1:
                return None
            return self.answers[0].start if self.answers else None
        if not self.rubric.reasoning_tags:
            return 0
        return next((region.end for region in self.reasoning if region.closed), None)

    def reading(self) -> Reading:
        stated = [statement for block in self.blocks for statement in block] or self.statements
        indices = [self.index] if self.index is not None else range(len(self.rubric.dimensions))
        scores = {self.rubric.names[index]: self._score(index, stated) for index in indices}
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
        if is_corrected(self.open, last, stated, self.found) or self.grammar.should_be(self.open, last):
            return ReadScore("unscored", reason="ambiguous")
        return ReadScore("scored", value=last.value, span=self.folded.original(last.number))

    def _reason_for_none(self) -> Reason:
        spoken = blanked(self.outside, (region.span for region in self.thoughts))
        if refuses(spoken):
            return "refusal"
        if self.finish == "length" or self.cut_number:
            return "truncated"
        # A recording that does not say how it ended, and ends in the middle of its reasoning, was cut.
        open_end = [region for region in (*self.reasoning, *self.thoughts) if not region.closed]
        if any(region.end == len(self.surface) for region in open_end) and self.finish is None:
            return "truncated"
        return "missing_score"

    def _original(self, region: Region) -> str:
        return self.folded.cut(region.inner, self.reply).strip()

    def _rationale(self) -> str | None:
        parts = [self._original(region) for region in (*self.reasoning, *self.thoughts)]
        parts = [part for part in parts if has_content(part)] or [self._prose()]
        return "\n\n".join(part for part in parts if part) or None

    def _prose(self) -> str:
        """The lines that say more than an answer: the reasoning of a reply without tags."""
        rest = self._without(self.surface, (*self.reasoning, *self.answers), self.found)
        kept: list[Span] = []
        start = 0
        for line in rest.split("\n"):
            if count_words(line) >= _PROSE_WORDS:
                kept.append((start, start + len(line)))
            start += len(line) + 1
        return "\n".join(self.folded.cut(span, self.reply).strip() for span in kept)

    @staticmethod
    def _without(text: str, regions: Iterable[Region], statements: Iterable[Statement]) -> str:
        """`text` with regions, statements and tags blanked out."""
        text = blanked(text, (region.span for region in regions))
        text = blanked(text, ((statement.start, statement.end) for statement in statements), " ")
        return _TAG.sub(lambda match: " " * len(match.group()), text) if "<" in text else text

    def _stage_texts(self) -> dict[str, str]:
        texts: dict[str, str] = {}
        wanted = {stage.name for stage in self.wanted_stages}
        for name, region in self.stages:
            inner = self._original(region)
            if name in wanted and has_content(inner):
                texts[name] = f"{texts[name]}\n\n{inner}" if name in texts else inner
        return texts

    def _flags(
        self,
        scores: dict[str, ReadScore],
        stated: Sequence[Statement],
        rationale: str | None,
        stages: dict[str, str],
    ) -> tuple[Flag, ...]:
        flags: set[Flag] = set()
        wanted = [stage.name for stage in self.wanted_stages]
        # The reasoning is a stage of a rubric that names none: think, then score.
        if any(name not in stages for name in wanted) or (
            not wanted and self.rubric.reasoning_tags and rationale is None
        ):
            flags.add("missing_stage")
        if stated and self._is_premature(min(statement.start for statement in stated)):
            flags.add("premature_score")
        if self._contradicts(scores):
            flags.add("contradiction")
        if leaks_label(self.surface, self.question.prompt if self.question else ""):
            flags.add("leaked_label")
        if self.copies.echo:
            flags.add("prompt_echo")
        return tuple(flag for flag in get_args(Flag) if flag in flags)

    def _is_premature(self, first: int) -> bool:
        """Whether the first answer stands before any reasoning, and reasoning follows it."""
        thoughts = [r for r in (*self.reasoning, *self.thoughts) if has_content(self._original(r))]
        if any(region.start < first for region in thoughts):
            return False
        if count_words(_TAG.sub(" ", self.surface[:first])) >= _REASONS_BEFORE:
            return False
        if thoughts:
            return True
        return count_words(self._without(self.surface, (), self.found)[first:]) >= _REASONS_AFTER

    def _contradicts(self, scores: dict[str, ReadScore]) -> bool:
        regions = sorted((*self.reasoning, *self.thoughts), key=lambda region: region.start)
        if not regions or not any(score.status == "scored" for score in scores.values()):
            return False
        text = blanked(self.surface, self._quoted, "\x00")
        said = stated_values("\n\n".join(text[slice(*region.inner)] for region in regions), self.grammar)
        names = self.rubric.names
        return any(
            names[index] in scores and scores[names[index]].value not in (None, value)
            for index, value in said.items()
        )
