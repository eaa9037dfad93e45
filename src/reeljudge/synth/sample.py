"""From a seed, an index and a split to a clip. Clip `i` never depends on how many there are."""

from dataclasses import replace
from typing import Any

from reeljudge.errors import UsageError, did_you_mean
from reeljudge.synth.clip import AlignmentFlaw, Asked, PhysicalFlaw, Shown, Stage, SynthClip, VisualFlaw
from reeljudge.synth.draw import Draw
from reeljudge.synth.generators import GENERATORS
from reeljudge.synth.impossible import jump_flaw, kinds_for, plain_flaw
from reeljudge.synth.paths import Path, lay_path
from reeljudge.synth.prompts import PAIRS, SPLITS, draw_asked, write_prompt
from reeljudge.synth.truth import contrasting
from reeljudge.synth.world import (
    BACKGROUNDS,
    COLOURS,
    COST,
    EDGED,
    FRAMES,
    MAX_SIGNS,
    MOTIONS,
    OBJECTS,
    SIZES,
    TINTS,
    VISUAL_FLAWS,
    theme_of,
)

ALIKE = (frozenset({"fall", "down"}),)
"""Motions that people may call by the same name: none stands in for the other as a wrong motion."""


def sample_clip(seed: int, index: int, split: str = "train") -> SynthClip:
    """Clip `index` of the set that `seed` and `split` name.

    Four clips in a row share a prompt and are by the four generators: they are a group.

    Raises:
        UsageError: an unknown split, or a negative index.
    """
    if split not in SPLITS:
        raise UsageError(f"unknown split {split!r}.{did_you_mean(split, SPLITS)}")
    if index < 0:
        raise UsageError(f"a clip's index is 0 or more, got {index}")
    asked_draw = Draw(seed, split, "group", index // len(GENERATORS))
    asked = draw_asked(split, asked_draw)
    prompt = write_prompt(asked, asked_draw)

    generator = GENERATORS[index % len(GENERATORS)]
    draw = Draw(seed, split, "clip", index)
    scores = generator.draw_scores(draw)
    physical_level = 5 - scores["physical_consistency"]
    wrong = _wrong_elements(
        asked, 5 - scores["text_alignment"], missing_allowed=not physical_level, draw=draw
    )
    shown = _shown(asked, wrong, draw)
    visual = _visual_flaw(5 - scores["visual_quality"], shown, draw)
    path: Path = ((),) * FRAMES
    physical = None
    if shown.object is not None:
        physical, path = _physical_flaw(physical_level, asked, shown, path_stream(seed, split, index), draw)
    stage = Stage(
        path=path,
        base=draw.pick(TINTS[shown.tint]),
        pattern=tuple(draw.unit() for _ in range(4)),
        corners=tuple(draw.some(range(MAX_SIGNS), shown.signs)),
        noise=draw.integer(),
    )
    return SynthClip(
        seed=seed,
        index=index,
        split=split,
        model=generator.name,
        prompt=prompt,
        theme=theme_of(asked.motions),
        asked=asked,
        shown=shown,
        visual=visual,
        alignment=tuple(
            AlignmentFlaw(kind, COST[kind], _element(asked, kind), _element(shown, kind)) for kind in wrong
        ),
        physical=physical,
        stage=stage,
    )


def path_stream(seed: int, split: str, index: int) -> tuple[object, ...]:
    """Name of the stream that lays a clip's path, so that the same path can be laid again without a flaw."""
    return seed, split, "path", index


def without(clip: SynthClip, *, visual: bool = False, physical: bool = False) -> SynthClip:
    """The same clip without its visual or its physical flaw: what a flaw is compared with."""
    if visual:
        clip = replace(clip, visual=None)
    if physical and clip.physical is not None and clip.shown.size is not None:
        again = Draw(*path_stream(clip.seed, clip.split, clip.index))
        radius = SIZES[clip.shown.size]
        path = lay_path(clip.shown.motions, clip.shown.count, radius, None, again)
        clip = replace(clip, physical=None, stage=replace(clip.stage, path=path))
    return clip


def _wrong_elements(asked: Asked, cost: int, *, missing_allowed: bool, draw: Draw) -> tuple[str, ...]:
    """Elements of the prompt that the clip gets wrong; together they cost `cost` points (0 to 4)."""
    if cost == 0:
        return ()
    if cost == COST["missing"] and missing_allowed and draw.chance(0.25):
        return ("missing",)
    motion = "motion" if len(asked.motions) == 1 or draw.chance(0.4) else "order"
    single = ["colour", "count", motion]
    single += ["size"] if asked.size else []
    single += ["background"] if asked.background else []
    thing = cost >= COST["object"] and (cost > len(single) or draw.chance(0.45))
    rest = draw.some(single, cost - COST["object"] if thing else cost)
    return (*(("object",) if thing else ()), *rest)


def _other(value: str, values: tuple[str, ...], draw: Draw) -> str:
    return draw.pick([other for other in values if other != value])


def _shown(asked: Asked, wrong: tuple[str, ...], draw: Draw) -> Shown:
    """What is shown: what was asked for but for the wrong elements, and what was not asked for at random."""
    background = asked.background or ("plain" if draw.chance(0.4) else draw.pick(BACKGROUNDS[1:]))
    if "background" in wrong:
        background = _other(background, BACKGROUNDS, draw)
    size = asked.size or draw.pick(tuple(SIZES))
    if "size" in wrong:
        size = "small" if size == "large" else "large"
    thing = _other(asked.object, OBJECTS, draw) if "object" in wrong else asked.object
    colour = _other(asked.colour, tuple(COLOURS), draw) if "colour" in wrong else asked.colour
    count = asked.count
    if "count" in wrong:
        count = draw.pick(
            [number for number in ((1, 2, 3) if len(asked.motions) == 1 else (1, 2)) if number != count]
        )
    motions = _wrong_motions(asked.motions, wrong, draw)
    tint, light = _looks(background != "plain", size == "large", colour, draw)
    signs = 0 if draw.chance(0.4) else 1 + int(draw.unit() * MAX_SIGNS)
    if "missing" in wrong:
        return Shown(None, None, 0, None, (), background, tint, light, signs)
    return Shown(thing, colour, count, size, motions, background, tint, light, signs)


def _wrong_motions(asked: tuple[str, ...], wrong: tuple[str, ...], draw: Draw) -> tuple[str, ...]:
    if "order" in wrong:
        return asked[::-1]
    if "motion" not in wrong:
        return asked
    if len(asked) == 1:
        taken = {*asked, *(motion for pair in ALIKE if asked[0] in pair for motion in pair)}
        return (draw.pick([motion for motion in MOTIONS if motion not in taken]),)
    place = draw.pick((0, 1))
    kept = asked[1 - place]
    # The swapped pair would be a wrong order, which is another flaw.
    return draw.pick(
        [
            pair
            for pair in PAIRS
            if pair[1 - place] == kept and pair[place] != asked[place] and pair != asked[::-1]
        ]
    )


def _looks(lively: bool, large: bool, colour: str, draw: Draw) -> tuple[str, str]:
    """Tint and light, chosen so that the aesthetic points (0 to 4) come out about equally often."""
    given = lively + large
    more = draw.weighted(({0: 4, 1: 1, 2: 0.3}, {0: 2, 1: 2, 2: 2}, {0: 0.3, 1: 1, 2: 4})[given])
    contrast = more == 2 or (more == 1 and draw.chance(0.5))
    tints = [tint for tint in TINTS if contrasting(colour, tint) == contrast]
    return draw.pick(tints), "soft" if more - contrast else "flat"


def _visual_flaw(level: int, shown: Shown, draw: Draw) -> VisualFlaw | None:
    if level == 0:
        return None
    kinds: tuple[str, ...] = VISUAL_FLAWS
    if shown.object is None and shown.background not in EDGED:
        kinds = tuple(kind for kind in VISUAL_FLAWS if kind not in ("blur", "low_resolution"))
    return VisualFlaw(draw.pick(kinds), level)


def _physical_flaw(
    level: int, asked: Asked, shown: Shown, stream: tuple[object, ...], draw: Draw
) -> tuple[PhysicalFlaw | None, Path]:
    assert shown.object is not None
    assert shown.colour is not None
    assert shown.size is not None
    radius = SIZES[shown.size]
    flaw = None
    if level:
        kept = frozenset({asked.object, asked.colour})
        kind = draw.weighted(kinds_for(shown.motions, level))
        if kind == "teleport":
            path = lay_path(shown.motions, shown.count, radius, None, Draw(*stream))
            flaw = jump_flaw(level, path, radius, shown.motions, draw)
            if flaw is None:
                kind = draw.pick(("vanish", "recolour", "morph"))
        if flaw is None:
            flaw = plain_flaw(kind, level, shown.colour, shown.object, kept, draw)
    return flaw, lay_path(shown.motions, shown.count, radius, flaw, Draw(*stream))


def _element(thing: Asked | Shown, kind: str) -> Any:
    """The value of the element that a flaw of alignment is about."""
    if kind in ("motion", "order"):
        return thing.motions
    return getattr(thing, "object" if kind == "missing" else kind)
