"""Which parts of a reply are reasoning, which are stages, and which are somebody else's words."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest

from reeljudge.rubrics.model import Stage
from reeljudge.rubrics.read.text import Span, fold

# What judges write where a stage should be and is not.
_EMPTY = {"", "none", "null", "n/a", "na", "empty", "..."}


def has_content(text: str) -> bool:
    """Whether there is something to read: more than white space, marks, or a written-out nothing."""
    return text.strip(" \n\r\t*_.`\"'-").lower() not in _EMPTY


@dataclass(frozen=True)
class Region:
    """A stretch of the reply: `start` to `end` with its tags, `inner_start` to `inner_end` without."""

    start: int
    end: int
    inner_start: int
    inner_end: int
    closed: bool = True

    @property
    def span(self) -> Span:
        return self.start, self.end

    @property
    def inner(self) -> Span:
        return self.inner_start, self.inner_end


@lru_cache(maxsize=64)
def tag_pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    """An opening or closing tag of any of those names, in a folded text."""
    one = "|".join(re.escape(fold(name).text) for name in sorted(names, key=len, reverse=True))
    # Judges also write <\think>, < /think >, <think/>, <think depth="2">, <|think|>, [THINK], &lt;think&gt;
    # and the ◁think▷ of some templates.
    return re.compile(
        rf"(?:(?P<escaped>&lt;)|[<◁\[]\|?)[ ]{{0,3}}(?P<close>[/\\]?)[ ]{{0,3}}(?P<name>{one})"
        r"(?:[ ]{1,3}[a-z][\w:\-]{0,30}[ ]?=[^<>\[\]\n]{0,80}?)?"
        r"\s{0,3}(?P<empty>/?)(?(escaped)&gt;|\|?[>▷\]])"
    )


def reasoning_regions(
    text: str, tags: Sequence[str], is_answer: Callable[[str], bool], cut: bool = False
) -> list[Region]:
    """The stretches between reasoning tags, in order.

    - An opening tag that is never closed makes everything behind it reasoning. A second one of the same
      name opens nothing (template and judge may both have written it).
    - A closing tag without an opening one makes everything before it reasoning, back to the last region
      (chat templates may write the opening tag themselves; a second `</think>` means that the judge went on
      thinking). Only where the stretch since the last region is nothing but an answer is the tag litter.
    - In a reply that was cut, reasoning that was begun again in its midst and closed fewer times is open.
    """
    if not tags:
        return []
    regions: list[Region] = []
    opened: re.Match[str] | None = None
    inner: Counter[str] = Counter()
    cursor = repeats = deep = 0
    last_opening = 0
    for match in tag_pattern(tuple(tags)).finditer(text):
        name = match["name"]
        if match["empty"] or (opened is not None and _make_of(match) != _make_of(opened)):
            continue  # <think>...[/THINK]: somebody else's tag ends nothing
        if not match["close"]:
            if opened is None:
                opened, deep = match, 0
            elif name != opened["name"]:
                inner[name] += 1  # <think><reasoning>...</reasoning>: the inner pair ends nothing
            else:
                repeats += 1
                deep += has_content(text[last_opening : match.start()])
            last_opening = match.end()
            continue
        if opened is not None and inner[name] > 0:
            inner[name] -= 1
            continue
        if opened is not None:
            regions.append(Region(opened.start(), match.end(), opened.end(), match.start()))
        else:
            # A closing tag that a second opening one is waiting for is no litter.
            litter = bool(regions) and not repeats and is_answer(text[cursor : match.start()])
            repeats, deep = max(0, repeats - 1), max(0, deep - 1)
            start = match.start() if litter else cursor
            regions.append(Region(start, match.end(), start, match.start()))
        opened, cursor = None, match.end()
        inner.clear()
    if opened is not None:
        regions.append(Region(opened.start(), len(text), opened.end(), len(text), closed=False))
    elif cut and deep > 0:
        regions.append(Region(cursor, len(text), cursor, len(text), closed=False))
    return regions


def _make_of(tag: re.Match[str]) -> str:
    return "<" if tag.group()[0] == "◁" else tag.group()[0]


def stage_regions(
    text: str, stages: Iterable[Stage], answer_stage: str | None, is_answer: Callable[[str], bool]
) -> list[tuple[str, Region]]:
    """(stage name, region) in order of the text; `text` must have its reasoning blanked out.

    A stage reaches to its closing tag; what is tagged inside it belongs to it. One that is never closed
    reaches to the next stage's opening tag or to the end. One that is closed and was never opened reaches
    back to the stage before it, unless it has been closed before and only an answer stands there.
    """
    names = {fold(stage.tag).text: stage.name for stage in stages}
    if not names:
        return []
    tags = [match for match in tag_pattern(tuple(names)).finditer(text) if not match["empty"]]
    tags = [
        tag for tag, after in zip_longest(tags, tags[1:]) if not _only_named(tag, after, names, answer_stage)
    ]
    # For each tag: the next one of the same name, and the next one that opens a stage.
    same_next: list[re.Match[str] | None] = [None] * len(tags)
    open_next: list[re.Match[str] | None] = [None] * len(tags)
    nearest: dict[str, re.Match[str]] = {}
    opening: re.Match[str] | None = None
    for number in range(len(tags) - 1, -1, -1):
        tag, name = tags[number], tags[number]["name"]
        same_next[number], open_next[number] = nearest.get(name), opening
        nearest[name] = tag
        if not tag["close"]:
            opening = tag
    regions: list[tuple[str, Region]] = []
    known: set[str] = set()
    position = 0
    for number, tag in enumerate(tags):
        name = names[tag["name"]]
        if tag.start() < position:
            continue
        if tag["close"]:
            if name != answer_stage:
                if name not in known or not is_answer(text[position : tag.start()]):
                    regions.append((name, Region(position, tag.end(), position, tag.start())))
                position = tag.end()
            continue
        same, following = same_next[number], open_next[number]
        if same is not None and same["close"]:
            region = Region(tag.start(), same.end(), tag.end(), same.start())
        else:
            end = following.start() if following else len(text)
            region = Region(tag.start(), end, tag.end(), end, closed=False)
        regions.append((name, region))
        known.add(name)
        position = region.end
    return _lift_nested_answer(text, regions, answer_stage, tags, names)


def _only_named(
    tag: re.Match[str], after: re.Match[str] | None, names: dict[str, str], answer_stage: str | None
) -> bool:
    """Whether an opening tag of the answer's stage is a mere mention: another stage opens first."""
    return (
        after is not None
        and not tag["close"]
        and not after["close"]
        and names[tag["name"]] == answer_stage != names[after["name"]]
    )


