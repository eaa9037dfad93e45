"""What a reply copies from its question: a score or a tag that stands there is not the judge's."""

from collections.abc import Sequence
from dataclasses import dataclass

from reeljudge.rubrics.question import Question
from reeljudge.rubrics.read.answers import Grammar
from reeljudge.rubrics.read.text import Span, fold, token_spans, tokens

ECHO_WORDS = 12
"""So many words in a row of the question's own text (the clip's prompt aside) are an echo."""

_CONTEXT_WORDS = 2
"""Words beside labels, numbers and tags that a copied score or tag must bring along to be known as a copy."""

_ECHO_CONTEXT = 3
_PROBE = 6
_SLIP = 3
"""So many words of a quotation of the prompt may be changed in one place."""

_PLACES = 16
"""Places of one word sequence in the question that are looked at: "a a a a ..." has very many."""


@dataclass(frozen=True)
class Copies:
    """Stretches of a reply that repeat its question.

    Attributes:
        spans: what must not be read.
        echo: the question's own text is repeated at length.
    """

    spans: tuple[Span, ...] = ()
    echo: bool = False


class Asked:
    """A question, ready to be compared with replies."""

    def __init__(self, question: Question, grammar: Grammar, tags: Sequence[str]):
        prompt, text = fold(question.prompt).text.strip(), fold(question.text).text
        own = text.replace(prompt, "\x00") if prompt else text
        self._own = [_Source(tokens(part)) for part in own.split("\x00") if part.strip()]
        self._words = grammar.labels.words
        self._grammar = grammar
        self._tags = frozenset(tags)
        self._prompt = _Source(tokens(prompt))
        self._dangerous_own = bool(grammar.statements(grammar.surface(own)))
        self._dangerous_prompt = self._is_dangerous(self._prompt)

    def _is_dangerous(self, source: "_Source") -> bool:
        """Whether a copy of a part of it might be taken for an answer or for a tag."""
        if not self._tags.isdisjoint(token.strip("<>/\\") for token in source.tokens):
            return True
        return any(token.isdecimal() for token in source.tokens) and not self._words.isdisjoint(source.tokens)

    def copies(self, text: str) -> Copies:
        """What `text` (folded) repeats."""
        said = tokens(text)
        # A run of twelve words holds a whole probe that begins at a multiple of six.
        probes = [tuple(said[place : place + _PROBE]) for place in range(0, len(said) - _PROBE + 1, _PROBE)]
        echoes = any(not source.probes.isdisjoint(probes) for source in self._own)
        if not (echoes or self._dangerous_own or self._dangerous_prompt):
            return Copies()
        found: list[tuple[int, int]] = []
        echo = False
        if echoes or self._dangerous_own:
            for source in self._own:
                for low, high, _ in source.runs(said):
                    run = said[low:high]
                    if self._is_echo(run):
                        echo = True
                        found.append((low, high))
                    elif self._dangerous_own and self._context(run) >= _CONTEXT_WORDS and self._states(run):
                        found.append((low, high))
        if self._dangerous_prompt:
            thought = next(
                (place for place, token in enumerate(said) if token[:2] in ("</", "<\\")), len(said)
            )
            quotes = _joined(self._prompt.runs(said), said)
            found += [run for run in quotes if self._is_quoted_prompt(said, run, thought)]
        if not found:
            return Copies(echo=echo)
        places = token_spans(text)
        spans = [self._trimmed(said, low, high) for low, high in found]
        return Copies(tuple((places[low][0], places[high - 1][1]) for low, high in spans if low < high), echo)

    def _context(self, run: Sequence[str]) -> int:
        return sum(not token.isdecimal() and token[0] != "<" and token not in self._words for token in run)

    def _is_echo(self, run: Sequence[str]) -> bool:
        spoken = sum(not token.isdecimal() for token in run)
        return spoken >= ECHO_WORDS and self._context(run) >= _ECHO_CONTEXT

    def _states(self, run: Sequence[str]) -> bool:
        return (
            any(token.isdecimal() for token in run)
            and next(self._grammar.labels.hits(" ".join(run)), None) is not None
        )

    def _is_quoted_prompt(self, said: Sequence[str], run: tuple[int, int], thought: int) -> bool:
        """Copied with words around it; or the whole prompt, where no reasoning has come before it (the first
        of which ends at `thought`)."""
        low, high = run
        if self._context(said[low:high]) >= _CONTEXT_WORDS:
            return True
        return high - low == len(self._prompt.tokens) and low <= thought

    def _trimmed(self, said: Sequence[str], low: int, high: int) -> tuple[int, int]:
        """Without labels and list numbers at its ends, where a line of the answer may begin."""
        if self._context(said[low:high]) == 0:
            return low, high
        while high > low and said[high - 1] in self._words:
            high -= 1
        if high > low + 1 and said[high - 1] in "123456789" and said[high - 2] not in self._words:
            high -= 1
        return low, high


class _Source:
    """A text that may be copied, indexed by its word sequences."""

    def __init__(self, tokens_: Sequence[str]):
        self.tokens = list(tokens_)
        self.probes = set(zip(*(self.tokens[shift:] for shift in range(_PROBE)), strict=False))
        self._places: dict[tuple[str, ...], list[int]] = {}
        for place, key in enumerate(zip(self.tokens, self.tokens[1:], self.tokens[2:], strict=False)):
            places = self._places.setdefault(key, [])
            if len(places) < _PLACES:
                places.append(place)

    def runs(self, said: Sequence[str]) -> list[tuple[int, int, int]]:
        """(start, end, start in the source) of the longest stretches of three and more tokens that stand in
        both, left to right."""
        found = []
        place = 0
        while place + 3 <= len(said):
            longest = at = 0
            for there in self._places.get(tuple(said[place : place + 3]), ()):
                length = 3
                limit = min(len(said) - place, len(self.tokens) - there)
                while length < limit and said[place + length] == self.tokens[there + length]:
                    length += 1
                if length > longest:
                    longest, at = length, there
            if longest:
                found.append((place, place + longest, at))
                place += longest
            else:
                place += 1
        return found


def _joined(runs: Sequence[tuple[int, int, int]], said: Sequence[str]) -> list[tuple[int, int]]:
    """Runs that follow each other in both texts with a slip of a few words between them, as one."""
    found: list[tuple[int, int]] = []
    end_there = -1
    for low, high, there in runs:
        if found:
            slip = said[found[-1][1] : low]
            close = len(slip) <= _SLIP and 0 <= there - end_there <= _SLIP
            if close and not any(token.isdecimal() or token[0] == "<" for token in slip):
                found[-1] = (found[-1][0], high)
                end_there = there + high - low
                continue
        found.append((low, high))
        end_there = there + high - low
    return found
