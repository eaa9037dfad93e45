"""A rendered question, and what a reply to it means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from reeljudge.verdicts import Flag, Reason


@dataclass(frozen=True)
class Question:
    """What a judge is asked.

    Attributes:
        dimension: the dimension asked for, None where one reply answers all.
        text: the rendered question.
        prompt: the clip's prompt, which stands inside `text`: the reader must never take a score from it.
        system: a system turn, None for none (then a checkpoint's template may add its own default).
    """

    dimension: str | None
    text: str
    prompt: str = ""
    system: str | None = None

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Chat messages in which `{"type": "video"}` stands for the frames, before the question,
        so that every dimension of a clip shares one prefix."""
        user = {"role": "user", "content": [{"type": "video"}, {"type": "text", "text": self.text}]}
        if self.system is None:
            return [user]
        return [{"role": "system", "content": [{"type": "text", "text": self.system}]}, user]


@dataclass(frozen=True)
class ReadScore:
    """One dimension as it stands in a reply.

    Attributes:
        status: `scored` or `unscored`.
        value: the integer that stands there.
        reason: why there is none.
        span: (start, end) of the number's characters in the reply.
    """

    status: Literal["scored", "unscored"]
    value: int | None = None
    reason: Reason | None = None
    span: tuple[int, int] | None = None


@dataclass(frozen=True)
class Reading:
    """What a reply means.

    Attributes:
        scores: dimension -> its score, for every dimension that was asked for.
        rationale: the reasoning, without tags; None where there is none.
        stages: stage name -> its text, for stages that are present.
        flags: what a careful reader should know.
    """

    scores: Mapping[str, ReadScore]
    rationale: str | None = None
    stages: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[Flag, ...] = ()
