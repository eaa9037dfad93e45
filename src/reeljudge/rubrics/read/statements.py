"""What a reply states, and which statements together are a complete answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reeljudge.rubrics.read.text import Span
from reeljudge.verdicts import Reason


@dataclass(frozen=True)
class Statement:
    """A label with a number behind it.

    Attributes:
        dimension: index of the dimension in the rubric.
        value: the integer that stands there, None where there is none.
        reason: None where the number is a score; else `out_of_range`, or `ambiguous` ("3-4").
        start: where the label begins; in a section of its own, where the line with the score does.
        number: (start, end) of the number itself.
        end: where the statement ends ("/5" included).
        strong: it stands as a line or list item of its own rather than within a sentence.
        rank: 0 for the rubric's own label, 1 for another name of it, 2 for a mere "score" or a bare number.
    """

    dimension: int
    value: int | None
    reason: Reason | None
    start: int
    number: Span
    end: int
    strong: bool
    rank: int = 0

    @property
    def meaning(self) -> tuple[int | None, Reason | None]:
        """What must be equal for two statements to agree."""
        return (self.value, self.reason)


def complete_answers(statements: Sequence[Statement], size: int) -> list[list[Statement]]:
    """Runs of statements that name each of `size` dimensions once, in order of the text.

    Runs in the rubric's own order come first: in "physics: 1 ... (1) quality: 4 (2) text: 3 (3) physics: 2"
    the answer is 4, 3, 2. What is left over is searched for runs in any other order.
    """
    found = _runs(statements, size, lambda dimensions: dimensions == sorted(dimensions))
    taken = {id(statement) for block in found for statement in block}
    stretch: list[Statement] = []
    for statement in [*statements, None]:
        if statement is not None and id(statement) not in taken:
            stretch.append(statement)
        else:
            found += _runs(stretch, size, lambda dimensions: True)
            stretch = []
    return sorted(found, key=lambda block: block[0].start)


def _runs(
    statements: Sequence[Statement], size: int, accept: Callable[[list[int]], bool]
) -> list[list[Statement]]:
    found, position = [], 0
    while position + size <= len(statements):
        run = list(statements[position : position + size])
        dimensions = [statement.dimension for statement in run]
        if len(set(dimensions)) == size and accept(dimensions):
            found.append(run)
            position += size
        else:
            position += 1
    return found
