"""Where a reply states a score: labels followed by a number, and the blocks that they form."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reeljudge.rubrics.model import Rubric, Scale
from reeljudge.verdicts import Reason


@dataclass(frozen=True)
class Statement:
    """A label with a number behind it.

    Attributes:
        dimension: index of the dimension in the rubric.
        value: the integer that stands there, None where there is none.
        reason: None where the number is a score; else `out_of_range`, or `ambiguous` ("3-4").
        start: where the label begins.
        number: (start, end) of the number itself.
        end: where the statement ends ("/5" included).
        strong: it stands as a line or list item of its own rather than within a sentence.
        primary: the rubric's own label rather than an alias.
    """

    dimension: int
    value: int | None
    reason: Reason | None
    start: int
    number: tuple[int, int]
    end: int
    strong: bool
    primary: bool

    @property
    def meaning(self) -> tuple[int | None, Reason | None]:
        """What must be equal for two statements to agree."""
        return (self.value, self.reason)


# The patterns below are read with re.VERBOSE. Every repetition is bounded and no two neighbours can
# match the same characters without end, so that a hostile reply costs linear time.
_GAP = r"(?:[^\S\n]|[_\-/&\\]){1,3}"
_MARK = r"[*_`\"'\])}]{0,4}"
_LEVEL_NAMES = "|".join(
    name.replace(" ", "[ ]")
    for name in [
        "very poor",
        "relatively poor",
        "poor",
        "bad",
        "fair",
        "average",
        "medium",
        "moderate",
        "relatively good",
        "very good",
        "good",
        "excellent",
        "perfect",
    ]
)
_AFTER_LABEL = rf"""
    {_MARK}[ ]{{0,3}}
    (?:score|rating|grade|value)?[ ]{{0,2}}{_MARK}[ ]{{0,3}}
    (?:\([^()\n\x00]{{0,80}}\)[ ]{{0,3}}{_MARK}[ ]{{0,3}})?
    (?P<separator>
        [:=|]
      | -[ ]{{0,2}}>
      | -[ ]?(?![ \d])[^\n\x00:;|=<>\d]{{1,100}}[:=]
      | (?<=[ \])*])-(?=[ ]?\d)
      | \b(?:is|gets|receives|deserves|earns|scores|gains)\b(?:[ ]rated)?(?:[ ]an?)?(?:[ ](?:score|rating)[ ]of)?
      | (?=[ *`]{{0,3}}\d)
    )
"""
_BEFORE_NUMBER = rf"""
    (?P<gap>[ ]{{0,4}}{_MARK}(?:[ ]{{0,4}}\n){{0,2}}[ ]{{0,4}})
    (?:(?:an?|score|rating|{_LEVEL_NAMES})\b[ ]?[:=,]?[ ]{{0,2}}){{0,2}}
    (?:[*_`"'\[({{<$]|\\boxed|<\|begin_of_box\|>){{0,5}}[ ]?
"""
# Atomic: a number that does not end well must not be read as a shorter one.
_NUMBER = r"""
    (?>
      (?P<sign>[+-]?)(?P<digits>\d{1,400})(?!\d)(?P<fraction>[.,]\d{1,400})?
      (?P<range>[ ]{0,2}(?:-|to\b|or\b|~|and[ ](?=\d))[ ]{0,2}(?P<high>\d{1,4}(?:\.\d{1,9})?))?
      (?P<outof>[ ]{0,2}(?:/|out[ ]of|of)[ ]{0,2}(?P<full>\d{1,9}(?:\.0{1,4})?)(?!\d))?
      (?P<percent>[ ]?%)?
    )
"""
_AFTER_NUMBER = r"""
    (?:<\|end_of_box\|>)?[*_`"'\])}>$]{0,5}[ ]{0,4}(?:(?:points?|stars?|marks?)\b[ ]{0,2})?[*_`"'\])}>$]{0,5}[ ]{0,4}
    (?=$|[\n;|<(\x00,!]|\.(?!\d)|-[ ]|and\b|but\b|while\b|NEXT_LABEL)
"""
_ALONE = re.compile(
    r"""[\s*_#>\-•·"'`|({\[;,.&]*
        (?:<[^<>\n]{0,40}>\s*)?
        (?:(?:the|my|final|overall|answers?|scores?|ratings?|verdict|results?|are|is|and|so|assessment|evaluation)\b[\s:*\-]*){0,6}
        (?:[(\[]?(?:\d{1,2}|[ivx]{1,4}|[a-z])[).:\]]{1,2})?
        [\s*_#\-"'`({\[]*""",
    re.IGNORECASE | re.VERBOSE,
)
_HYPOTHETICAL = re.compile(
    r"\b(?:if|would|could|might|may|should|e\.g|example|instead of|not|than|between|from|means?|prompt|asks?|asked|"
    r"says?|reads?|reading|text|sign|caption|titled?|words)\b",
    re.IGNORECASE,
)
_BARE = re.compile(rf"[\s*_`\[(]*{_NUMBER}[\s*_`\]).]*", re.IGNORECASE | re.VERBOSE)


class Grammar:
    """The statements of one rubric, compiled."""

    def __init__(self, rubric: Rubric):
        self.scale = rubric.scale
        self.size = 1 if rubric.replies == "each" else len(rubric.dimensions)
        """How many statements make an answer complete."""
        self._joint = rubric.replies == "joint"
        self._labels: list[tuple[int, str, bool]] = []
        for index, dimension in enumerate(rubric.dimensions):
            # The names that verdicts use are labels too, but only where labels tell dimensions apart.
            own = (dimension.name, dimension.title) if self._joint else ()
            for label in dict.fromkeys((dimension.label, *dimension.aliases, *own)):
                pattern = _label_pattern(label)
                if pattern:
                    self._labels.append((index, pattern, label == dimension.label))
        self._compiled: dict[int | None, tuple[re.Pattern[str], list[tuple[int, str, bool]]]] = {}

    def _compile(self, dimension: int | None) -> tuple[re.Pattern[str], list[tuple[int, str, bool]]]:
        if dimension not in self._compiled:
            labels = [entry for entry in self._labels if dimension is None or entry[0] == dimension]
            # The longest label first: "quality" must not be found inside "visual quality".
            labels.sort(key=lambda entry: -len(entry[1]))
            groups = "|".join(
                f"(?P<label{number}>{pattern})" for number, (_, pattern, _) in enumerate(labels)
            )
            following = "(?:" + "|".join(pattern for _, pattern, _ in labels) + ")"
            pattern = re.compile(
                rf"(?<![\w\-/&])(?:{groups})(?!\w){_AFTER_LABEL}{_BEFORE_NUMBER}{_NUMBER}"
                + _AFTER_NUMBER.replace("NEXT_LABEL", following),
                re.IGNORECASE | re.VERBOSE,
            )
            self._compiled[dimension] = (pattern, labels)
        return self._compiled[dimension]

    def label_positions(self, text: str, dimension: int | None = None) -> list[tuple[int, int, int]]:
        """(dimension, start, end) of every label in `text`, with or without a number behind it."""
        _, labels = self._compile(dimension)
        source = "|".join(f"(?P<label{number}>{pattern})" for number, (_, pattern, _) in enumerate(labels))
        found = re.finditer(rf"(?<![\w\-/&])(?:{source})(?!\w)", text, re.IGNORECASE | re.VERBOSE)
        return [(labels[_group(match)][0], match.start(), match.end()) for match in found]

    def statements(self, text: str, dimension: int | None = None) -> list[Statement]:
        """Every statement in `text` (folded, with all that cannot hold an answer blanked out), in order.

        Args:
            dimension: index of the dimension that was asked for, None for all.
        """
        pattern, labels = self._compile(dimension)
        found: list[Statement] = []
        end = 0
        for match in pattern.finditer(text):
            index, _, primary = labels[_group(match)]
            if not _is_placed_like_a_score(match, text):
                continue
            meaning = _meaning(match, self.scale)
            if meaning is None:
                continue
            strong = _stands_alone(text, end, match.start())
            if not strong and (
                "\n" in match["gap"] or _HYPOTHETICAL.search(_sentence_before(text, match.start()))
            ):
                continue
            found.append(
                Statement(index, *meaning, match.start(), match.span("digits"), match.end(), strong, primary)
            )
            end = match.end()
        return found

    def bare_number(self, text: str, start: int, end: int, dimension: int) -> Statement | None:
        """The statement of a tag that holds nothing but a number: `<ASSESSMENT>4</ASSESSMENT>`."""
        match = _BARE.fullmatch(text, start, end)
        meaning = _meaning(match, self.scale) if match else None
        if match is None or meaning is None:
            return None
        return Statement(dimension, *meaning, start, match.span("digits"), end, strong=True, primary=True)

    def blocks(self, statements: Sequence[Statement]) -> list[list[Statement]]:
        """Complete answers: runs of statements that name every dimension once, in order of the text.

        Runs in the rubric's own order come first: in "physics: 1 ... (1) quality: 4 (2) text: 3 (3) physics: 2"
        the answer is 4, 3, 2. What is left over is searched for runs in any other order.
        """
        found = self._runs(statements, lambda dimensions: dimensions == sorted(dimensions))
        taken = {id(statement) for block in found for statement in block}
        stretch: list[Statement] = []
        for statement in [*statements, None]:
            if statement is not None and id(statement) not in taken:
                stretch.append(statement)
            else:
                found += self._runs(stretch, lambda dimensions: True)
                stretch = []
        return sorted(found, key=lambda block: block[0].start)

    def _runs(
        self, statements: Sequence[Statement], accept: Callable[[list[int]], bool]
    ) -> list[list[Statement]]:
        found, position = [], 0
        while position + self.size <= len(statements):
            run = list(statements[position : position + self.size])
            dimensions = [statement.dimension for statement in run]
            if len(set(dimensions)) == self.size and accept(dimensions):
                found.append(run)
                position += self.size
            else:
                position += 1
        return found


def _label_pattern(label: str) -> str:
    """A label in any case, with any dash, slash, underscore or space between its words."""
    return _GAP.join(re.escape(word) for word in re.findall(r"[^\W_]+", label))


def _group(match: re.Match[str]) -> int:
    return next(
        int(name.removeprefix("label"))
        for name, value in match.groupdict().items()
        if value is not None and name.startswith("label")
    )


def _meaning(match: re.Match[str], scale: Scale) -> tuple[int | None, Reason | None] | None:
    """(value, reason) of a number; None where it repeats the scale ("1-5") and states nothing."""
    digits = match["digits"]
    if match["range"]:
        if len(digits) <= 9 and (float(digits), float(match["high"])) == (scale.min, scale.max):
            return None
        return (None, "ambiguous")
    if len(digits) > 9 or match["percent"] or match["sign"] == "-":
        return (None, "out_of_range")
    if match["fraction"] and match["fraction"].strip(".,0"):
        return (None, "out_of_range")
    if match["outof"] and float(match["full"]) != scale.max:
        return (None, "out_of_range")
    value = int(digits)
    return (value, None if value in scale else "out_of_range")


def _is_placed_like_a_score(match: re.Match[str], text: str) -> bool:
    """False for numbers that belong to something else: list items, level lists, counts."""
    line_end = text.find("\n", match.end())
    rest = text[match.end() : line_end if line_end >= 0 else len(text)]
    alone = not rest.strip(" *_`.,;)")
    if "\n" in match["gap"] and not alone:
        return False  # on a line below its label, a score is all that stands there
    if not match["separator"] and not match["outof"] and not alone:
        return False  # "visual quality 4 ..." without a separator: only at the end of a line
    if len(match["digits"]) > 4 or match["range"]:
        return True
    following = int(match["digits"]) + 1
    # "1 (very poor), 2 (poor), ..." explains the scale; "1. Blur 2. Noise" is a list.
    listed = rf"\s*\([^()]*\)[\s,;]{{0,3}}{following}\s*[(:=]|\.\s.*(?<!\d){following}[.)]\s"
    return re.match(listed, rest) is None


def _stands_alone(text: str, previous_end: int, start: int) -> bool:
    """Whether only list marks, tags or a short lead-in stand between the line's start and the label."""
    begin = max(text.rfind("\n", 0, start) + 1, text.rfind("\x00", 0, start) + 1, previous_end)
    return start - begin <= 120 and _ALONE.fullmatch(text, begin, start) is not None


def _sentence_before(text: str, start: int) -> str:
    """What precedes in the same sentence, at most 80 characters."""
    before = text[max(0, start - 80) : start]
    return re.split(r"[\n\x00!?]|\.\s", before)[-1]
