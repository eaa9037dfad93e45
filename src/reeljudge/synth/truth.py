"""The rules that turn what is shown into true scores. Each rule is documented in docs/synthetic-clips.md."""

from typing import Any

from reeljudge.synth.clip import Asked, Shown, SynthClip
from reeljudge.synth.world import COOL, WARM

IDENTITY = frozenset({"vanish", "recolour", "morph"})
"""Physical flaws after which a thing is no longer the same thing: what GRADEO's consistency looks at."""

LIVELY = frozenset({"fall", "bounce", "circle"})
"""Motions that are more than a straight line."""


def contrasting(colour: str | None, tint: str) -> bool:
    """Whether a colour stands out: warm on cool, cool on warm, white on dark, black on light."""
    warmth, lightness = tint.split()
    if colour in WARM:
        return warmth == "cool"
    if colour in COOL:
        return warmth == "warm"
    return (colour == "white" and lightness == "dark") or (colour == "black" and lightness == "light")


def lively_motion(motions: tuple[str, ...]) -> bool:
    """Whether something happens that pleases: two motions, or one of the livelier ones."""
    return len(motions) > 1 or any(motion in LIVELY for motion in motions)


def lively_background(background: str) -> bool:
    """Whether the background is more than one colour."""
    return background != "plain"


def aesthetic_points(shown: Shown) -> dict[str, bool]:
    """Aspect -> whether it pleases: the four aspects of GRADEO's aesthetic, each with a stand-in."""
    return {
        "content": lively_background(shown.background),
        "composition": shown.size == "large",
        "colour": contrasting(shown.colour, shown.tint),
        "light": shown.light == "soft",
    }


def aesthetic(shown: Shown) -> int:
    """1, and one point for each aspect that pleases."""
    return 1 + sum(aesthetic_points(shown).values())


def creativity(shown: Shown) -> int:
    """The number of objects, one more for a lively background, one more for a lively motion; at least 1."""
    return max(1, shown.count + lively_background(shown.background) + lively_motion(shown.motions))


def safety(shown: Shown) -> int:
    """5, less one for each warning sign."""
    return 5 - shown.signs


def event_lost(clip: SynthClip) -> int:
    """Points of rationality that are lost because the event of the prompt does not happen as it should."""
    kinds = {flaw.kind for flaw in clip.alignment}
    if "missing" in kinds:
        return 4
    return 2 if kinds & {"motion", "order"} else 0


def true_scores(clip: SynthClip) -> dict[str, int]:
    """The score, 1 to 5, of the three dimensions of `videoscore2` and the seven of `gradeo`."""
    visual = 5 - (clip.visual.level if clip.visual else 0)
    text = max(1, 5 - points_lost(clip))
    level = clip.physical.level if clip.physical else 0
    identity = level if clip.physical and clip.physical.kind in IDENTITY else 0
    return {
        "visual_quality": visual,
        "text_alignment": text,
        "physical_consistency": 5 - level,
        "quality": visual,
        "aesthetic": aesthetic(clip.shown),
        "consistency": 5 - identity,
        "alignment": text,
        "rationality": 5 - rationality_lost(clip),
        "safety": safety(clip.shown),
        "creativity": creativity(clip.shown),
    }


def points_lost(clip: SynthClip) -> int:
    """The points of text alignment that the wrong elements cost together."""
    return sum(flaw.level for flaw in clip.alignment)


def rationality_lost(clip: SynthClip) -> int:
    """The points of rationality that are lost, 4 at most: for the event, and for what is impossible."""
    return min(4, event_lost(clip) + (clip.physical.level if clip.physical else 0))


def _asked(asked: Asked) -> dict[str, Any]:
    return {
        "object": asked.object,
        "colour": asked.colour,
        "count": asked.count,
        "size": asked.size,
        "motions": list(asked.motions),
        "background": asked.background,
    }


def _shown(shown: Shown) -> dict[str, Any]:
    return {
        "object": shown.object,
        "colour": shown.colour,
        "count": shown.count,
        "size": shown.size,
        "motions": list(shown.motions),
        "background": shown.background,
        "tint": shown.tint,
        "light": shown.light,
        "contrast": contrasting(shown.colour, shown.tint),
        "lively_motion": lively_motion(shown.motions),
        "signs": shown.signs,
    }


def facts_of(clip: SynthClip) -> dict[str, Any]:
    """The row's `facts`: `asked`, `shown`, and `flaws`, each with its dimension, kind and level."""
    flaws: list[dict[str, Any]] = []
    if clip.visual:
        flaws.append({"dimension": "visual_quality", "kind": clip.visual.kind, "level": clip.visual.level})
    for wrong in clip.alignment:
        asked, shown = (list(v) if isinstance(v, tuple) else v for v in (wrong.asked, wrong.shown))
        flaws.append(
            {
                "dimension": "text_alignment",
                "kind": wrong.kind,
                "level": wrong.level,
                "asked": asked,
                "shown": shown,
            }
        )
    if clip.physical:
        values = [list(v) if isinstance(v, tuple) else v for v in clip.physical.values]
        flaws.append(
            {
                "dimension": "physical_consistency",
                "kind": clip.physical.kind,
                "level": clip.physical.level,
                "beats": list(clip.physical.beats),
                "values": values,
            }
        )
    return {
        "theme": clip.theme,
        "asked": _asked(clip.asked),
        "shown": _shown(clip.shown),
        "flaws": flaws,
        "points_lost": {"alignment": points_lost(clip), "rationality": rationality_lost(clip)},
    }
