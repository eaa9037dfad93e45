"""Scales recognised from values, and values that do not belong to them."""

import numpy as np
import pytest

from reeljudge.agreement import ValueRange
from reeljudge.agreement.scales import recognise, shared_scale, stray
from reeljudge.errors import UsageError

NONE = np.nan


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([0, 0.5, 1], "0-1"),
        ([0.27, 0.31, 0.45], "0-1"),
        ([1, 2, 3, 4, 5], "1-5"),
        ([1, 2, 4, 3], "1-5"),
        ([2.667, 4.333, NONE], "1-5"),
        ([0, 3, 4, 5], "1-5"),
        ([0, 1, 2, 2], "0-2"),
        ([1, 1, 1], "1-5"),
        ([8, 0, 10, 7], "0-10"),
        ([34.5, 71.2], "0-100"),
        ([-1.49, 2.1], None),
        ([340.0, 12.0], None),
        ([NONE], None),
    ],
)
def test_recognised(values: list[float], scale: str | None) -> None:
    found = recognise(np.array(values, dtype=float))
    assert (None if found is None else str(found)) == scale


@pytest.mark.parametrize(
    ("human", "judge", "same"),
    [
        ([1, 2, 5], [3, 4, 2], True),
        ([1, 2, 5], [1, 1, 1], True),
        ([1, 2, 5], [0.2, 0.7, 0.9], False),
        ([0, 0.5, 1], [1, 1, 1], True),
        ([0, 0.5, 1], [8, 2, 10], False),
        ([0, 1, 2], [2, 1, 2], True),
        ([0, 1, 2], [4, 3, 2], False),
        ([20, 70, 55], [3, 4, 2], False),
        ([20, 70, 55], [30, 44, 21], True),
        ([1, 2, 5], [-1.2, 0.3, 2], False),
        ([1, 2, 5], [NONE, NONE, NONE], True),
    ],
)
def test_shared(human: list[float], judge: list[float], same: bool) -> None:
    assert shared_scale(np.array(human, dtype=float), np.array(judge, dtype=float))[2] is same


@pytest.mark.parametrize(
    ("values", "index"),
    [
        ([4, 3, -1, 5], 2),
        ([-1, -1], 0),
        ([0, 0.5, -1, 1], 2),
        ([4, 3, 5, 80, 2], 3),
        ([4, 3, 0.8, 5, 2], 2),
        ([0.4, 0.3, 4, 0.9, 0.2], 2),
        ([*[3, 4, 2, 5, 1] * 8, 7], 40),
    ],
)
def test_a_stray_value_is_found(values: list[float], index: int) -> None:
    found = stray(np.array(values, dtype=float))
    assert found is not None
    assert found[0] == index


@pytest.mark.parametrize(
    "values",
    [
        [1, 2, 3, 4, 5],
        [0, 4, 3, 0],
        [-1.2, 0.5, 2.0],
        [-1, -2, 3],
        [0.2, 1.4, 3.9, 6.2],
        [8, 2, 10, 7],
        [3, 20, 70, 55],
        [NONE, NONE],
    ],
)
def test_no_false_alarm(values: list[float]) -> None:
    assert stray(np.array(values, dtype=float)) is None


def test_a_stated_scale_decides() -> None:
    values = np.array([4, 3, -1, 5], dtype=float)
    assert stray(values, ValueRange(-1, 5)) is None
    assert stray(values, ValueRange(1, 5)) == (2, "is outside the stated scale 1-5")


def test_a_scale_as_text() -> None:
    assert ValueRange.parse("1-5") == ValueRange(1, 5)
    assert ValueRange.parse("-1..1") == ValueRange(-1, 1)
    assert ValueRange.parse("0-0.5") == ValueRange(0, 0.5)
    assert str(ValueRange.parse("-1..1")) == "-1..1"
    for wrong in ("5", "5-1", "a-b", "", "3-3"):
        with pytest.raises(UsageError):
            ValueRange.parse(wrong)
