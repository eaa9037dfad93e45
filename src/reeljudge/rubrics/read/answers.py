"""Where a reply states a score: a label, a number behind it, and a place that says that it is the score."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reeljudge.rubrics.model import Rubric
from reeljudge.rubrics.read.labels import LabelHit, Labels
from reeljudge.rubrics.read.numbers import UNITS, Number, read_number
from reeljudge.rubrics.read.text import Cover, Span, count_words, fold
from reeljudge.verdicts import Reason


@dataclass(frozen=True)
class Statement:
    """A label with a number behind it.

    Attributes:
        dimension: index of the dimension in the rubric.
        value: the integer that stands there, None where there is none.
        reason: None where the number is a score; else `out_of_range`, or `ambiguous` ("3-4").
        start: where the label begins; in a section of its own, where its line with the score does.
        number: (start, end) of the number itself.
        end: where the statement ends ("/5" included).
        strong: it stands as a line or list item of its own rather than within a sentence.
        rank: 0 for the rubric's own label, 1 for another name of it, 2 for a mere "score".
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


_RANKS = {"own": 0, "other": 1, "plain": 2}

_HTML = re.compile(
    r"<(?P<close>/?)(?P<name>b|i|u|em|strong|span|font|code|mark|small|h[1-6]|p|br|hr|li|ul|ol|div|t[dhr]|tbody|thead|table)"
    r"(?:[ ][^<>\n]{0,80})?[ ]?/?>",
)
_EMPHASIS = re.compile(r"(?<![^\W_])_{1,3}|_{1,3}(?![^\W_])")

_LEVEL_NAMES = (
    *("very poor", "relatively poor", "poor", "very bad", "bad", "fair", "average", "medium", "moderate"),
    *("acceptable", "relatively good", "very good", "good", "great", "excellent", "perfect"),
)

