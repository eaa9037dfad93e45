"""The errors that reeljudge raises on purpose: one clear line each (what, where, how to mend it)."""

from collections.abc import Iterable
from difflib import get_close_matches


class ReeljudgeError(Exception):
    """Base of every error that is raised on purpose. Its text is one line for a person."""


class UsageError(ReeljudgeError):
    """The request itself is wrong: an unknown name, an option out of range (exit status 2)."""


class InputError(ReeljudgeError):
    """A file of the user's cannot be used as it is: the message names file, row and mend."""


class MissingExtra(ReeljudgeError):
    """A part of reeljudge needs packages that are not installed."""

    def __init__(self, what: str, extra: str):
        super().__init__(f"{what} needs packages that are not installed: pip install 'reeljudge[{extra}]'")


class ClipError(ReeljudgeError):
    """A video cannot be judged. `reason` is the verdict's reason for none."""

    reason: str = "video_unreadable"


class VideoUnreadable(ClipError):
    """The video is missing, broken, not a video, or has too few frames that decode."""

    reason = "video_unreadable"


class VideoTooLarge(ClipError):
    """The video exceeds a limit on bytes, pixels, frames, seconds of video or seconds of work."""

    reason = "video_too_large"


class JudgeError(ReeljudgeError):
    """A judge could not answer (out of memory, server gone, no recorded reply): reason `backend_error`."""

    reason: str = "backend_error"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """' Did you mean X?' where something close is known, else the list of what is known."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f" Did you mean {close[0]!r}?"
    return f" Known: {', '.join(names)}." if names else ""
