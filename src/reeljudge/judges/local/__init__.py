"""The local judge: any Qwen2-VL, Qwen2.5-VL or Qwen3-VL style checkpoint, run with transformers.

`open_local(target, options) -> LocalJudge` stands behind `hf:REPO-OR-FOLDER` and `videoscore2`.
"""

from typing import TYPE_CHECKING

from reeljudge.errors import MissingExtra
from reeljudge.judges.options import JudgeOptions

if TYPE_CHECKING:
    from reeljudge.judges.local.judge import LocalJudge

__all__ = ["open_local"]


def open_local(target: str, options: JudgeOptions) -> "LocalJudge":
    """Load a checkpoint as a judge.

    Args:
        target: a folder, or a repository of the Hugging Face hub (OWNER/NAME).
        options: adapter, revision, dtype, device, load_in and batch_size are used.

    Raises:
        UsageError: a target or a device that does not exist.
        InputError: the files are no Qwen-VL checkpoint, or not complete.
        JudgeError: the hub cannot be reached, or memory is too small.
        MissingExtra: torch, transformers or peft is not installed.
    """
    try:
        import torch  # noqa: F401
        import transformers  # noqa: F401

        if options.adapter is not None:
            import peft  # noqa: F401
    except ImportError as error:
        raise MissingExtra("the hf: judge", "local") from error

    from reeljudge.judges.local.checkpoint import find_adapter, find_checkpoint
    from reeljudge.judges.local.judge import LocalJudge
    from reeljudge.judges.local.loading import load

    checkpoint = find_checkpoint(target, options.revision)
    adapter = find_adapter(options.adapter) if options.adapter is not None else None
    return LocalJudge(checkpoint, adapter, load(checkpoint, adapter, options), options, own=True)