def headed_stages(
    text: str, stages: Iterable[Stage], answer_stage: str | None, cut: bool
) -> list[tuple[str, Region]]:
    """Stages whose names stand as headings, where a reply has none of their tags.

    Only where the answer's stage has a heading, too; or where the reply was cut before it could have one.
    """
    names = {fold(stage.tag).text: stage.name for stage in stages}
    if not names:
        return []
    one = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    heads = list(
        re.finditer(rf"^[ #>\-•\[(\d.)]{{0,16}}({one})[ \])]{{0,8}}:?[ ]{{0,8}}$", text, re.MULTILINE)
    )
    if not cut and all(names[head[1]] != answer_stage for head in heads):
        return []
    ends = [*(head.start() for head in heads[1:]), len(text)][: len(heads)]
    return [
        (names[head[1]], Region(head.start(), end, head.end(), end))
        for head, end in zip(heads, ends, strict=True)
    ]


def _lift_nested_answer(
    text: str,
    regions: list[tuple[str, Region]],
    answer_stage: str | None,
    tags: list[re.Match[str]],
    names: dict[str, str],
) -> list[tuple[str, Region]]:
    """An answer stage at the very end of another stage is the answer, only its tags are in wrong order:
    `<ANALYSIS>... <ASSESSMENT>Rating Score: 4</ASSESSMENT></ANALYSIS>`."""
    if answer_stage is None or not regions or any(name == answer_stage for name, _ in regions):
        return regions
    host_name, host = regions[-1]
    nested = [tag for tag in tags if tag.start() >= host.inner_start and names[tag["name"]] == answer_stage]
    opening = next((tag for tag in reversed(nested) if not tag["close"]), None)
    closing = nested[-1] if nested and nested[-1]["close"] else None
    if opening is None or closing is None or closing.start() < opening.end():
        return regions
    if tag_pattern(tuple(names)).sub("", text[closing.end() :]).strip():
        return regions
    shortened = Region(host.start, opening.start(), host.inner_start, opening.start(), host.closed)
    answer = Region(opening.start(), len(text), opening.end(), closing.start())
    return [*regions[:-1], (host_name, shortened), (answer_stage, answer)]


_QUOTED = re.compile(r"\"[^\"\n]{1,2000}\"|`[^`\n]{1,2000}`")
_SINGLE_QUOTED = re.compile(r"[\s(\[,:;]('[^'\n]{1,400}')(?!\w)")
_STATES = re.compile(r"[^\W\d_].*\d|[<◁]")


def quoted_spans(text: str) -> list[Span]:
    """Stretches in quotation marks within a line that also holds other text: somebody else's words.

    A line that is quoted as a whole, or a JSON key, is the judge's own.
    """
    spans: list[Span] = []
    if '"' in text or "`" in text:
        spans += [match.span() for match in _QUOTED.finditer(text)]
    if "'" in text:
        spans += [match.span(1) for match in _SINGLE_QUOTED.finditer(text)]
    found: list[Span] = []
    line: Span = (0, -1)
    words_in_line = 0
    for start, end in sorted(spans):
        inner = text[start + 1 : end - 1]
        if _STATES.search(inner) is None:
            continue
        if ":" not in inner and text[max(0, start - 4) : start].rstrip(" ").endswith(('":', "':")):
            continue  # the value of a JSON key: "visual quality": "4 out of 5"
        if start > line[1]:
            begin = max(text.rfind("\n", line[1] + 1, start), line[1]) + 1
            stop = text.find("\n", end)
            line = (begin, stop if stop >= 0 else len(text))
            words_in_line = len(re.findall(r"\w+", text[line[0] : line[1]]))
        if words_in_line > len(re.findall(r"\w+", inner)):
            found.append((start, end))
    return found
