"""A synthetic clip: what was asked for, what is shown, every flaw, and all that is true because of it."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Offset = tuple[float, float]


@dataclass(frozen=True)
class Asked:
    """What a prompt asks for. `size` and `background` are None where it does not mention them."""

    object: str
    colour: str
    count: int
    motions: tuple[str, ...]
    size: str | None = None
    background: str | None = None


@dataclass(frozen=True)
class Shown:
    """What a clip mainly shows: in the beats that no physical flaw touches.

    Where the object is missing, `object`, `colour` and `size` are None, `count` is 0 and `motions` empty.
    """

    object: str | None
    colour: str | None
    count: int
    size: str | None
    motions: tuple[str, ...]
    background: str
    tint: str
    light: str
    signs: int


@dataclass(frozen=True)
class VisualFlaw:
    """A flaw of the picture. `level`: 1 (slight) to 4 (severe)."""

    kind: str
    level: int


@dataclass(frozen=True)
class AlignmentFlaw:
    """An element of the prompt that the clip gets wrong. `level`: the points it costs."""

    kind: str
    level: int
    asked: Any
    shown: Any


@dataclass(frozen=True)
class PhysicalFlaw:
    """Something impossible.

    Attributes:
        kind: which.
        level: 1 to 4: how often it happens, or for how long (see `world`).
        beats: the beats it fills.
        values: one per beat: the colour or object that appears, or the offset of the jump; else empty.
    """

    kind: str
    level: int
    beats: tuple[int, ...]
    values: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Stage:
    """How the shown things are placed: what decides pixels but is no fact of its own.

    Attributes:
        path: positions (x, y) of each object in each frame, shares of the side: frames x objects.
        base: RGB of the background.
        pattern: numbers that place the background's pattern, each in [0, 1).
        corners: the corners that carry warning signs.
        noise: key of the random fields.
    """

    path: tuple[tuple[Offset, ...], ...]
    base: tuple[int, int, int]
    pattern: tuple[float, ...]
    corners: tuple[int, ...]
    noise: int


@dataclass(frozen=True)
class SynthClip:
    """One synthetic clip. `render` draws it; `row` is its manifest row."""

    seed: int
    index: int
    split: str
    model: str
    prompt: str
    theme: str
    asked: Asked
    shown: Shown
    visual: VisualFlaw | None
    alignment: tuple[AlignmentFlaw, ...]
    physical: PhysicalFlaw | None
    stage: Stage = field(repr=False)

    @property
    def id(self) -> str:
        return f"{self.split}-{self.seed}-{self.index:06d}"

    @property
    def group(self) -> str:
        from reeljudge.synth.generators import GENERATORS

        return f"{self.split}-{self.seed}-g{self.index // len(GENERATORS):05d}"

    @cached_property
    def scores(self) -> dict[str, int]:
        """True 1-5 score of every dimension of both rubrics."""
        from reeljudge.synth.truth import true_scores

        return true_scores(self)

    @cached_property
    def rationales(self) -> dict[str, Any]:
        """`{"videoscore2": {dimension: text}, "gradeo": {dimension: {stage: text}}}`, all of it true."""
        from reeljudge.synth.rationales import write_rationales

        return write_rationales(self)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What was asked for, what is shown and every flaw with its level, as JSON values."""
        from reeljudge.synth.truth import facts_of

        return facts_of(self)

    def row(self, video: str | None = None) -> dict[str, Any]:
        """The manifest row; `video` is the path relative to the manifest."""
        return {
            "id": self.id,
            "video": video or f"videos/{self.id}.mp4",
            "prompt": self.prompt,
            "model": self.model,
            "group": self.group,
            "theme": self.theme,
            "split": self.split,
            "human": dict(self.scores),
            "rationales": self.rationales,
            "facts": self.facts,
        }
