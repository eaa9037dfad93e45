"""The rotation flag: the display matrix of a stream, applied to pictures."""

import numpy as np
from numpy.typing import NDArray


def upright(picture: NDArray[np.uint8], matrix: bytes | None) -> NDArray[np.uint8]:
    """A picture (H, W, 3) turned and mirrored as its display matrix says.

    The matrix is FFmpeg's: nine int32 in native order, rows (a, b, u), (c, d, v), (x, y, w); it maps a point
    (p, q) of the picture to (a p + c q, b p + d q). Only quarter turns and mirrors are applied (what cameras
    write); any other matrix leaves the picture as it is.
    """
    if matrix is None or len(matrix) < 36:
        return picture
    a, b, _, c, d = np.sign(np.frombuffer(matrix[:20], np.int32)).tolist()
    if b == c == 0 and a and d:  # columns stay columns
        return picture[::d, ::a]
    if a == d == 0 and b and c:  # rows become columns
        return picture.transpose(1, 0, 2)[::b, ::c]
    return picture
