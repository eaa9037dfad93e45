"""Which parts of a reply are reasoning, which are stages, and which are somebody else's words."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from reeljudge.rubrics.model import Stage

# What judges write where a stage should be and is not.
_EMPTY = {"", "none", "null", "n/a", "na", "empty", "..."}


def has_content(text: str) -> bool:
    """Whether there is something to read: more than white space, marks, or a written-out nothing."""
    return text.strip(" \n*_.`\"'-").lower() not in _EMPTY


@dataclass(frozen=True)
class Region:
    """A stretch of the reply: `start` to `end` with its tags, `inner_start` to `inner_end` without."""

    start: int
    end: int
    inner_start: int
    inner_end: int
    closed: bool = True

    def inner(self, text: str) -> str:
        return text[self.inner_start : self.inner_end].strip()


@lru_cache(maxsize=64)
def _tag(names: tuple[str, ...]) -> re.Pattern[str]:
    one = "|".join(re.escape(name) for name in names)
    # Judges also write <\think>, < /think >, <think/> and the ◁think▷ of some templates.
    return re.compile(
        rf"[<◁]\s{{0,3}}(?P<close>[/\\]?)\s{{0,3}}(?P<name>{one})\s{{0,3}}(?P<empty>/?)[>▷]", re.IGNORECASE
    )


def reasoning_regions(text: str, tags: Sequence[str], is_answer: Callable[[str], bool]) -> list[Region]:
    """The stretches between reasoning tags, in order.

    - An opening tag that is never closed makes everything behind it reasoning.
    - A closing tag without an opening one makes everything before it reasoning, back to the last region
      (chat templates may write the opening tag themselves; a second `</think>` means that the judge went on
      thinking). Only where the stretch before it is nothing but an answer, and nothing follows, is the
      tag itself superfluous.
    """
    if not tags:
        return []
    regions: list[Region] = []
    opened: re.Match[str] | None = None
    cursor = 0
    for match in _tag(tuple(tags)).finditer(text):
        if match["empty"]:
            continue
        if not match["close"]:
            opened = opened or match
            continue
        if opened is not None:
            regions.append(Region(opened.start(), match.end(), opened.end(), match.start()))
        else:
            before = text[cursor : match.start()]
            superfluous = bool(regions) and not text[match.end() :].strip() and is_answer(before)
            start = match.start() if superfluous else cursor
            regions.append(Region(start, match.end(), start, match.start()))
        opened, cursor = None, match.end()
    if opened is not None:
        regions.append(Region(opened.start(), len(text), opened.end(), len(text), closed=False))
    return regions


def stage_regions(text: str, stages: Iterable[Stage], answer_stage: str | None) -> list[tuple[str, Region]]:
    """(stage name, region) in order of the text; `text` must have its reasoning blanked out.

    A stage reaches to its closing tag; what is tagged inside it belongs to it. One that is never closed
    reaches to the next stage's opening tag or to the end.
    """
    names = {stage.tag.lower(): stage.name for stage in stages}
    if not names:
        return []
    tags = [match for match in _tag(tuple(names)).finditer(text) if not match["empty"]]
    regions: list[tuple[str, Region]] = []
    position = 0
    for number, match in enumerate(tags):
        if match.start() < position or match["close"]:
            continue
        name = match["name"].lower()
        later = tags[number + 1 :]
        same = next((tag for tag in later if tag["name"].lower() == name), None)
        if same is not None and same["close"]:
            region = Region(match.start(), same.end(), match.end(), same.start())
        else:
            following = next((tag for tag in later if not tag["close"]), None)
            end = following.start() if following else len(text)
            region = Region(match.start(), end, match.end(), end, closed=False)
        regions.append((names[name], region))
        position = region.end
    return _lift_nested_answer(text, regions, answer_stage, tags, names)


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
    nested = [
        tag for tag in tags if tag.start() >= host.inner_start and names[tag["name"].lower()] == answer_stage
    ]
    opening = next((tag for tag in reversed(nested) if not tag["close"]), None)
    closing = nested[-1] if nested and nested[-1]["close"] else None
    if opening is None or closing is None or closing.start() < opening.end():
        return regions
    rest = text[closing.end() :]
    if _tag(tuple(names)).sub("", rest).strip():
        return regions
    shortened = Region(host.start, opening.start(), host.inner_start, opening.start(), host.closed)
    answer = Region(opening.start(), len(text), opening.end(), closing.start())
    return [*regions[:-1], (host_name, shortened), (answer_stage, answer)]


_QUOTED = re.compile(r'"[^"\n]{1,2000}"|`[^`\n]{1,2000}`')


def quoted_regions(text: str) -> list[tuple[int, int]]:
    """Stretches in quotation marks within a line that also holds other text: somebody else's words.

    A line that is quoted as a whole, or a JSON key, is the judge's own.
    """
    found = []
    for match in _QUOTED.finditer(text):
        line_start = text.rfind("\n", 0, match.start()) + 1
        line_end = text.find("\n", match.end())
        around = (
            text[line_start : match.start()] + text[match.end() : line_end if line_end >= 0 else len(text)]
        )
        inner = match.group()[1:-1]
        if re.search(r"\w", around) and re.search(r"[^\W\d_].*\d", inner):
            found.append((match.start(), match.end()))
    return found
