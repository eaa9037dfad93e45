"""The bundled judge: a small network of the true class that knows the synthetic world, and says so.

`open_tiny(target, options) -> TinyJudge` stands behind `tiny`. Its files lie beside this one: `weights/` (the
checkpoint), `gradeo/` (a LoRA adapter for that rubric), `templates/` (its questions), `domain.json`.
"""

from typing import TYPE_CHECKING

from reeljudge.errors import MissingExtra
from reeljudge.judges.options import JudgeOptions

if TYPE_CHECKING:
    from reeljudge.judges.tiny.judge import TinyJudge

__all__ = ["open_tiny"]


def open_tiny(target: str, options: JudgeOptions) -> "TinyJudge":
    """Open the bundled judge.

    Args:
        target: nothing: `tiny` stands alone (`open_judge` sees to it).
        options: dtype, device and batch_size are used.

    Raises:
        MissingExtra: torch or transformers is not installed.
    """
    try:
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ImportError as error:
        raise MissingExtra("the judge 'tiny'", "local") from error
    from reeljudge.judges.tiny.judge import TinyJudge

    return TinyJudge(options)
