"""Pictures that a page shows apart: rectangles between straight strips on which nothing is.

A page is cut along blank rows, each piece along blank columns, and so on until nothing is blank. What is large enough
to bear a mark is looked at by itself, so that pictures which were scaled, each in its own way, need not be told apart
by one spectrum.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Plane
from provenance.watermarks.tile2.places import Box

# Levels that neighbours on a blank strip may differ by, which compression leaves, and pixels that it is wide.
_MOST_STEP: Final = 10
_LEAST_GUTTER: Final = 3
_LEAST_SIDE: Final = 96
_MOST_DEPTH: Final = 6


def find_panels(luma: Plane, most: int) -> list[Box]:
    """Return the boxes of at most so many pieces, largest first; of a page that nothing divides its own.

    Args:
        luma: (H, W).
        most: how many.
    """
    height, width = luma.shape
    pieces = _cut(luma, (0, 0, width, height), _MOST_DEPTH, was_whole=False)
    return sorted(pieces, key=lambda box: (box[0] - box[2]) * (box[3] - box[1]))[:most]


def _cut(luma: Plane, box: Box, depth: int, *, was_whole: bool) -> list[Box]:
    """Return the pieces of a box: along rows where `depth` is even, else along columns."""
    left, top, right, bottom = box
    if min(right - left, bottom - top) < _LEAST_SIDE:
        return []
    axis = depth % 2
    piece = luma[top:bottom, left:right]
    runs = _find_runs(piece if axis == 0 else piece.T)
    is_whole = runs == [(0, piece.shape[axis])]
    if not depth or (is_whole and was_whole):
        return [box]
    boxes = [
        (left, top + start, right, top + stop) if axis == 0 else (left + start, top, left + stop, bottom)
        for start, stop in runs
    ]
    return [found for one in boxes for found in _cut(luma, one, depth - 1, was_whole=is_whole)]


def _find_runs(piece: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Return from which row to which something is, between blank strips."""
    blank = np.abs(np.diff(piece.astype(np.int16), axis=1)).max(axis=1, initial=0) <= _MOST_STEP
    edges = np.flatnonzero(np.diff(np.concatenate([[True], blank, [True]]).astype(np.int8)))
    runs: list[tuple[int, int]] = []
    for start, stop in edges.reshape(-1, 2).tolist():
        if runs and start - runs[-1][1] < _LEAST_GUTTER:
            runs[-1] = runs[-1][0], stop
        else:
            runs.append((start, stop))
    return runs
