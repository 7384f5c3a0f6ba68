"""Is a picture a sheet of several pictures? Then each of them is looked at: in a network's 224 pixels they are specks.

A sheet is told by its gutters: even lines from edge to edge, across and down. Trusts nothing.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.media.picture.image import Picture

MOST_CELLS: Final = 36
"""Pictures of one sheet that are looked at; of more, evenly spread ones."""

_SIDE: Final = 512
_EVEN_LEVELS: Final = 12
# Of the longest side: what is narrower is text between its lines, not pictures.
_LEAST_CELL: Final = 1 / 12
_LEAST_COUNT: Final = 2


def list_cells(picture: Picture) -> tuple[Picture, ...]:
    """Return the pictures of a sheet, row by row; nothing where there are not two of them at least both ways.

    Limits: pictures that touch, overlap or lie askew are not told apart.
    """
    import cv2

    luma = cv2.cvtColor(picture.reduced(_SIDE), cv2.COLOR_RGB2GRAY)
    least = max(2, round(max(luma.shape) * _LEAST_CELL))
    rows, columns = _intervals(luma, least), _intervals(luma.T, least)
    if min(len(rows), len(columns)) < _LEAST_COUNT:
        return ()
    scale = picture.height / luma.shape[0], picture.width / luma.shape[1]
    boxes = [(top, bottom, left, right) for top, bottom in rows for left, right in columns]
    step = -(-len(boxes) // MOST_CELLS)
    cells = []
    for top, bottom, left, right in boxes[::step]:
        down = slice(round(top * scale[0]), max(round(bottom * scale[0]), round(top * scale[0]) + 1))
        across = slice(round(left * scale[1]), max(round(right * scale[1]), round(left * scale[1]) + 1))
        cells.append(Picture.from_frame(np.ascontiguousarray(picture.frame[down, across])))
    return tuple(cells)


def _intervals(luma: NDArray[np.uint8], least: int) -> list[tuple[int, int]]:
    """Return where lines that are not even follow each other, `least` of them or more."""
    even = luma.max(axis=1).astype(int) - luma.min(axis=1) <= _EVEN_LEVELS
    edges = np.flatnonzero(np.diff(np.concatenate(([True], even, [True])).astype(np.int8)))
    pairs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [(first, last) for first, last in pairs if last - first >= least]
