"""What a reply repeats of its question. A score that stands in the prompt is not the judge's."""

from collections.abc import Sequence

from reeljudge.rubrics.question import Question
from reeljudge.rubrics.read.answers import Statement
from reeljudge.rubrics.read.text import fold, words

ECHO_WORDS = 12
"""So many words in a row of the question's own text (the clip's prompt aside) are an echo."""

_CONTEXT_WORDS = 2
"""A statement is copied where at least so many words around it, statements aside, are copied with it."""


def repeats_question(text: str, question: Question) -> bool:
    """Whether `text` repeats a stretch of the question. Quoting the clip's prompt is no echo."""
    prompt = fold(question.prompt).strip()
    asked = fold(question.text)
    parts = asked.split(prompt) if prompt else [asked]
    known: set[tuple[str, ...]] = set()
    for part in parts:
        known.update(_runs([word for word, _, _ in words(part)]))
    return not known.isdisjoint(_runs([word for word, _, _ in words(text)]))


def _runs(sequence: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(sequence[start : start + ECHO_WORDS]) for start in range(len(sequence) - ECHO_WORDS + 1)}


def without_copies(text: str, statements: list[Statement], question: Question, size: int) -> list[Statement]:
    """The statements that the judge made itself.

    A statement is a copy where it stands in the question together with at least two more words around
    it, or where a complete answer (`size` statements) stands in the clip's prompt as it does in the reply.
    """
    if not statements:
        return statements
    asked = [word for word, _, _ in words(fold(question.text))]
    prompt = [word for word, _, _ in words(fold(question.prompt))]
    digits = {word for word in asked if word.isdigit()}
    if not any(text[slice(*statement.number)] in digits for statement in statements):
        return statements
    said = words(text)
    owned = [any(s.start <= start < s.end for s in statements) for _, start, _ in said]
    copies: set[int] = set()
    for number, statement in enumerate(statements):
        own = [i for i, (_, start, _) in enumerate(said) if statement.start <= start < statement.number[1]]
        for low, high in _matches([word for word, _, _ in said], own[0], own[-1] + 1, asked):
            around = [i for i in range(low, high) if not owned[i] and not said[i][0].isdigit()]
            if len(around) >= _CONTEXT_WORDS:
                copies.add(number)
    for number in range(len(statements) - size + 1):
        block = statements[number : number + size]
        first, last = block[0].start, block[-1].number[1]
        stretch = [word for word, start, _ in said if first <= start < last]
        if _contains(prompt, stretch):
            copies.update(range(number, number + size))
    return [statement for number, statement in enumerate(statements) if number not in copies]


def _matches(said: list[str], low: int, high: int, asked: list[str]) -> list[tuple[int, int]]:
    """Every place where said[low:high] stands in `asked`, grown to both sides as far as both agree."""
    length, found = high - low, []
    for place in range(len(asked) - length + 1):
        if asked[place : place + length] != said[low:high]:
            continue
        left = right = 0
        while left < min(low, place) and said[low - left - 1] == asked[place - left - 1]:
            left += 1
        while (
            right < min(len(said) - high, len(asked) - place - length)
            and said[high + right] == asked[place + length + right]
        ):
            right += 1
        found.append((low - left, high + right))
    return found


def _contains(sequence: list[str], part: list[str]) -> bool:
    return bool(part) and any(
        sequence[place : place + len(part)] == part for place in range(len(sequence) - len(part) + 1)
    )
