"""A task: clips, a rubric and a store as one thing that raters work through."""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from reeljudge.annotate.lists import (
    Chain,
    Difference,
    Gold,
    read_chains,
    read_differences,
    read_gold,
    rubric_of_list,
)
from reeljudge.annotate.order import ALL, Page, Plan, make_plan
from reeljudge.annotate.settings import Settings
from reeljudge.clips import Clip, read_manifest
from reeljudge.errors import InputError, UsageError, did_you_mean
from reeljudge.ratings import RatedClip, RatingStore
from reeljudge.ratings.panels import ADJUDICATOR
from reeljudge.rubrics import Dimension, Rubric, load_rubric

Kind = Literal["rate", "adjudicate", "check"]


@dataclass(frozen=True)
class Task:
    """What is served.

    Attributes:
        kind: `rate`: people rate clips. `adjudicate`: chosen raters decide where others differ. `check`:
            people read texts of reasoning.
        key: names the task in the database: its kind and its rubric.
        joint: whether all dimensions stand on one page.
        dimensions: those that are rated, in the rubric's order.
        clips: id -> clip, gold ones included.
        plan: the pages, gold ones left out.
        gold: page -> the clip with its right scores.
        differences, chains: page -> what it is about.
        raters: who may enter; None for everybody with a link.
        show_opinions: whether who adjudicates sees what the raters said.
    """

    kind: Kind
    key: str
    rubric: Rubric
    settings: Settings
    store: RatingStore
    joint: bool
    dimensions: tuple[Dimension, ...]
    clips: Mapping[str, Clip]
    plan: Plan
    gold: Mapping[Page, Gold] = field(default_factory=dict)
    differences: Mapping[Page, Difference] = field(default_factory=dict)
    chains: Mapping[Page, Chain] = field(default_factory=dict)
    raters: frozenset[str] | None = None
    show_opinions: bool = True
    notes: tuple[str, ...] = ()

    def dimensions_of(self, page: Page) -> tuple[Dimension, ...]:
        """What is asked for on a page."""
        if page.dimension != ALL:
            return (self.rubric.dimension(page.dimension),)
        gold = self.gold.get(page)
        if gold is not None and gold.use != "gold":
            # Who prepared the check gave scores for some of the dimensions: the page looks like any other.
            return self.dimensions
        wanted = wanted_dimensions(self.clips[page.clip], self.dimensions)
        return wanted or self.dimensions

    def stored_name(self, rater: str) -> str:
        """The rater as ratings name them: a decision between others is told apart by its rater."""
        return ADJUDICATOR + rater if self.kind == "adjudicate" else rater

    def may_enter(self, rater: str) -> bool:
        return self.raters is None or rater in self.raters


