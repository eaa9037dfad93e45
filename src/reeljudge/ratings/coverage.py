"""What a set of ratings covers: generators, prompts, dimensions, scores; and its gaps, in words."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from reeljudge.ratings.model import RatedClip
from reeljudge.ratings.panels import Panel
from reeljudge.ratings.prompt_kinds import count_kinds, length_name, length_names, word_count
from reeljudge.texts.near import measure, near_groups

RARE = 0.05
"""A score, a length or a kind of prompt below this share is a gap."""

SMALL_SHARE = 0.25
"""A generator with less than this share of what each would have if all had as many is a gap."""

LARGE_SHARE = 0.5
"""A generator, a prompt or a rater above this share stands for the whole set."""

SHOWN_GROUPS = 20


@dataclass(frozen=True)
class DimensionCoverage:
    """One dimension.

    Attributes:
        rubric, dimension: which.
        clips: rated on it. unrated: clips of the store that are not.
        ratings, raters: how many.
        least, median, most: ratings per rated clip.
        overlap: number of ratings -> clips that have as many.
        scores: score -> ratings.
        evenness: entropy of the scores over that of equally common ones: 1 is even, 0 a single score.
        by_generator: generator -> {"clips", "ratings", "mean"}.
    """

    rubric: str
    dimension: str
    clips: int
    unrated: int
    ratings: int
    raters: int
    least: int
    median: float
    most: int
    overlap: Mapping[str, int]
    scores: Mapping[str, int]
    evenness: float | None
    by_generator: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Coverage:
    """What a store covers.

    Attributes:
        clips: in the store. rated: with at least one rating.
        generators: generator -> clips of the store; "unknown" where a clip names none.
        themes: theme -> clips.
        prompts: different ones. clips_per_prompt: least, median and most.
        lengths: class of words -> prompts. words: least, median and most words of a prompt.
        kinds: what prompts ask for, by cue words -> prompts.
        near_duplicates: {"measure", "prompts", "groups": [[prompt, ...]]}: how many different prompts are
            nearly the same as another one; None where it was not looked at.
        dimensions: each dimension of the ratings.
        gaps: what is missing, a sentence each, the gravest first.
    """

    clips: int
    rated: int
    generators: Mapping[str, int]
    themes: Mapping[str, int]
    prompts: int
    clips_per_prompt: tuple[int, float, int]
    lengths: Mapping[str, int]
    words: tuple[int, float, int]
    kinds: Mapping[str, int]
    near_duplicates: Mapping[str, Any] | None
    dimensions: tuple[DimensionCoverage, ...]
    gaps: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def coverage(
    clips: Sequence[RatedClip],
    panels: Sequence[Panel],
    *,
    similarity: float | None = None,
    overlap: int | None = None,
) -> Coverage:
    """Count what is there, and name what is not.

    Args:
        clips: all of the store, rated or not.
        panels: the ratings.
        similarity: prompts whose words are at least this similar are near-duplicates (`texts.near`); None
            does not look for them.
        overlap: ratings that each clip should have; None takes the most common number of each dimension.
    """
    prompts = sorted({clip.prompt for clip in clips if clip.prompt.strip()})
    words = [word_count(prompt) for prompt in prompts] or [0]
    per_prompt = list(Counter(clip.prompt for clip in clips if clip.prompt.strip()).values()) or [0]
    lengths = dict.fromkeys(length_names(), 0)
    for prompt in prompts:
        name = length_name(word_count(prompt))
        lengths[name] = lengths.get(name, 0) + 1
    found = Coverage(
        clips=len(clips),
        rated=len({clip.id for panel in panels for clip in panel.clips}),
        generators=_counted(clip.model or "unknown" for clip in clips),
        themes=_counted(clip.theme for clip in clips if clip.theme),
        prompts=len(prompts),
        clips_per_prompt=_spread(per_prompt),
        lengths=lengths,
        words=_spread(words),
        kinds=count_kinds(prompts),
        near_duplicates=None if similarity is None else _near(prompts, similarity),
        dimensions=tuple(_of_dimension(panel, clips) for panel in panels),
        gaps=(),
    )
    return Coverage(**{**found.__dict__, "gaps": tuple(_gaps(found, panels, overlap))})


def _of_dimension(panel: Panel, clips: Sequence[RatedClip]) -> DimensionCoverage:
    counts = panel.counts
    scores = {str(grade): int((panel.scores == grade).sum()) for grade in panel.grades}
    total = sum(scores.values())
    shares = np.array([count / total for count in scores.values() if count]) if total else np.empty(0)
    generators: dict[str, list[int]] = defaultdict(list)
    for place, clip in enumerate(panel.clips):
        generators[clip.model or "unknown"].append(place)
    return DimensionCoverage(
        rubric=panel.rubric.name,
        dimension=panel.dimension,
        clips=len(panel.clips),
        unrated=len({clip.id for clip in clips} - {clip.id for clip in panel.clips}),
        ratings=int(counts.sum()),
        raters=len(panel.raters),
        least=int(counts.min()),
        median=float(np.median(counts)),
        most=int(counts.max()),
        overlap={str(number): int((counts == number).sum()) for number in np.unique(counts)},
        scores=scores,
        evenness=(
            float(-(shares * np.log(shares)).sum() / np.log(len(scores)))
            if total and len(scores) > 1
            else None
        ),
        by_generator={
            name: {
                "clips": len(places),
                "ratings": int(counts[places].sum()),
                "mean": _mean(panel.scores[places]),
            }
            for name, places in sorted(generators.items())
        },
    )


def _mean(scores: Any) -> float | None:
    return None if np.isnan(scores).all() else float(np.nanmean(scores))


def _near(prompts: Sequence[str], similarity: float) -> dict[str, Any]:
    found = near_groups(prompts, similarity).members()
    groups = sorted((group for group in found if len(group) > 1), key=lambda g: (-len(g), g))
    return {
        "measure": f"{measure(similarity)}; groups are what such pairs connect",
        "prompts": sum(len(group) for group in groups),
        "count": len(groups),
        "groups": [[prompts[place] for place in group] for group in groups[:SHOWN_GROUPS]],
    }


def _gaps(found: Coverage, panels: Sequence[Panel], overlap: int | None) -> Iterator[str]:
    if found.rated < found.clips:
        yield f"{found.clips - found.rated} of {found.clips} clips have no rating at all."
    for shown, panel in zip(found.dimensions, panels, strict=True):
        yield from _gaps_of_dimension(shown, panel, overlap, found.clips)
    yield from _gaps_of_generators(found)
    yield from _gaps_of_prompts(found)
    theme = sum(
        clip.theme is None for panel in panels if panel.dimension == "rationality" for clip in panel.clips
    )
    if theme:
        yield f"rationality: {theme} rated clips name no commonsense theme."


def _gaps_of_dimension(
    shown: DimensionCoverage, panel: Panel, overlap: int | None, clips: int
) -> Iterator[str]:
    name = shown.dimension
    if shown.unrated and shown.clips:
        yield f"{name}: {shown.unrated} of {clips} clips have no rating on it."
    wanted = overlap or int(max(shown.overlap, key=lambda number: (shown.overlap[number], int(number))))
    short = sum(count for number, count in shown.overlap.items() if int(number) < wanted)
    if short:
        yield f"{name}: {short} of {shown.clips} rated clips have fewer than {wanted} ratings."
    if wanted < 2 and shown.most < 2:
        yield f"{name}: no clip has two ratings, so nothing tells how reliable they are."
    total = sum(shown.scores.values())
    never = [score for score, count in shown.scores.items() if not count]
    rare = [
        f"{score} ({count / total:.1%})" for score, count in shown.scores.items() if 0 < count < RARE * total
    ]
    if never and total:
        yield f"{name}: {_listed('score', never)} never given."
    if rare:
        yield f"{name}: {_listed('score', rare)} rare, below {RARE:.0%} of the ratings."
    given = (~np.isnan(panel.scores)).sum(axis=0)
    if len(panel.raters) > 2 and given.max() > LARGE_SHARE * given.sum():
        rater = panel.raters[int(given.argmax())]
        yield f"{name}: rater {rater} gave {given.max() / given.sum():.0%} of all ratings."


def _gaps_of_generators(found: Coverage) -> Iterator[str]:
    unknown = found.generators.get("unknown", 0)
    known = {name: count for name, count in found.generators.items() if name != "unknown"}
    if unknown:
        yield f"{unknown} of {found.clips} clips name no generator."
    if len(known) == 1:
        yield f"All named clips are by one generator, {next(iter(known))}."
    fair = sum(known.values()) / len(known) if known else 0
    small = [f"{name} ({count})" for name, count in known.items() if count < SMALL_SHARE * fair]
    if small:
        yield f"Few clips by {_and(small)}, where an even share is {fair:.0f}."
    large = [name for name, count in known.items() if len(known) > 2 and count > LARGE_SHARE * found.clips]
    if large:
        yield f"{large[0]} made {known[large[0]] / found.clips:.0%} of the clips."
    for shown in found.dimensions:
        missing = [name for name in known if name not in shown.by_generator]
        if missing:
            yield f"{shown.dimension}: nothing by {_and(missing)} is rated."


def _gaps_of_prompts(found: Coverage) -> Iterator[str]:
    if not found.prompts:
        yield "No clip has a prompt."
        return
    total = found.prompts
    none = [name for name, count in found.lengths.items() if not count]
    if none:
        yield f"No prompt of {_or(none)} words."
    absent = [kind for kind, count in found.kinds.items() if not count]
    few = [f"{kind} ({count})" for kind, count in found.kinds.items() if 0 < count < RARE * total]
    if absent:
        yield f"No prompt shows a cue of {_or(absent)}."
    if few:
        yield f"Few of the {total} prompts show a cue of {_and(few)}."
    near = found.near_duplicates
    if near and near["prompts"]:
        groups = "1 group" if near["count"] == 1 else f"{near['count']} groups"
        yield (
            f"{near['prompts']} of {total} prompts are nearly the same as another one ({groups}): they add "
            "less than they count, and must not stand on both sides of a split."
        )


def _counted(names: Any) -> dict[str, int]:
    return dict(sorted(Counter(names).items(), key=lambda item: (-item[1], item[0])))


def _spread(values: Sequence[int]) -> tuple[int, float, int]:
    return min(values), float(np.median(values)), max(values)


def _listed(what: str, names: Sequence[str]) -> str:
    return f"{what} {names[0]} is" if len(names) == 1 else f"{what}s {_and(names)} are"


def _and(names: Sequence[str]) -> str:
    return _joined(names, "and")


def _or(names: Sequence[str]) -> str:
    return _joined(names, "or")


def _joined(names: Sequence[str], word: str) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"
