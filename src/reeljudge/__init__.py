"""reeljudge judges AI-generated video: it looks, it reasons in the open, and then it scores."""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

# Attributes load on first use, so that `import reeljudge` needs neither torch nor SciPy.
_LAZY = {
    "agreement": "reeljudge.agreement",
    "load_judge": "reeljudge.judging:load_judge",
    "load_rubric": "reeljudge.rubrics:load_rubric",
    "read_manifest": "reeljudge.clips:read_manifest",
    "read_reply": "reeljudge.rubrics:read_reply",
    "ReeljudgeError": "reeljudge.errors:ReeljudgeError",
    "Score": "reeljudge.verdicts:Score",
    "Verdict": "reeljudge.verdicts:Verdict",
}

__all__ = ["__version__", *sorted(_LAZY)]

if TYPE_CHECKING:
    from reeljudge import agreement as agreement
    from reeljudge.clips import read_manifest as read_manifest
    from reeljudge.errors import ReeljudgeError as ReeljudgeError
    from reeljudge.judging import load_judge as load_judge
    from reeljudge.rubrics import load_rubric as load_rubric
    from reeljudge.rubrics import read_reply as read_reply
    from reeljudge.verdicts import Score as Score
    from reeljudge.verdicts import Verdict as Verdict


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module 'reeljudge' has no attribute {name!r}")
    module, _, attribute = _LAZY[name].partition(":")
    loaded = import_module(module)
    value = getattr(loaded, attribute) if attribute else loaded
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