def open_task(
    manifest: str | os.PathLike[str],
    store: RatingStore,
    rubric: str | Path | Rubric | None = None,
    settings: Settings | None = None,
    *,
    dimensions: Sequence[str] | None = None,
    gold: str | os.PathLike[str] | None = None,
    adjudicate: str | os.PathLike[str] | None = None,
    check: str | os.PathLike[str] | None = None,
    raters: Iterable[str] | None = None,
    show_opinions: bool = True,
) -> Task:
    """Read everything that a task needs, check it, and make its clips and rubric known to the store.

    Args:
        manifest: the clips; a row's own field `dimensions` says that it is rated on those alone.
        rubric: default `videoscore2`, or the rubric of the list to adjudicate or check.
        settings: overlap 1 is the rule for lists, 5 for ratings.
        dimensions: rate these alone.
        gold: a file of gold clips. adjudicate, check: a list in place of the manifest's clips.
        raters: who may enter (needed to adjudicate).

    Raises:
        InputError, UsageError: what cannot be used, named by file and line.
    """
    if adjudicate is not None and check is not None:
        raise UsageError("--adjudicate and --check are two tasks; serve them one at a time")
    if (adjudicate or check) and gold is not None:
        raise UsageError("--gold is for rating; a list to adjudicate or check takes none")
    names = None if raters is None else frozenset(raters)
    if adjudicate is not None and not names:
        raise UsageError("--adjudicate needs --rater NAME: the raters who are to decide")
    settings = settings or Settings(overlap=1 if adjudicate or check else 5)
    source = adjudicate or check
    chosen = load_rubric(rubric or (rubric_of_list(source) if source else None) or "videoscore2")
    clips = {clip.id: clip for clip in read_manifest(manifest)}
    asked = _chosen_dimensions(chosen, dimensions)
    notes: list[str] = []
    kind: Kind = "adjudicate" if adjudicate else "check" if check else "rate"
    joint = {"each": False, "joint": True, "auto": chosen.replies == "joint"}[settings.pages]
    gold_pages: dict[Page, Gold] = {}
    differences: dict[Page, Difference] = {}
    chains: dict[Page, Chain] = {}
    if adjudicate is not None:
        found, others = read_differences(adjudicate, clips, chosen)
        differences = {Page(one.clip, one.dimension): one for one in found}
        per_clip = _by_clip(differences)
        joint = False
        _note_others(notes, others, adjudicate, chosen)
    elif check is not None:
        texts, others = read_chains(check, clips, chosen)
        chains = {Page(one.clip, one.dimension or ALL, one.digest): one for one in texts}
        per_clip = _by_clip(chains)
        joint = False
        _note_others(notes, others, check, chosen)
    else:
        if gold is not None:
            found_gold = read_gold(gold, clips, chosen)
            clips |= {one.clip.id: one.clip for one in found_gold}
            gold_pages = _gold_pages(found_gold, asked, joint)
        apart = {page.clip for page in gold_pages}
        per_clip = {}
        for clip in clips.values():
            if clip.id in apart:
                continue
            wanted = wanted_dimensions(clip, asked)
            if joint and wanted:
                per_clip[clip.id] = [Page(clip.id)]
            elif wanted:
                per_clip[clip.id] = [Page(clip.id, dimension.name) for dimension in wanted]
    if not per_clip:
        raise InputError(
            f"{source or manifest}: nothing in it is left to be done under rubric {chosen.name!r}"
        )
    store.add_rubric(chosen)
    store.add_clips(RatedClip.of(clip) for clip in clips.values())
    return Task(
        kind=kind,
        key=f"{kind}:{chosen.name}",
        rubric=chosen,
        settings=settings,
        store=store,
        joint=joint,
        dimensions=asked,
        clips=clips,
        plan=make_plan(_groups(per_clip, clips, settings), settings.seed),
        gold=gold_pages,
        differences=differences,
        chains=chains,
        raters=names,
        show_opinions=show_opinions,
        notes=tuple(notes),
    )


def wanted_dimensions(clip: Clip, asked: Sequence[Dimension]) -> tuple[Dimension, ...]:
    """The dimensions on which a clip is rated: all that are asked for, or those that its row names."""
    named = clip.extra.get("dimensions", clip.extra.get("dimension"))
    if named is None:
        return tuple(asked)
    names = {one.strip() for one in named.split(",")} if isinstance(named, str) else set(map(str, named))
    return tuple(dimension for dimension in asked if dimension.name in names)


def _chosen_dimensions(rubric: Rubric, names: Sequence[str] | None) -> tuple[Dimension, ...]:
    if not names:
        return rubric.dimensions
    for name in names:
        if name not in rubric.names:
            hint = did_you_mean(name, rubric.names)
            raise UsageError(f"rubric {rubric.name!r} has no dimension {name!r}.{hint}")
    return tuple(dimension for dimension in rubric.dimensions if dimension.name in names)


def _gold_pages(found: Iterable[Gold], asked: Sequence[Dimension], joint: bool) -> dict[Page, Gold]:
    pages = {}
    for one in found:
        names = [dimension.name for dimension in asked if dimension.name in one.scores]
        if joint and names:
            pages[Page(one.clip.id)] = one
        elif not joint:
            pages |= {Page(one.clip.id, name): one for name in names}
    return pages


def _by_clip(pages: Iterable[Page]) -> dict[str, list[Page]]:
    found: dict[str, list[Page]] = defaultdict(list)
    for page in pages:
        found[page.clip].append(page)
    return dict(found)


def _groups(
    per_clip: Mapping[str, list[Page]], clips: Mapping[str, Clip], settings: Settings
) -> list[list[list[Page]]]:
    """Clips that follow each other: those of one prompt, no more than a batch holds."""
    if settings.batches == "single":
        return [[pages] for pages in per_clip.values()]
    groups: dict[Any, list[list[Page]]] = defaultdict(list)
    for name, pages in per_clip.items():
        clip = clips[name]
        groups[clip.group or clip.prompt].append(pages)
    cut = []
    for members in groups.values():
        count = -(-len(members) // settings.batch_size)
        # Parts of about the same size: eleven clips are six and five, not ten and one.
        cut += [members[start::count] for start in range(count)]
    return cut


def _note_others(notes: list[str], others: int, path: Any, rubric: Rubric) -> None:
    if others:
        notes.append(
            f"{path}: {others} rows are about other rubrics than {rubric.name!r}; serve them with --rubric"
        )
