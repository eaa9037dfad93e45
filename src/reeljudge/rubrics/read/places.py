"""Which places say that a number is a score: what stands around a label and the number behind it.

The patterns are tried at one place each, on folded text. Every repetition is bounded, so that a hostile reply
costs linear time.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from reeljudge.rubrics.model import Scale
from reeljudge.rubrics.read.labels import LabelHit, Labels
from reeljudge.rubrics.read.numbers import UNITS, Number
from reeljudge.rubrics.read.scales import gloss_names_another, key_differs
from reeljudge.rubrics.read.tables import score_cell
from reeljudge.rubrics.read.text import fold

_LEVEL_NAMES = (
    *("very poor", "relatively poor", "poor", "very bad", "bad", "fair", "average", "medium", "moderate"),
    *("acceptable", "relatively good", "very good", "good", "great", "excellent", "perfect"),
)

_AFTER_LABEL = re.compile(
    r"""["'\])}]{0,3}[ ]{0,12}
        (?:(?:score|rating|grade|value|level|评分|得分|分数)\b[ ]{0,12}["')]{0,2}[ ]{0,12})?
        (?:for[ ](?:this|the)[ ](?:video|clip)\b[ ]{0,12})?
        (?:(?P<gloss>[(\[][^()\[\]\n\x00]{0,80}[)\]])["']{0,2}[ ]{0,12}(?=[:=|\-→]))?
    """,
    re.VERBOSE,
)
_SEPARATOR = re.compile(
    r"""[-=]{1,2}[ ]?> | → | (?P<bar>:?[ ]{0,12}\|{1,2}) | [:=]{1,2}
      | (?P<element>>)
      | -{1,2}[ ]?(?![ \d\-])[^\n\x00:;|=<>\d]{1,100}[:=]
      | (?P<dash>-{1,2})(?=[ ])
      | ,[ ]{0,3}["'](?:score|rating|grade|value)["'][ ]{0,3}:
      | (?P<share>(?:as|at)\b)(?:[ ]an?\b)?
      | (?P<would>(?:would|should|will)[ ]be\b)(?:[ ]an?\b)?
      | (?:is|gets|receives|deserves|earns|scores|gains)\b(?:[ ]rated)?(?:[ ]an?\b)?
        (?:[ ](?:score|rating)[ ]of)?
      | (?P<of>of)\b
      | (?P<none>)
    """,
    re.VERBOSE,
)
_CONDITION_BEFORE = re.compile(
    r"\b(?:if|unless|were|otherwise|normally)\b|n't\b|^\W*had\b"
    r"|\bwith(?:out)? (?:an? )?(?:better|more|fewer|less|no|[a-z]{3,12}er)\b"
)
_MORE_CELLS = re.compile(r"\|[ ]{0,12}[+-]?\d[\d.,]{0,6}[ ]{0,12}(?:\||\n|$)")
_MORE_LINES = re.compile(r"(?:\n[ ]{0,12}){1,2}\d{1,2}[ ]{0,12}(?:\n|$)")
_TABLE_CELLS = re.compile(
    r"[^|\n]{0,300}[^\W\d_][^|\n]{0,300}\|[ ]{0,3}(?=[\d+\-][^|\n]{0,30}\|?[ ]{0,3}(?:\n|$))"
)
_JSON_OBJECT = re.compile(r"\{[^{}]{0,4000}\}")
_JSON_SCORE = re.compile(r"[\"'](?:score|rating|value|grade)[\"'][ ]{0,3}:[ ]{0,3}[\"']?(?=[\d+\-])")
_CLOSING = re.compile(
    rf"(?:<\|end_of_box\|>)?[\"'\])}}>$\\]{{0,6}}[ ]{{0,12}}"
    rf"(?:{UNITS}(?!\w)[ ]{{0,2}})?[\"'\])}}>$\\]{{0,5}}[ ]{{0,12}}"
)
_ENDS = re.compile(
    r"""$ | [\n;|<(\[\])}\x00!] | ,(?!\d)(?![ ]{0,3}(?:if|unless|provided|assuming)\b)
      | \.(?!\.{0,3}\d)(?![ ]\d{1,2}[ ]{0,4}(?:$|[\n;,)])) | -[ ] | -{2,} | \#[ ](?!\d|of\b)
      | (?:and|but|while|because|since|due[ ]to|given|as|which|though|although|whereas|it[ ]is)\b
    """,
    re.VERBOSE,
)
_LIST_MARK = re.compile(r"[(\[]?[ ]?(\d{1,2})[ ]?[).:\]][ ]{0,2}$")
_ALONE = re.compile(
    r"""[\s#>\-•·"'|({\[;,.&/+→:]*
        (?:<[^<>\n]{0,40}>\s*)?
        (?:(?:the|my|our|final|overall|answers?|scores?|ratings?|verdict|results?|are|is|and|so|for|of|on|as
             |follows|assessment|evaluation|conclusion|summary|in|here)\b[\s:\-,]*){0,7}
        (?:(?:dimension|dim|aspect|criterion|part)[ \-]{0,2}(?=\d))?
        (?:[(\[]?(?:\d{1,2}|[ivx]{1,4}|[a-z])[).:\]|]{1,2}|\d{1,2}[ ]?[-|])?
        [\s#\-"'({\[|.:<]*""",
    re.VERBOSE,
)
_SENTENCE_END = re.compile(r"[\n\x00!?]|(?<!e\.g)(?<!i\.e)\.\s|;\s")
_CONDITION = re.compile(
    r"\b(?:if|would|could|might|may|should|unless|whether|without|instead|not|never|nor|neither|than|requires?"
    r"|e\.g|example|initially|at first|first thought|wanted|considered|considering an?|tempted|inclined"
    r"|(?:was|were) going to)\b|[\w']n't\b"
)
_REPORTED = re.compile(
    r"\b(?:between|from|means?|prompt|asks?|asked|says?|said|reads?|reading|text|sign|caption|titled?|words"
    r"|compared|previous|reference|real|maximum(?![\"'])|minimum(?![\"'])|target|ideal|(?<!as )expected)\b"
)
_CONCLUDES = re.compile(r"\b(?:so|therefore|thus|hence|overall|finally)\b")
_JUDGING = re.compile(
    r"\b(?:i|we)(?:'d| would| will|'ll| am going to)?(?: now| therefore| thus)? "
    r"(?:rate|give|assign|score|grade|judge|put|set)\b"
)
_LITTLE_WORDS = frozenset(
    {"the", "my", "its", "a", "is", "are", "and", "with", "for", "of", "overall", "final", "video", "clip"}
    | {"this", "so", "therefore", "thus", "hence", "predicted", "estimated", "answer", "score", "scores"}
    | {"rating", "ratings"}
)
_OTHER_CLIP = re.compile(r"\b(?:first|second|third|other|another|earlier|next) (?:video|clip|one)\b")
_LAST_WORD = re.compile(r"([^\W\d_]+)[ ]{0,3}$")
_LAST_NAME = re.compile(r"([^\W\d_]+)[\"')\]]{0,2}[ ]{0,3}(?:[:=\-→][ ]{0,3}){0,2}$")
_HOLDER = re.compile(r"([^\W\d_]+)[\"' ]{0,4}(?:>|:\s{0,16}\{)[\s\"'<]{0,24}$")
_HOLDERS = _LITTLE_WORDS | {
    "result",
    "results",
    "output",
    "response",
    "evaluation",
    "assessment",
    "verdict",
    "summary",
    "conclusion",
    "json",
}

LEAD = 160
"""So many characters before a label are looked at."""


@dataclass(frozen=True)
class Place:
    """Where a number must begin to be a label's score.

    Attributes:
        start: the place.
        share_only: only "4/5" will do there, a mere number says too little.
        below: it lies on a line below the label's.
        open: the marks that were opened right before it.
        other_scale: the numbers here are on a scale that is not the rubric's.
        chosen: it is the cell of a table whose head calls it the score.
        bracketed: the number stands in brackets right behind the label, as a list's number might.
    """

    start: int
    share_only: bool = False
    below: bool = False
    open: str = ""
    other_scale: bool = False
    chosen: bool = False
    bracketed: bool = False


class Places:
    """The places of one rubric's answers.

    Args:
        level_names: the rubric's own names for points of its scale.
        single: one number is the whole answer.
        tags: of the rubric: what stands in them is no part of something else.
        parts: a pattern of the names of smaller things, "" for none.
    """

    def __init__(
        self,
        labels: Labels,
        level_names: Iterable[str],
        single: bool,
        scale: Scale,
        tags: Iterable[str],
        parts: str,
    ):
        about = r"\b(?:for|in terms of|regarding|concerning|as to) (?:the )?"
        self._about_a_part = re.compile(f"{about}(?:{parts})\\b") if parts else None
        self._labels = labels
        self._holders = _HOLDERS.union(tags, labels.words)
        self._single = single
        self._scale = scale
        own = {fold(name).text for name in level_names}
        own = {name for name in own if re.fullmatch(r"[^\W\d_]+(?: [^\W\d_]+){0,4}", name)}
        names = sorted(own | {*_LEVEL_NAMES}, key=len, reverse=True)
        self.level_words = frozenset(word for name in names for word in name.split())
        level = "|".join(re.escape(name).replace(r"\ ", "[ ]") for name in names)
        self.level_name = re.compile(rf"[ ]{{0,12}}(?:[(:\-.][ ]{{0,12}})?(?:{level})\b[ ]{{0,12}}\)?")
        self._before_number = re.compile(
            rf"""[ ]{{0,12}}["'\])}}]{{0,2}}(?P<lines>(?:[ ]{{0,4}}\n){{0,3}})[ ]{{0,12}}
                (?:(?:an?|the|score|rating|{level})\b[ ]?[:=,\-]?[ ]{{0,2}}){{0,2}}
                (?P<open>(?:["'\[({{<$]|\\boxed|\\\(|<\|begin_of_box\|>){{0,5}})[ ]?
            """,
            re.VERBOSE,
        )
        self._level_behind = re.compile(
            rf"[ ]{{0,2}}[:\-=][ ]{{0,2}}(?:{level})\b(?![^\n]{{0,200}}\d[ ]{{0,2}}[:=])", re.VERBOSE
        )

    def behind(self, text: str, hit: LabelHit, lead: str, strong: bool, inside: bool) -> Place | None:
        """Where the number of `hit` must begin; None where nothing says that one belongs to it.

        Args:
            lead: what stands before the label in its line.
            strong: the label begins its line (or the list item, the table cell).
            inside: it stands in tags that say that they hold the answer.
        """
        after = _matched(_AFTER_LABEL, text, hit.end)
        separator = _matched(_SEPARATOR, text, after.end())
        start = separator.end()
        if separator["element"] and (not lead.endswith("<") or hit.label.kind == "answer"):
            return None  # what stands in <answer> is looked at as a whole
        if separator["dash"] and text[separator.start() - 1] not in " )]":
            return None
        if separator["would"] and not inside:
            return None
        if separator["of"] and not self._single and not strong:
            return None  # "a visual quality of 3/5 would be too kind"
        if separator["of"] and hit.label.generic and not (strong or inside):
            return None  # "a score of 4": who gets it is for the sentence to say
        other = gloss_names_another(after["gloss"], self._scale)
        if separator["bar"]:
            cell = score_cell(text, separator.end() - 1)
            if cell is not None:
                if cell.start is None:
                    return None
                before = _matched(self._before_number, text, cell.start)
                other = other or cell.top not in (None, self._scale.max)
                return Place(before.end(), open=before["open"], other_scale=other, chosen=True)
            if cells := _TABLE_CELLS.match(text, start):
                start = cells.end()
        elif separator.group() in (":", "=") and (brace := _JSON_OBJECT.match(text, skip_blank(text, start))):
            scores = list(_JSON_SCORE.finditer(text, brace.start(), brace.end()))
            other = other or key_differs(text, brace.start(), brace.end(), self._scale)
            return Place(scores[0].end(), other_scale=other) if len(scores) == 1 else None
        before = _matched(self._before_number, text, start)
        below = "\n" in before["lines"]
        if separator["none"] is None:
            return Place(before.end(), bool(separator["share"]), below, before["open"], other)
        if before.end() == hit.end or (below and not strong):
            return None
        bracketed = before["open"] in ("(", "[")
        return Place(before.end(), not strong, below, before["open"], bracketed=bracketed)

    def ends_well(self, text: str, hit: LabelHit, place: Place, number: Number, lead: str) -> bool:
        """Whether the number ends as a score does; False where it belongs to something else."""
        end = closed(text, number.end)
        if not place.chosen and _MORE_CELLS.match(text, end):
            return False  # "a, b, c: 4 | 3 | 2"
        if place.below and _MORE_LINES.match(text, end):
            return False  # the options, one below the other
        if "<" in place.open and ">" not in text[number.end : end]:
            return False  # "less than 4"
        if "$" in place.open and "$" not in text[number.end : end]:
            return False  # an amount of money
        if self._labels.begins(text, end):
            # "quality: (2) motion: 4": the number marks the next label.
            if text[number.span[0] - 1] in "([" and not number.whole:
                return False
        elif text[end : end + 1] in (".", ")", ":") and self._labels.begins(text, skip_blank(text, end + 1)):
            mark = _LIST_MARK.search(lead)
            if mark and number.value == int(mark[1]) + 1 and "\n" not in text[end : end + 20]:
                return False  # "1. quality: 2. motion: 4": the list's own numbers
        if not (
            self._labels.begins(text, end) or is_end(text, end) or self._level_behind.match(text, number.end)
        ):
            return False
        rest = rest_of_line(text, number.end)
        if (place.below or hit.label.kind == "answer") and rest.strip(" .,;)\"'<>/"):
            return False  # on a line below its label, or behind a mere "answer", a score is all there is
        return not _explains_the_scale(number, rest)

    def said_by_the_judge(self, hit: LabelHit, lead: str, inside: bool) -> bool:
        """Whether a statement within a sentence is the judge's own score: no condition, aside or quote."""
        sentence = _SENTENCE_END.split(lead[-120:])[-1]
        single_word = hit.label.words == 1 or hit.label.generic
        last = (_LAST_NAME if hit.label.generic else _LAST_WORD).search(sentence)
        known = self._holders if hit.label.generic else _LITTLE_WORDS
        if last and single_word and not hit.label.unspaced and last[1] not in known:
            return False  # "image quality: 4" is another quality, "clarity - score: 4" another score
        if hit.label.generic and _OTHER_CLIP.search(sentence):
            return False
        if inside:
            return True
        return lead.count("(") <= lead.count(")") and not self.is_hypothetical(sentence)

    def is_of_another(self, text: str, hit: LabelHit) -> bool:
        """Whether a mere "score" stands in an object or element of something else: {"hand": {"score": 3}}."""
        if not hit.label.generic:
            return False
        holder = _HOLDER.search(text[max(0, hit.start - 80) : hit.start])
        return holder is not None and holder[1] not in self._holders

    def is_hypothetical(self, sentence: str) -> bool:
        """Whether what follows `sentence` is said under a condition, about something smaller, or reported
        from somewhere else."""
        if self._about_a_part is not None and self._about_a_part.search(sentence):
            return True
        judged = list(_JUDGING.finditer(sentence))
        if judged:
            # In "I would give it 3" the verb is no condition; an "if" before it is one.
            if _CONDITION_BEFORE.search(sentence[: judged[-1].start()]):
                return True
            sentence = sentence[judged[-1].end() :]
        sentence = self._labels.without(sentence)
        concluded = _CONCLUDES.search(sentence)
        return (
            _CONDITION.search(sentence) is not None
            or _REPORTED.search(sentence, concluded.end() if concluded else 0) is not None
        )


def _matched(pattern: re.Pattern[str], text: str, place: int) -> re.Match[str]:
    match = pattern.match(text, place)
    assert match is not None  # these patterns match the empty string, too
    return match


def stands_alone(text: str, hit: LabelHit, previous: int) -> tuple[bool, str]:
    """Whether only list marks, tags or a short lead-in stand between the line's start and the label; and what
    stands there.

    Args:
        previous: where the statement before it ends.
    """
    floor = max(previous, hit.start - LEAD)
    begin = max(text.rfind("\n", floor, hit.start) + 1, text.rfind("\x00", floor, hit.start) + 1, floor)
    lead = text[begin : hit.start]
    return begin > hit.start - LEAD and _ALONE.fullmatch(lead) is not None, lead


def closed(text: str, place: int) -> int:
    """Behind closing marks and units that follow a number."""
    return _matched(_CLOSING, text, place).end()


def is_end(text: str, place: int) -> bool:
    """Whether a number that reaches to `place` is over there: nothing that it counts follows."""
    return _ENDS.match(text, place) is not None


def sentence_before(text: str, place: int) -> str:
    """What precedes in the same sentence, at most 120 characters."""
    return _SENTENCE_END.split(text[max(0, place - 120) : place])[-1]


def rest_of_line(text: str, place: int) -> str:
    """What follows in the line, at most 240 characters."""
    stop = text.find("\n", place, place + 240)
    return text[place : stop if stop >= 0 else place + 240]


def skip_blank(text: str, place: int) -> int:
    """The first place at or behind `place` that is no space and no line break (at most 20 further)."""
    stop = min(len(text), place + 20)
    while place < stop and text[place] in " \n":
        place += 1
    return place


_TWO_NAMED = re.compile(r"[ ]{0,16}\([^()\n]{1,40}\)[ ]{0,3}[,;][ ]{0,3}(?:and[ ])?\d{1,3}[ ]{0,16}\(")


def _explains_the_scale(number: Number, rest: str) -> bool:
    """ "1 (very poor), 2 (poor), ..." explains the scale; "1. Blur 2. Noise" is a list."""
    if number.value is None or number.whole:
        return False
    following = number.value + 1
    for near in (following, number.value - 1):
        if re.match(rf"[^\n]{{0,80}}[,;.)][ ]{{0,16}}{near}[ ]{{0,16}}(?:[=:(]|- ?[^\W\d_])", rest):
            return True
    if _TWO_NAMED.match(rest):
        return True  # "1 (lowest), 5 (highest)"
    return re.match(rf"\.[ ][^\n]{{0,200}}(?<!\d){following}[.)][ ]", rest) is not None
