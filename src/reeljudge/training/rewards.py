"""Rewards of GRPO: how right the scores of a reply are, whether it has the form, and a bonus for its length.

Source: arXiv 2509.22799, section 3.4, and its published trainer. By default replies are read by the one
reader and must have the asked form to earn anything; `paper_exact` follows the published pattern.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reeljudge.rubrics import Question, Rubric, read_reply
from reeljudge.verdicts import Finish

PARTIAL = {0: 1.0, 1: 0.7, 2: 0.4, 3: 0.1}
"""Sum of the absolute errors of the dimensions -> accuracy reward, where none is off by more than one."""

BONUS_FLOOR = 0.1
"""A length bonus is paid above this accuracy only."""

PAPER_SCORES = re.compile(
    r"visual quality:\s*(\d+).*?"
    r"text-to-video alignment:\s*(\d+).*?"
    r"physical/common-sense consistency:\s*(\d+)",
    re.DOTALL | re.IGNORECASE,
)
PAPER_DIMENSIONS = ("visual_quality", "text_alignment", "physical_consistency")
PAPER_FORMAT = re.compile(r"<think>.*?</think>", re.DOTALL)

SPOILING = frozenset({"premature_score", "missing_stage", "contradiction", "leaked_label", "prompt_echo"})
"""Flags of the reader with which a reply earns nothing: each is a way to score without judging."""

MIN_WORDS = 3
"""Words that reasoning holds at the least."""


@dataclass(frozen=True)
class Reward:
    """What a reply earns. `total` includes the weighted format reward, not yet the length bonus."""

    accuracy: float
    format: float
    total: float


def accuracy_reward(scores: Mapping[str, int | None], truth: Mapping[str, int]) -> float:
    """1 where every dimension is right; 0.7, 0.4, 0.1 where they are off by one in 1, 2, 3 of them; else 0.

    A dimension without a score makes the reward 0.
    """
    errors = []
    for name, right in truth.items():
        value = scores.get(name)
        if value is None:
            return 0.0
        errors.append(abs(value - right))
    return PARTIAL.get(sum(errors), 0.0) if max(errors, default=9) <= 1 else 0.0


def reply_reward(
    text: str,
    rubric: Rubric,
    truth: Mapping[str, int],
    *,
    dimension: str | None = None,
    question: Question | None = None,
    finish: Finish | None = "stop",
    format_weight: float = 0.0,
    paper_exact: bool = False,
) -> Reward:
    """The reward of one reply.

    Args:
        truth: dimension -> true score.
        finish: `length` where the reply was cut off: it then earns nothing.
        paper_exact: read the published pattern anywhere in the reply, reasoning included, with no check of
            form; the format reward looks for `<think>...</think>` from the very first character.
    """
    if paper_exact:
        match = PAPER_SCORES.search(text)
        values = [None] * 3 if match is None else [int(digits) for digits in match.groups()]
        accuracy = accuracy_reward(dict(zip(PAPER_DIMENSIONS, values, strict=True)), truth)
        well_formed = float(PAPER_FORMAT.match(text) is not None)
    else:
        reading = read_reply(text, rubric, dimension, finish=finish, question=question)
        well_formed = float(finish != "length" and has_form(text, rubric, dimension, reading))
        values_read = {name: reading.scores[name].value for name in truth}
        accuracy = accuracy_reward(values_read, truth) * well_formed
    return Reward(accuracy, well_formed, accuracy + format_weight * well_formed)


def has_form(text: str, rubric: Rubric, dimension: str | None, reading: object) -> bool:
    """Whether a reply reasons first and then answers once, for every dimension, and says nothing after.

    Stricter than the reader, which finds a score wherever a person would: what is learned from must not be
    able to earn by answering twice, in the reasoning, or before it.
    """
    from reeljudge.rubrics import Reading

    assert isinstance(reading, Reading)
    if SPOILING & set(reading.flags) or len((reading.rationale or "").split()) < MIN_WORDS:
        return False
    spans = [score.span for score in reading.scores.values()]
    if any(span is None for span in spans):
        return False
    tags = _last_reasoning_tag(rubric, dimension)
    ends = [match.end() for match in re.finditer(tags, text, re.IGNORECASE)]
    behind = text[ends[-1] :] if ends else ""
    if not ends or any(span is not None and span[0] < ends[-1] for span in spans):
        return False
    # One number per dimension (and the numbering of the lines) is all that an answer holds.
    names = rubric.dimensions if dimension is None else (rubric.dimension(dimension),)
    return all(len(re.findall(re.escape(d.label), behind, re.IGNORECASE)) == 1 for d in names) and (
        len(behind.split()) <= sum(len(d.label.split()) + 4 for d in names)
    )


def _last_reasoning_tag(rubric: Rubric, dimension: str | None) -> str:
    """A pattern of the tag that ends the reasoning: `</think>`, or the last stage before the answer's."""
    about = None if dimension is None else rubric.dimension(dimension)
    stages = [stage for stage in rubric.stages_of(about) if stage.name != rubric.answer_stage]
    names = [stages[-1].tag] if stages else list(rubric.reasoning_tags)
    return "|".join(rf"<\s*/\s*{re.escape(name)}\s*>" for name in names)


def with_length_bonus(
    rewards: Sequence[Reward], tokens: Sequence[int], bonus: float, allowed: tuple[int, int]
) -> list[float]:
    """The totals of a group, with the bonus for accurate replies of a wanted length.

    It is paid only where at least two of the group are accurate (accuracy above 0.1), to those of them whose
    length lies in `allowed`, ends included.
    """
    accurate = [reward.accuracy > BONUS_FLOOR for reward in rewards]
    if bonus == 0 or sum(accurate) < 2:
        return [reward.total for reward in rewards]
    low, high = allowed
    return [
        reward.total + bonus * (good and low <= count <= high)
        for reward, good, count in zip(rewards, accurate, tokens, strict=True)
    ]
