"""The detector's front end: from pixels to a plane in which the mark stands out and the picture does not.

The mark lies in brightness and, weaker but where pictures are quieter, in one colour difference. Each plane's local
mean is taken away, the rest is scored (`_score_kernel`), and the scores are added, as independent witnesses' are.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Frame

Residual = NDArray[np.float32]
"""(H, W): scores, of the order of one, zero on average."""

# BT.601's luma, and its blue difference, negated: the embedder's colour lowers it where it raises luma.
PROJECTIONS: Final = ((0.299, 0.587, 0.114), (0.147, 0.289, -0.436))
# Coefficients of an 8-bit picture smaller than this are rounding.
_FLOOR: Final = 0.5
# Of compressed ones smaller than this: of 48 thumbnails at JPEG 75 29 read with 0.5, 35 with 2 and 33 with 3, all from
# blocks a quarter apart but the first.
_FLOOR_COMPRESSED: Final = 2.0
# Pixels from one block to the next; the usual ones lie half apart.
_QUARTER: Final = 2


@cache
def _constants() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    from provenance.watermarks.tile._score_kernel import build_basis

    return build_basis(), np.array(PROJECTIONS, np.float32)


def build_residual(frame: Frame, *, in_colour: bool = True) -> Residual:
    """Return the (H, W) residual of a frame; of its brightness alone where colour is not to be relied on."""
    return _score(frame, _constants()[1][: 2 if in_colour else 1])


def build_difference(frame: Frame) -> Residual:
    """Return the (H, W) residual of a frame's blue difference: added to that of its brightness it is the whole."""
    return _score(frame, _constants()[1][1:])


def build_thorough(frame: Frame, *, in_colour: bool = False) -> Residual:
    """Return the (H, W) residual of a frame from blocks a quarter apart, four times as many.

    For what is small: some 0.7 dB more is left of the mark of a thumbnail that was compressed, for four times the work.
    Brightness alone is taken for compressed.
    """
    import cv2

    projections, floor = (_constants()[1], _FLOOR) if in_colour else (_constants()[1][:1], _FLOOR_COMPRESSED)
    total = np.zeros(frame.shape[:2], np.float32)
    for down in (0, _QUARTER):
        for across in (0, _QUARTER):
            moved = cv2.copyMakeBorder(frame, down, 0, across, 0, cv2.BORDER_REFLECT_101) if down or across else frame
            total += _score(moved, projections, floor=floor)[down:, across:]
    return total


def _score(frame: Frame, projections: NDArray[np.float32], *, floor: float = _FLOOR) -> Residual:
    from provenance.watermarks.tile._score_kernel import PAD, SIDE, add_scores, load_details, store_plane

    frame = np.ascontiguousarray(frame)  # a loop is compiled anew, for seconds, for each order of memory
    basis = _constants()[0]
    height, width = frame.shape[:2]
    shape = -(-(height + 2 * PAD) // 4) * 4, 4, -(-(width + 2 * PAD) // 4)
    details, total = np.empty(shape, np.float32), np.zeros(shape, np.float32)
    rows, sums = details.reshape(shape[0], -1), total.reshape(shape[0], -1)
    strip = np.empty((SIDE, *shape[1:]), np.float32)
    for weights in projections:
        load_details(frame, weights, details)
        add_scores(rows, basis, floor, sums, strip.reshape(SIDE, -1), strip)
    residual = np.empty((height, width), np.float32)
    store_plane(total, residual)
    return residual
