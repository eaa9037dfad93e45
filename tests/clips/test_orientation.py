"""Display matrices: quarter turns and mirrors, each checked on where one corner goes."""

import numpy as np
import pytest

from reeljudge.clips.orientation import upright

ONE = 1 << 16


def matrix(a, b, c, d):
    return np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], np.int32).tobytes()


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((ONE, 0, 0, ONE), [[1, 2, 3], [4, 5, 6]]),
        ((-ONE, 0, 0, ONE), [[3, 2, 1], [6, 5, 4]]),  # mirrored left to right
        ((ONE, 0, 0, -ONE), [[4, 5, 6], [1, 2, 3]]),  # upside down, mirrored
        ((-ONE, 0, 0, -ONE), [[6, 5, 4], [3, 2, 1]]),  # half a turn
        ((0, ONE, -ONE, 0), [[4, 1], [5, 2], [6, 3]]),  # (p, q) -> (-q, p): a quarter turn clockwise
        ((0, -ONE, ONE, 0), [[3, 6], [2, 5], [1, 4]]),  # counterclockwise
        ((0, ONE, ONE, 0), [[1, 4], [2, 5], [3, 6]]),  # along the diagonal
        ((0, -ONE, -ONE, 0), [[6, 3], [5, 2], [4, 1]]),
        ((ONE // 2, ONE // 2, -ONE // 2, ONE // 2), [[1, 2, 3], [4, 5, 6]]),  # an eighth turn: left as it is
        ((0, 0, 0, 0), [[1, 2, 3], [4, 5, 6]]),
    ],
)
def test_where_the_pixels_go(numbers, expected):
    picture = np.repeat(np.array([[1, 2, 3], [4, 5, 6]], np.uint8)[:, :, None], 3, axis=2)
    assert upright(picture, matrix(*numbers))[:, :, 0].tolist() == expected


def test_no_matrix_or_half_of_one():
    picture = np.zeros((2, 3, 3), np.uint8)
    assert upright(picture, None) is picture
    assert upright(picture, b"1234") is picture
