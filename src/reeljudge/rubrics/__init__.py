"""Rubrics: how to ask, and how to read the answer.

- `load_rubric(name_or_path) -> Rubric`
- `ask(rubric, prompt, theme=None, dimensions=None, template=None) -> list[Question]`
- `read_reply(text, rubric, dimension=None, finish=None, question=None) -> Reading`
- `soft_score(span, digits, scale) -> SoftScore | None`
"""

from reeljudge.rubrics.ask import ask
from reeljudge.rubrics.load import RUBRICS, load_rubric
from reeljudge.rubrics.model import Dimension, Level, Rubric, Scale, Stage
from reeljudge.rubrics.question import Question, Reading, ReadScore
from reeljudge.rubrics.read import answer_complete, read_reply
from reeljudge.rubrics.soft import SoftScore, soft_score, upstream_soft_score

__all__ = [
    "RUBRICS",
    "Dimension",
    "Level",
    "Question",
    "ReadScore",
    "Reading",
    "Rubric",
    "Scale",
    "SoftScore",
    "Stage",
    "answer_complete",
    "ask",
    "load_rubric",
    "read_reply",
    "soft_score",
    "upstream_soft_score",
]
