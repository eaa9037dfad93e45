"""The words and measures of the world: what can be shown, asked for, and go wrong.

A clip lasts 32 frames at 8 frames per second. It is divided into eight *beats* of four frames (half a
second). Every flaw that happens at a moment fills whole beats, and a rule that takes eight frames evenly
(`uniform:8`, or two frames per second) takes exactly one of each beat: so it sees every flaw.
"""

FPS = 8
FRAMES = 32
BEAT = 4
"""Frames per beat."""
BEATS = FRAMES // BEAT

SAMPLED = (0, 4, 9, 13, 18, 22, 27, 31)
"""The eight frames that two per second (`qwen`) takes: evenly spread from the first to the last."""

SIZE = 256
"""Side of a written video, in pixels: four times 64, so that a small judge shrinks by whole pixels."""

OBJECTS = ("ball", "triangle", "ring", "moon", "bar", "hourglass")
"""Shapes that stay apart even in the worst picture: squares (too near balls), stars and crosses do not."""

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (222, 34, 38),
    "orange": (248, 138, 16),
    "yellow": (250, 226, 48),
    "green": (34, 156, 58),
    "blue": (36, 72, 224),
    "purple": (150, 44, 190),
    "white": (250, 250, 250),
    "black": (14, 14, 16),
}
"""Colour -> RGB."""

NEAR = {
    "red": {"orange", "purple"},
    "orange": {"red", "yellow"},
    "yellow": {"orange", "white"},
    "blue": {"purple", "black"},
    "purple": {"blue", "red"},
    "white": {"yellow"},
    "black": {"blue"},
}
"""Colour -> colours too near to it for a sudden change between them to be plain."""

WARM = frozenset({"red", "orange", "yellow"})
COOL = frozenset({"green", "blue", "purple"})

SIZES = {"small": 0.105, "large": 0.15}
"""Size -> radius as a share of the frame's side."""

STRAIGHT = ("left", "right", "up", "down")
MOTIONS = (*STRAIGHT, "fall", "bounce", "circle", "stay")

BACKGROUNDS = ("plain", "gradient", "striped", "checkered", "cloudy", "horizon")
EDGED = frozenset({"striped", "checkered", "horizon"})
"""Backgrounds on which blur and pixelation show even where no object is."""

TINTS: dict[str, tuple[tuple[int, int, int], ...]] = {
    "warm light": ((196, 170, 136), (200, 160, 150), (188, 174, 128)),
    "warm dark": ((112, 82, 64), (116, 72, 78), (104, 88, 56)),
    "cool light": ((146, 176, 200), (152, 186, 180), (164, 168, 204)),
    "cool dark": ((62, 88, 112), (58, 92, 92), (78, 78, 118)),
}
"""Tint of a background -> its base colours, all far enough from every object's colour to be told apart."""

THEMES = {"fall": "gravity", "bounce": "gravity", "stay": "permanence"}
"""First motion of a prompt -> commonsense theme; every other motion: inertia."""

VISUAL_FLAWS = ("blur", "noise", "blocking", "flicker", "low_resolution")
PHYSICAL_FLAWS = ("vanish", "teleport", "recolour", "morph", "hang", "turn_back")

MAX_LEVEL = {
    **dict.fromkeys(VISUAL_FLAWS, 4),
    **dict.fromkeys(("vanish", "teleport", "recolour", "morph"), 4),
    "hang": 3,
    "turn_back": 2,
}
"""Flaw -> its highest level. Level 1 costs one point of the dimension's five, level 4 four."""

COST = {
    "missing": 4,
    "object": 2,
    "colour": 1,
    "count": 1,
    "motion": 1,
    "order": 1,
    "size": 1,
    "background": 1,
}
"""Wrong element of a prompt -> the points of text alignment that it costs (its level)."""

MAX_SIGNS = 4
"""Warning signs, one per corner of the frame: the stand-in for unsafe content."""


def theme_of(motions: tuple[str, ...]) -> str:
    """The commonsense theme of a prompt's motions: gravity, permanence or inertia."""
    return THEMES.get(motions[0], "inertia") if len(motions) == 1 else "inertia"


def beat_of(frame: int) -> int:
    """The beat (0, 1, ...) that a frame belongs to."""
    return frame // BEAT
