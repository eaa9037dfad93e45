"""reeljudge judges AI-generated video: it looks, it reasons in the open, and then it scores."""

from typing import TYPE_CHECKING

from reeljudge.lazy import lazy

__version__ = "0.1.0"

__all__ = [
    "ReeljudgeError",
    "Score",
    "Verdict",
    "__version__",
    "agreement",
    "load_judge",
    "load_rubric",
    "read_manifest",
    "read_reply",
]

if TYPE_CHECKING:
    from reeljudge import agreement as agreement
    from reeljudge.clips import read_manifest as read_manifest
    from reeljudge.errors import ReeljudgeError as ReeljudgeError
    from reeljudge.judging import load_judge as load_judge
    from reeljudge.rubrics import load_rubric as load_rubric
    from reeljudge.rubrics import read_reply as read_reply
    from reeljudge.verdicts import Score as Score
    from reeljudge.verdicts import Verdict as Verdict

# Attributes load on first use, so that `import reeljudge` needs neither torch nor SciPy.
__getattr__ = lazy(
    __name__,
    {
        "agreement": "reeljudge.agreement",
        "load_judge": "reeljudge.judging",
        "load_rubric": "reeljudge.rubrics",
        "read_manifest": "reeljudge.clips",
        "read_reply": "reeljudge.rubrics",
        "ReeljudgeError": "reeljudge.errors",
        "Score": "reeljudge.verdicts",
        "Verdict": "reeljudge.verdicts",
    },
)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
