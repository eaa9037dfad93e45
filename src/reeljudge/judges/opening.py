"""From the `--judge` string to a judge."""

from collections.abc import Callable
from dataclasses import replace

from reeljudge.errors import UsageError
from reeljudge.judges.options import JudgeOptions
from reeljudge.judges.protocol import Judge
from reeljudge.registry import Registry

JUDGES: Registry[Callable[[str, JudgeOptions], Judge]] = Registry(
    "judge",
    "reeljudge.judges",
    {
        "hf": "reeljudge.judges.local:open_local",
        "served": "reeljudge.judges.served:open_served",
        "recorded": "reeljudge.judges.recorded:open_recorded",
        "videoscore2": "reeljudge.judges.opening:open_videoscore2",
    },
)
"""Kind -> function of (what stands behind the colon, options)."""

VIDEOSCORE2 = "TIGER-Lab/VideoScore2"


def open_videoscore2(target: str, options: JudgeOptions) -> Judge:
    if target:
        raise UsageError(f"'videoscore2' takes nothing behind a colon, got {target!r}")
    return JUDGES.get("hf")(VIDEOSCORE2, options)


def open_judge(name: str, options: JudgeOptions | None = None) -> Judge:
    """The judge that a `--judge` string names: `KIND` or `KIND:TARGET`.

    Raises:
        UsageError: an unknown kind, or a kind that needs a target and got none.
    """
    kind, _, target = name.partition(":")
    return JUDGES.get(kind)(target, options or replace(JudgeOptions()))
