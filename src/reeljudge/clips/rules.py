"""The names of the frame rules."""

import re

from reeljudge.errors import UsageError, did_you_mean

RULES = ("qwen", "keyframes", "uniform:N")


def parse_rule(rule: str, max_frames: int | None = None) -> int | None:
    """The N of `uniform:N`, 3 for `keyframes`, None for `qwen` (whose count depends on the clip).

    Raises:
        UsageError: an unknown rule, an N below 1, or more frames than `max_frames`.
    """
    if rule == "qwen":
        return None
    count = 3 if rule == "keyframes" else None
    if match := re.fullmatch(r"uniform:(\d{1,9})", rule):
        count = int(match[1])
    if count is None:
        name = rule.split(":")[0].strip().lower()
        if name == "uniform":
            raise UsageError(f"frame rule {rule!r} needs a count of frames: write for example uniform:8")
        hint = did_you_mean(name, [known.split(":")[0] for known in RULES]).replace(
            "'uniform'", "'uniform:N'"
        )
        raise UsageError(f"unknown frame rule {rule!r}.{hint}")
    if count < 1:
        raise UsageError(f"frame rule {rule!r}: N must be at least 1")
    if max_frames is not None and count > max_frames:
        raise UsageError(
            f"frame rule {rule!r} takes {count} frames, more than max_frames = {max_frames}; raise max_frames"
        )
    return count
