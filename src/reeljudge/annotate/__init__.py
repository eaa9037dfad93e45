"""The rating page: a small web app in which people rate clips, decide differences and check reasoning.

- `Settings`: how clips are shared out, and what a rater is asked for
- `open_task(...) -> Task`: clips, rubric and store as one thing to be worked on
- `make_app(task, ...)`, `serve(task, ...)`: the web app
- `Links(store)`: the personal links by which raters enter
"""

from typing import TYPE_CHECKING

from reeljudge.annotate.settings import Settings
from reeljudge.lazy import lazy
from reeljudge.ratings.panels import ADJUDICATOR

__all__ = [
    "ADJUDICATOR",
    "Links",
    "Settings",
    "Task",
    "checked_rows",
    "make_app",
    "open_task",
    "serve",
]

if TYPE_CHECKING:
    from reeljudge.annotate.app import make_app as make_app
    from reeljudge.annotate.links import Links as Links
    from reeljudge.annotate.lists import checked_rows as checked_rows
    from reeljudge.annotate.server import serve as serve
    from reeljudge.annotate.task import Task as Task
    from reeljudge.annotate.task import open_task as open_task

# What needs SQLAlchemy, FastAPI or SciPy loads on first use.
__getattr__ = lazy(
    __name__,
    {
        "Links": "reeljudge.annotate.links",
        "Task": "reeljudge.annotate.task",
        "checked_rows": "reeljudge.annotate.lists",
        "make_app": "reeljudge.annotate.app",
        "open_task": "reeljudge.annotate.task",
        "serve": "reeljudge.annotate.server",
    },
    ("the rating page", "annotate"),
)