# The patterns below are tried at one place each. Every repetition is bounded.
_AFTER_LABEL = re.compile(
    r"""["'\])}]{0,3}[ ]{0,12}
        (?:(?:score|rating|grade|value|level)\b[ ]{0,12}["')]{0,2}[ ]{0,12})?
        (?:(?P<gloss>[(\[][^()\[\]\n\x00]{0,80}[)\]])["']{0,2}[ ]{0,12}(?=[:=|\-→]))?
    """,
    re.VERBOSE,
)
_SEPARATOR = re.compile(
    r"""[-=]{1,2}[ ]?> | → | [:=|]{1,2}
      | (?P<element>>)
      | -{1,2}[ ]?(?![ \d\-])[^\n\x00:;|=<>\d]{1,100}[:=]
      | (?P<dash>-{1,2})(?=[ ])
      | ,[ ]{0,3}["'](?:score|rating|grade|value)["'][ ]{0,3}:
      | (?P<share>(?:as|at)\b)(?:[ ]an?\b)?
      | (?P<would>(?:would|should|will)[ ]be\b)(?:[ ]an?\b)?
      | (?:is|gets|receives|deserves|earns|scores|gains)\b(?:[ ]rated)?(?:[ ]an?\b)?(?:[ ](?:score|rating)[ ]of)?
      | (?P<of>of)\b
      | (?P<none>)
    """,
    re.VERBOSE,
)
_ENDS = re.compile(
    r"""(?=$|[\n;|<(\[\])}\x00!]|,(?!\d)|\.(?!\d)|-[ ]|-{2,}
          |(?:and|but|while|because|since|due[ ]to|given|as|which|though|although|whereas|it[ ]is)\b)
    """,
    re.VERBOSE,
)
_CLOSING = re.compile(
    rf"(?:<\|end_of_box\|>)?[\"'\])}}>$\\]{{0,6}}[ ]{{0,12}}(?:{UNITS}(?!\w)[ ]{{0,2}})?[\"'\])}}>$\\]{{0,5}}[ ]{{0,12}}",
)
_LIST_MARK = re.compile(r"[(\[]?[ ]{0,1}(\d{1,2})[ ]{0,1}[).:\]][ ]{0,2}$")
_ALONE = re.compile(
    r"""[\s#>\-•·"'|({\[;,.&/+→:]*
        (?:<[^<>\n]{0,40}>\s*)?
        (?:(?:the|my|our|final|overall|answers?|scores?|ratings?|rating|verdict|results?|are|is|and|so|for|of|on|as|follows|
              assessment|evaluation|conclusion|summary|in|here)\b[\s:\-,]*){0,7}
        (?:(?:dimension|dim|aspect|criterion|part)[ \-]{0,2}(?=\d))?
        (?:[(\[]?(?:\d{1,2}|[ivx]{1,4}|[a-z])[).:\]|]{1,2}|\d{1,2}[ ]?[-|])?
        [\s#\-"'({\[|.:<]*""",
    re.VERBOSE,
)
_HYPOTHETICAL = re.compile(
    r"\b(?:if|would|could|might|may|should|e\.g|example|instead|not|never|nor|neither|without|than|between|from|means?|"
    r"prompt|asks?|asked|says?|said|reads?|reading|text|sign|caption|titled?|words|whether|initially|unless|requires?|"
    r"compared|previous|first thought|at first|wanted|reference|real)\b|[\w']n't\b",
)
_JUDGING = re.compile(
    r"\b(?:i|we)(?:'d| would| will|'ll| am going to)?(?: now| therefore| thus)? "
    r"(?:rate|give|assign|score|grade|judge|put|set)\b",
)
_TABLE_ROW_SCORE = re.compile(
    r"[^|\n]{0,300}[^\W\d_][^|\n]{0,300}\|[ ]{0,3}(?=[\d+\-][^|\n]{0,30}\|?[ ]{0,3}(?:\n|$))"
)
_JSON_OBJECT = re.compile(r"\{[^{}]{0,4000}\}")
_JSON_SCORE = re.compile(r"[\"'](?:score|rating|value|grade)[\"'][ ]{0,3}:[ ]{0,3}[\"']?(?=[\d+\-])")
_SCORE_LINE = re.compile(
    r"""(?:^|(?<=[.!?\n]))[\s\-•>#"']{0,12}(?:(?:final|my|the|so|therefore)[ ,]{1,2}){0,2}
        (?:score|rating|grade)\b[ ]{0,2}(?:[:=\-→]|is|of){1,2}[ ]{0,3}["'(\[]{0,2}(?=[\d+\-])""",
    re.VERBOSE | re.MULTILINE,
)
_SENTENCE_SCORE = re.compile(
    r"""\b(?:i|we)(?:'d|[ ]would|[ ]will|'ll)?(?:[ ](?:now|therefore|thus))?[ ](?:rate|give|assign|score|grade)[ ]
        (?:it|this|the)(?:[ ](?!than\b)[a-z]{2,20}){0,2}?[ ]
        (?:(?:as|at|with|an?|the|score|rating|grade|of|:)[ ]?){0,5}(?=[\d])
      | \b(?:an?|the)[ ](?:score|rating|grade)[ ]of[ ](?=\d)
      | \b(?:deserves|merits|earns|gets|receives|warrants)[ ]an?[ ](?=\d)""",
    re.VERBOSE,
)
_BARE_START = re.compile(r"[\s\"'$({\[<]{0,40}(?:\\boxed\{|<\|begin_of_box\|>)?[\s$]{0,10}")
_BARE_END = re.compile(r"[\s\"'$)}\]>.\\]{0,40}")


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
        tags = {fold(stage.tag).text for one in rubric.dimensions for stage in rubric.stages_of(one)}
        self._kept_tags = {*tags, *(fold(tag).text for tag in rubric.reasoning_tags)}
        names = {fold(level.name).text for one in rubric.dimensions for level in one.levels.values()}
        names = {name for name in names if re.fullmatch(r"[^\W\d_]+(?: [^\W\d_]+){0,4}", name)} | {
            *_LEVEL_NAMES
        }
        self._level = "|".join(
            re.escape(name).replace("\\ ", "[ ]") for name in sorted(names, key=len, reverse=True)
        )
        self._before_number = re.compile(
            rf"""[ ]{{0,12}}["'\])}}]{{0,2}}(?P<lines>(?:[ ]{{0,4}}\n){{0,3}})[ ]{{0,12}}
                (?:(?:an?|the|score|rating|(?P<level>{self._level}))\b[ ]?[:=,\-]?[ ]{{0,2}}){{0,2}}
                (?P<open>(?:["'\[({{<$]|\\boxed|\\\(|<\|begin_of_box\|>){{0,5}})[ ]?
            """,
            re.VERBOSE,
        )
        self._named_level = re.compile(
            rf"[ ]{{0,2}}[:\-][ ]{{0,2}}(?:{self._level})\b(?![^\n]{{0,200}}\d[ ]{{0,2}}[:=])"
        )

    def surface(self, folded: str) -> str:
        """`folded` without markup, every character in its place."""
        text = folded.replace("*", " ").replace("`", " ")
        if "_" in text:
            text = _EMPHASIS.sub(lambda match: " " * len(match.group()), text)
        if "<" in text:
            text = _HTML.sub(self._without_tag, text)
        return text

    def _without_tag(self, match: re.Match[str]) -> str:
        name = match["name"]
        if name in self._kept_tags:
            return match.group()
        breaks = name in ("p", "br", "hr", "li", "ul", "ol", "div", "tr", "table") or name[0] == "h"
        return ("\n" if breaks else " ") * len(match.group())

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
            if hit.start < previous:
                continue
            statement = self._statement(text, hit, previous, hit.start in inside)
            if statement is not None:
                found.append(statement)
                previous = statement.end
        if self.size == 1:
            found += self._sentences(text, found)
            found += self._bare_numbers(text, found, answers)
        elif len({statement.dimension for statement in found}) < self.size:
            found += self._sections(text, hits, found)
        return sorted(found, key=lambda statement: statement.start)

    def _statement(self, text: str, hit: LabelHit, previous: int, inside: bool) -> Statement | None:
        begin = max(
            text.rfind("\n", max(previous, hit.start - 160), hit.start) + 1, previous, hit.start - 160
        )
        begin = max(text.rfind("\x00", begin, hit.start) + 1, begin)
        lead = text[begin : hit.start]
        strong = _ALONE.fullmatch(lead) is not None and begin > hit.start - 160
        place = self._number_place(text, hit, lead, strong, inside)
        if place is None:
            return None
        at, share_only, lines = place
        number = read_number(text, at, self.scale)
        if number is None or not number.states or (share_only and not number.whole):
            return None
        end = self._end(text, hit, number, lead)
        if end is None:
            return None
        if lines and _rest_of_line(text, end).strip(" .,;)\"'"):
            return None  # on a line below its label, a score is all that stands there
        if (
            not strong
            and not inside
            and (lines or not self._said_by_the_judge(text, hit, lead, begin, previous))
        ):
            return None
        return self._make(hit, number, strong or inside)

    def _make(self, hit: LabelHit, number: Number, strong: bool) -> Statement:
        label = hit.label
        return Statement(
            label.dimension,
            number.value,
            number.reason,
            hit.start,
            number.span,
            number.end,
            strong,
            _RANKS[label.kind],
        )

    def _number_place(
        self, text: str, hit: LabelHit, lead: str, strong: bool, inside: bool
    ) -> tuple[int, bool, bool] | None:
        """(where the number must begin, whether only "4/5" will do, whether it stands on a line below)."""
        after = _AFTER_LABEL.match(text, hit.end)
        assert after is not None
        separator = _SEPARATOR.match(text, after.end())
        assert separator is not None
        if separator["element"] and not lead.endswith("<"):
            return None
        if separator["dash"] and text[separator.start() - 1] not in " )]":
            return None
        if separator["would"] and not inside:
            return None
        if separator["of"] and hit.label.kind == "own" and self.size > 1:
            return None
        place = separator.end()
        if separator.group() == "|" and (row := _TABLE_ROW_SCORE.match(text, place)):
            place = row.end()
        elif separator.group() in (":", "=") and (brace := _JSON_OBJECT.match(text, _skip(text, place))):
            scores = list(_JSON_SCORE.finditer(text, brace.start(), brace.end()))
            return (scores[0].end(), False, False) if len(scores) == 1 else None
        before = self._before_number.match(text, place)
        assert before is not None
        lines = "\n" in before["lines"]
        bare = separator["none"] is not None
        if bare and not lines and not strong:
            share_only = True
        else:
            share_only = bool(separator["share"])
        if bare and lines and not strong:
            return None
        if bare and not lines and before["open"] == "" and before.end() == hit.end:
            return None  # "quality4"
        return before.end(), share_only, lines

    def _end(self, text: str, hit: LabelHit, number: Number, lead: str) -> int | None:
        """Where the statement ends; None where the number belongs to something else than a score."""
        closing = _CLOSING.match(text, number.end)
        assert closing is not None
        end = closing.end()
        next_label = self.labels.begins(text, end)
        if not next_label and text[end : end + 1] in (".", ")", ":"):
            dotted = self.labels.begins(text, _skip(text, end + 1))
            own_mark = _LIST_MARK.search(lead)
            if dotted and own_mark and number.value == int(own_mark[1]) + 1:
                return None  # "1. quality: 2. motion: 4": the list's own numbers
        if next_label and text[number.span[0] - 1] in "([" and not number.whole:
            return None  # "quality: (2) motion: 4": the number marks the next label
        if (
            not next_label
            and _ENDS.match(text, end) is None
            and self._named_level.match(text, number.end) is None
        ):
            return None
        rest = _rest_of_line(text, number.end)
        if self._explains_the_scale(number, rest):
            return None
        return number.end

    def _explains_the_scale(self, number: Number, rest: str) -> bool:
        """ "1 (very poor), 2 (poor), ..." explains the scale; "1. Blur 2. Noise" is a list."""
        if number.value is None or number.whole:
            return False
        for step in (1, -1):
            near = number.value + step
            if re.match(rf"[^\n]{{0,80}}[,;.)][ ]{{0,3}}{near}[ ]{{0,2}}(?:[=:(]|- ?[^\W\d_])", rest):
                return True
        following = number.value + 1
        return re.match(rf"\.[ ][^\n]{{0,200}}(?<!\d){following}[.)][ ]", rest) is not None

    def _said_by_the_judge(self, text: str, hit: LabelHit, lead: str, begin: int, previous: int) -> bool:
        """Whether a statement within a sentence is the judge's own score: no condition, no aside, no quote."""
        sentence = re.split(r"[!?]|\.\s|;\s", lead[-120:])[-1]
        if sentence.count("(") > sentence.count(")"):
            return False
        if (
            hit.label.words == 1
            and not hit.label.unspaced
            and (tail := re.search(r"([^\W\d_]+)[ ]{0,3}$", sentence))
        ):
            if not re.fullmatch(r"(?:the|my|its|a|is|are|and|with|for|of|overall|final)", tail[1]):
                return False  # "image quality: 4" is another quality
        judged = list(_JUDGING.finditer(sentence))
        if judged:
            sentence = sentence[judged[-1].end() :]
        return _HYPOTHETICAL.search(self.labels.without(sentence)) is None

    def _sentences(self, text: str, found: Sequence[Statement]) -> list[Statement]:
        """ "I would give this video a 4 out of 5": where one number is the whole answer."""
        taken = Cover((statement.start, statement.end) for statement in found)
        more = []
        for match in _SENTENCE_SCORE.finditer(text):
            number = read_number(text, match.end(), self.scale)
            if number is None or not number.states or number.span[0] in taken:
                continue
            closing = _CLOSING.match(text, number.end)
            assert closing is not None
            sentence = re.split(r"[\n\x00!?]|\.\s|;\s", text[max(0, match.start() - 120) : match.start()])[-1]
            if _ENDS.match(text, closing.end()) and not _HYPOTHETICAL.search(sentence):
                more.append(self._unlabelled(number, match.start(), strong=False))
        return more

    def _bare_numbers(
        self, text: str, found: Sequence[Statement], answers: Sequence[Span]
    ) -> list[Statement]:
        """A number that stands alone in the answer's tags, or is all there is."""
        stretches = answers or [(0, len(text))]
        more = []
        for start, stop in stretches:
            if any(start <= statement.start < stop for statement in found):
                continue
            place = start
            while place < stop and text[place] in " \n\x00":
                place += 1
            opening = _BARE_START.match(text, place, stop)
            number = read_number(text, opening.end(), self.scale) if opening else None
            if number is None or not number.states or number.end > stop:
                continue
            closing = _CLOSING.match(text, number.end, stop)
            ending = _BARE_END.match(text, closing.end() if closing else number.end, stop)
            rest = text[ending.end() if ending else number.end : stop]
            if not rest.strip(" \n\x00"):
                more.append(self._unlabelled(number, number.span[0], strong=True))
        return more

    def _unlabelled(self, number: Number, start: int, strong: bool) -> Statement:
        assert self.only is not None
        return Statement(self.only, number.value, number.reason, start, number.span, number.end, strong, 2)

    def _sections(self, text: str, hits: Sequence[LabelHit], found: Sequence[Statement]) -> list[Statement]:
        """Scores of dimensions that have a section: the label heads it, "Score: 4" stands in it once."""
        stated = {statement.dimension for statement in found}
        heads = [hit for hit in hits if self._heads_a_section(text, hit)]
        more: dict[int, list[Statement]] = {}
        for number_of, hit in enumerate(heads):
            if hit.label.dimension in stated:
                continue
            stop = heads[number_of + 1].start if number_of + 1 < len(heads) else len(text)
            numbers = []
            for match in _SCORE_LINE.finditer(text, hit.end, stop):
                number = read_number(text, match.end(), self.scale)
                closing = _CLOSING.match(text, number.end) if number else None
                if number and closing and number.states and _ENDS.match(text, closing.end()):
                    place = match.end() - len(match.group().lstrip())
                    numbers.append((LabelHit(hit.label, place, match.end()), number))
            if len(numbers) == 1:
                more.setdefault(hit.label.dimension, []).append(self._make(*numbers[0], strong=True))
        return [one for several in more.values() for one in several]

    def _heads_a_section(self, text: str, hit: LabelHit) -> bool:
        begin = text.rfind("\n", max(0, hit.start - 60), hit.start) + 1
        if begin == 0 and hit.start > 60:
            return False
        if re.fullmatch(r"[\s#>\-•\"'\d.()]*", text[begin : hit.start]) is None:
            return False
        return (
            re.match(
                r"[\"')]{0,3}[ ]{0,3}(?:\([^()\n]{0,80}\)[ ]{0,3})?(?:[:\n\-]|$)",
                text[hit.end : hit.end + 100],
            )
            is not None
        )

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

    def is_only_answer(self, text: str) -> bool:
        """Whether `text` (a surface) holds a complete answer and next to nothing else."""
        statements = self.statements(text)
        if not self.blocks(statements):
            return False
        rest, end = [], 0
        for statement in statements:
            rest.append(text[end : statement.start])
            end = statement.end
        return count_words(" ".join([*rest, text[end:]])) <= 3


def _skip(text: str, place: int) -> int:
    """The first place at or behind `place` that is no space and no line break (at most 20 further)."""
    stop = min(len(text), place + 20)
    while place < stop and text[place] in " \n":
        place += 1
    return place


def _rest_of_line(text: str, place: int) -> str:
    """What follows in the line, at most 240 characters."""
    stop = text.find("\n", place, place + 240)
    return text[place : stop if stop >= 0 else place + 240]
