"""Where a reply states a score: a label, a number behind it, and a place that says that it is the score."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from reeljudge.rubrics.model import Rubric
from reeljudge.rubrics.read.labels import LabelHit, Labels, label_pattern, smaller_parts
from reeljudge.rubrics.read.markup import without_markup
from reeljudge.rubrics.read.numbers import Number, read_number
from reeljudge.rubrics.read.places import Places, stands_alone
from reeljudge.rubrics.read.scales import top_differs
from reeljudge.rubrics.read.statements import Statement, complete_answers
from reeljudge.rubrics.read.text import Cover, Span, fold
from reeljudge.rubrics.read.unlabelled import (
    bare_number,
    outside_of_aspects,
    sections,
    sentence_pattern,
    sentences,
)
from reeljudge.rubrics.read.withdrawn import is_taken_back

_RANKS = {"own": 0, "other": 1, "plain": 2, "answer": 2}
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[^\W\d_]+")
_SHOULD_BE = re.compile(
    r"[ ](?:score[ ])?(?:should|must|ought[ ]to)[ ](?:rather[ ])?(?:have[ ]been|be)[ ](?:an?[ ])?(\d{1,4})\b"
)
_ANSWER_WORDS = frozenset(
    [
        "the",
        "my",
        "our",
        "final",
        "overall",
        "answer",
        "answers",
        "score",
        "scores",
        "rating",
        "ratings",
        "verdict",
        "result",
        "results",
        "is",
        "are",
        "so",
        "therefore",
        "thus",
        "hence",
        "here",
        "and",
        "for",
        "of",
        "out",
        "as",
        "follows",
        "assessment",
        "evaluation",
        "conclusion",
        "summary",
        "in",
        "point",
        "points",
        "star",
        "stars",
        "json",
        "text",
        "im",
        "end",
        "endoftext",
    ]
)
"""What may stand beside scores in a stretch that is nothing but an answer; level names may, too."""


class Grammar:
    """The statements that a reply to one question of a rubric may make.

    Args:
        dimension: index of the only dimension asked about; None where one reply answers all.
    """

    def __init__(self, rubric: Rubric, dimension: int | None):
        self.scale = rubric.scale
        self.labels = Labels(rubric, dimension)
        self.only = dimension if dimension is not None else 0 if len(rubric.dimensions) == 1 else None
        """Index of the dimension that a number without a label is about."""
        self.size = 1 if self.only is not None else len(rubric.dimensions)
        """How many statements make an answer complete."""
        levels = (level.name for one in rubric.dimensions for level in one.levels.values())
        stages = {stage.tag for one in rubric.dimensions for stage in rubric.stages_of(one)}
        self._kept_tags = {fold(tag).text for tag in (*stages, *rubric.reasoning_tags)}
        parts = smaller_parts(rubric, self.only)
        own = (label_pattern(label.text) for label in self.labels.entries if not label.generic)
        self._sentence = sentence_pattern(own if self.size == 1 else ())
        self._parts = re.compile(rf"\b(?:{parts})\b") if parts else None
        self._places = Places(self.labels, levels, self.size == 1, rubric.scale, self._kept_tags, parts)
        self._only_words = _ANSWER_WORDS | self._places.level_words | self._kept_tags

    def surface(self, folded: str) -> str:
        """`folded` without markup, every character in its place."""
        return without_markup(folded, self._kept_tags)

    def statements(
        self,
        text: str,
        answers: Sequence[Span] = (),
        hits: Sequence[LabelHit] | None = None,
        other_scale: bool = False,
    ) -> list[Statement]:
        """Every statement in `text` (a surface, with all that cannot hold an answer blanked out), in order.

        Args:
            answers: stretches in tags that say that they hold the answer.
            hits: the labels in `text`, where they are known already.
            other_scale: the reply says that its scores are on a scale that is not the rubric's.
        """
        hits = list(self.labels.hits(text)) if hits is None else hits
        inside = Cover(answers)
        found: list[Statement] = []
        previous = 0
        for place, hit in enumerate(hits):
            if hit.start >= previous:
                stop = hits[place + 1].start if place + 1 < len(hits) else len(text)
                statement = self._statement(text, hit, previous, hit.start in inside, other_scale, stop)
                if statement is not None:
                    found.append(statement)
                    previous = statement.end
        if self.size == 1:
            found = outside_of_aspects(text, found, hits, self._parts)
            found += self._unlabelled(text, found, answers, other_scale)
        else:
            stated = {statement.dimension for statement in found}
            if len(stated) < self.size:
                taken = Cover((statement.start, statement.end) for statement in found)
                found += [
                    _make(
                        hit, start, self._kept(text, _on_scale(number, other_scale), len(text)), strong=True
                    )
                    for hit, start, number in sections(text, hits, taken, self.scale)
                    if hit.label.dimension not in stated
                ]
        return sorted(found, key=lambda statement: statement.start)

    def _statement(
        self, text: str, hit: LabelHit, previous: int, inside: bool, other_scale: bool, stop: int
    ) -> Statement | None:
        if self._places.is_of_another(text, hit):
            return None
        strong, lead = stands_alone(text, hit, previous)
        place = self._places.behind(text, hit, lead, strong, inside)
        if place is None:
            return None
        number = read_number(text, place.start, self.scale)
        if number is None or not number.states or (place.share_only and not number.whole):
            return None
        if place.bracketed and not number.whole and number.value == hit.label.dimension + 1 and self.size > 1:
            return None  # "visual quality (1), text alignment (2)": the labels' own numbers
        if not self._places.ends_well(text, hit, place, number, lead):
            return None
        if not strong and (place.below or not self._places.said_by_the_judge(hit, lead, inside)):
            return None
        other_scale = other_scale or place.other_scale or top_differs(text, number.end, self.scale)
        number = self._kept(text, _on_scale(number, other_scale), stop)
        return _make(hit, hit.start, number, strong or inside)

    def _kept(self, text: str, number: Number, stop: int) -> Number:
        """`number`, unless the judge takes it back in the same line."""
        if number.reason is None and is_taken_back(text, number.end, stop, number.value, self.scale):
            return replace(number, value=None, reason="ambiguous")
        return number

    def _unlabelled(
        self, text: str, found: Sequence[Statement], answers: Sequence[Span], other_scale: bool
    ) -> list[Statement]:
        """Statements without a label, where one number is the whole answer."""
        assert self.only is not None
        taken = Cover((statement.start, statement.end) for statement in found)
        more = []
        for start, said_number in sentences(text, self._sentence, self.scale, self._places):
            if said_number.span[0] not in taken:
                kept = self._kept(text, _on_scale(said_number, other_scale), len(text))
                more.append(
                    Statement(self.only, kept.value, kept.reason, start, kept.span, kept.end, False, 2)
                )
        said = sorted(statement.start for statement in (*found, *more))
        for stretch in answers or [(0, len(text))]:
            if bisect_left(said, stretch[1]) > bisect_left(said, stretch[0]):
                continue
            number = bare_number(text, stretch, self.scale, self._places if answers else None)
            if number is not None:
                number = _on_scale(number, other_scale)
                start, end = number.span[0], number.end
                more.append(
                    Statement(self.only, number.value, number.reason, start, number.span, end, True, 2)
                )
        return more

    def should_be(self, text: str, stated: Statement) -> bool:
        """Whether `text` says, behind a statement, that its dimension should have another value."""
        return any(
            hit.label.dimension == stated.dimension
            and (said := _SHOULD_BE.match(text, hit.end)) is not None
            and int(said[1]) in self.scale
            and int(said[1]) != stated.value
            for hit in self.labels.hits(text, stated.end)
        )

    def complete(self, statements: Sequence[Statement]) -> list[list[Statement]]:
        """The complete answers among `statements`."""
        return complete_answers(statements, self.size)

    def is_only_answer(self, text: str) -> bool:
        """Whether `text` (a surface) holds a complete answer and next to nothing else."""
        if _DIGIT.search(text) is None:
            return False
        statements = self.statements(text)
        if not self.complete(statements):
            return False
        rest, end = [], 0
        for statement in statements:
            rest.append(text[end : statement.start])
            end = statement.end
        return self._only_words.issuperset(_WORD.findall(" ".join([*rest, text[end:]])))


def _on_scale(number: Number, other_scale: bool) -> Number:
    """`number`, unless it stands on another scale; "4/5" says itself on which."""
    if not other_scale or number.whole or number.reason is not None:
        return number
    return replace(number, value=None, reason="out_of_range")


def _make(hit: LabelHit, start: int, number: Number, strong: bool) -> Statement:
    rank = _RANKS[hit.label.kind]
    return Statement(
        hit.label.dimension, number.value, number.reason, start, number.span, number.end, strong, rank
    )
