"""The bundled judge: a small network of the true class that knows the synthetic world, and says so.

`open_tiny(target, options) -> TinyJudge` stands behind `tiny`. Its files lie beside this one: `weights/` (the
checkpoint), `gradeo/` (a LoRA adapter for that rubric), `templates/` (its questions), `domain.json`.
"""

from typing import TYPE_CHECKING

from reeljudge.errors import MissingExtra, UsageError
from reeljudge.judges.options import JudgeOptions

if TYPE_CHECKING:
    from reeljudge.judges.tiny.judge import TinyJudge

__all__ = ["open_tiny"]

USABLE = ("dtype", "device", "batch_size")


def open_tiny(target: str, options: JudgeOptions) -> "TinyJudge":
    """Open the bundled judge.

    Args:
        target: nothing: `tiny` stands alone.
        options: dtype, device and batch_size are used.

    Raises:
        UsageError: a target, or an option of another kind of judge.
        MissingExtra: torch or transformers is not installed.
    """
    if target:
        raise UsageError(f"'tiny' takes nothing behind a colon, got {target!r}")
    for name, value in vars(options).items():
        if value is not None and name not in USABLE:
            raise UsageError(f"--{name.replace('_', '-')} is not for the judge 'tiny'")
    if options.batch_size is not None and options.batch_size < 1:
        raise UsageError(f"--batch-size must be at least 1, got {options.batch_size}")
    try:
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ImportError as error:
        raise MissingExtra("the judge 'tiny'", "local") from error
    from reeljudge.judges.tiny.judge import TinyJudge

    return TinyJudge(options)
