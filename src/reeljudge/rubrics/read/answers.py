"""Where a reply states a score: a label, a number behind it, and a place that says that it is the score."""

import re
from bisect import bisect_left
from collections.abc import Sequence

from reeljudge.rubrics.model import Rubric
from reeljudge.rubrics.read.labels import LabelHit, Labels
from reeljudge.rubrics.read.markup import without_markup
from reeljudge.rubrics.read.numbers import Number, read_number
from reeljudge.rubrics.read.places import Places, stands_alone
from reeljudge.rubrics.read.statements import Statement, complete_answers
from reeljudge.rubrics.read.text import Cover, Span, count_words, fold
from reeljudge.rubrics.read.unlabelled import bare_number, sections, sentences

_RANKS = {"own": 0, "other": 1, "plain": 2, "answer": 2}
_DIGIT = re.compile(r"\d")
_FEW_WORDS = 3
"""A stretch with no more words beside its scores is nothing but an answer."""


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
        self._places = Places(self.labels, levels, single=self.size == 1)
        stages = {stage.tag for one in rubric.dimensions for stage in rubric.stages_of(one)}
        self._kept_tags = {fold(tag).text for tag in (*stages, *rubric.reasoning_tags)}

    def surface(self, folded: str) -> str:
        """`folded` without markup, every character in its place."""
        return without_markup(folded, self._kept_tags)

    def statements(
        self, text: str, answers: Sequence[Span] = (), hits: Sequence[LabelHit] | None = None
    ) -> list[Statement]:
        """Every statement in `text` (a surface, with all that cannot hold an answer blanked out), in order.

        Args:
            answers: stretches in tags that say that they hold the answer.
            hits: the labels in `text`, where they are known already.
        """
        hits = list(self.labels.hits(text)) if hits is None else hits
        inside = Cover(answers)
        found: list[Statement] = []
        previous = 0
        for hit in hits:
            if hit.start >= previous:
                statement = self._statement(text, hit, previous, hit.start in inside)
                if statement is not None:
                    found.append(statement)
                    previous = statement.end
        if self.size == 1:
            found += self._unlabelled(text, found, answers)
        else:
            stated = {statement.dimension for statement in found}
            if len(stated) < self.size:
                taken = Cover((statement.start, statement.end) for statement in found)
                found += [
                    _make(hit, start, number, strong=True)
                    for hit, start, number in sections(text, hits, taken, self.scale)
                    if hit.label.dimension not in stated
                ]
        return sorted(found, key=lambda statement: statement.start)

    def _statement(self, text: str, hit: LabelHit, previous: int, inside: bool) -> Statement | None:
        strong, lead = stands_alone(text, hit, previous)
        place = self._places.behind(text, hit, lead, strong, inside)
        if place is None:
            return None
        number = read_number(text, place.start, self.scale)
        if number is None or not number.states or (place.share_only and not number.whole):
            return None
        if not self._places.ends_well(text, hit, place, number, lead):
            return None
        if not strong and (place.below or not self._places.said_by_the_judge(hit, lead, inside)):
            return None
        return _make(hit, hit.start, number, strong or inside)

    def _unlabelled(self, text: str, found: Sequence[Statement], answers: Sequence[Span]) -> list[Statement]:
        """Statements without a label, where one number is the whole answer."""
        assert self.only is not None
        taken = Cover((statement.start, statement.end) for statement in found)
        more = [
            Statement(self.only, number.value, number.reason, start, number.span, number.end, False, 2)
            for start, number in sentences(text, self.scale, self._places)
            if number.span[0] not in taken
        ]
        said = sorted(statement.start for statement in (*found, *more))
        for stretch in answers or [(0, len(text))]:
            if bisect_left(said, stretch[1]) > bisect_left(said, stretch[0]):
                continue
            number = bare_number(text, stretch, self.scale, tagged=bool(answers))
            if number is not None:
                start, end = number.span[0], number.end
                more.append(
                    Statement(self.only, number.value, number.reason, start, number.span, end, True, 2)
                )
        return more

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
        return count_words(" ".join([*rest, text[end:]])) <= _FEW_WORDS


def _make(hit: LabelHit, start: int, number: Number, strong: bool) -> Statement:
    rank = _RANKS[hit.label.kind]
    return Statement(
        hit.label.dimension, number.value, number.reason, start, number.span, number.end, strong, rank
    )
