"""Waves by cell: from a residual to each line in each cell of a period, and from lines in cells to a plane.

Only the lines that a tile can use are computed.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.watermarks.tile.front import Residual
from provenance.watermarks.tile.layout import PERIOD, Lines
from provenance.watermarks.tile.reading import IDENTITY, Geometry, invert

Waves = NDArray[np.complex64]
"""(R, C, L): each line in each cell."""

REACH: Final = 27
"""Waves a period beyond which no line lies, across or down."""
_LEAST_DET: Final = 0.01
_MOST_SAMPLES: Final = 1 << 23


@cache
def _tables(samples: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what the loops take: cosines and sines down and across, from the middle of a cell of so many samples."""
    place = (np.arange(samples // 2) - (samples - 1) / 2) * (2 * np.pi / samples)
    down = np.arange(1, REACH + 1)[:, None] * -place
    across = -place[:, None] * np.arange(REACH + 1)
    return (
        np.stack([np.cos(down), np.sin(down)]).astype(np.float32),
        np.stack([np.cos(across), np.sin(across)]).astype(np.float32),
    )


def _turns(lines: Lines, samples: int) -> NDArray[np.complex64]:
    """Return by how much lines (N, 2) turn from the corner of a cell to its middle."""
    turned: NDArray[np.complex64] = np.exp(2j * np.pi / samples * (samples - 1) / 2 * lines.sum(axis=1)).astype(
        np.complex64
    )
    return turned


def count_samples(geometry: Geometry) -> int:
    """Return the samples along a cell: half as many as its pixels where the picture was shrunk to less than 0.6."""
    det = abs(geometry[0, 0] * geometry[1, 1] - geometry[0, 1] * geometry[1, 0])
    return PERIOD // 2 if det > 2.8 else PERIOD


def lay_out(residual: Residual, geometry: Geometry, origin: NDArray[np.float64]) -> Residual | None:
    """Return a residual resampled to whole cells of the tile; None where the geometry is degenerate or too large.

    Args:
        residual: of a picture.
        geometry: frequencies of the tile to those of the picture, flips and turns included.
        origin: (2,) a corner of some cell, in tile pixels from the picture's first pixel: across and down.
    """
    import cv2

    det = abs(geometry[0, 0] * geometry[1, 1] - geometry[0, 1] * geometry[1, 0])
    if not _LEAST_DET < det < 1 / _LEAST_DET:
        return None
    samples = count_samples(geometry)
    step = PERIOD // samples
    to_picture = invert(geometry).T
    height, width = residual.shape
    first, last = find_cells(residual.shape, geometry, origin)
    columns, rows = last - first + 1
    if rows * columns * samples * samples > _MOST_SAMPLES:
        return None
    start = origin + PERIOD * first
    if np.array_equal(geometry, IDENTITY) and np.array_equal(start, np.rint(start)):
        left, top = (-start).astype(int)
        laid = np.zeros((rows * PERIOD, columns * PERIOD), np.float32)
        laid[top : top + height, left : left + width] = residual
        return laid
    matrix = np.column_stack([to_picture * step, to_picture @ start])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = int(columns * samples), int(rows * samples)
    return np.asarray(cv2.warpAffine(residual, matrix, size, flags=flags, borderMode=cv2.BORDER_CONSTANT), np.float32)


def find_cells(
    shape: tuple[int, ...], geometry: Geometry, origin: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and the last cell that a residual of (height, width) covers, across and down from `origin`."""
    right, low = shape[1] - 1, shape[0] - 1
    corners = np.array([[0, 0], [right, 0], [0, low], [right, low]]) @ geometry - origin
    first, last = (np.floor(ends / PERIOD + 1e-9).astype(np.int64) for ends in (corners.min(0), corners.max(0)))
    return first, last


def wrap(laid: Residual, samples: int, most: int) -> Residual:
    """Return a plane of at most `most` cells each way: cells added up that lie that many apart."""
    rows, columns = laid.shape[0] // samples, laid.shape[1] // samples
    if rows <= most and columns <= most:
        return laid
    high, wide = min(rows, most) * samples, min(columns, most) * samples
    wrapped = np.zeros((high, wide), np.float32)
    for top in range(0, laid.shape[0], high):
        for left in range(0, laid.shape[1], wide):
            part = laid[top : top + high, left : left + wide]
            wrapped[: part.shape[0], : part.shape[1]] += part
    return wrapped


def analyse(laid: Residual, lines: Lines, samples: int) -> Waves:
    """Return lines (N, 2) in each cell of a plane of whole cells of `samples` a side."""
    from provenance.watermarks.tile2._waves_kernel import analyse_cells

    rows, columns = laid.shape[0] // samples, laid.shape[1] // samples
    cells = np.empty((rows, columns, REACH, 2 * REACH + 1, 2), np.float32)
    analyse_cells(np.ascontiguousarray(laid), *_tables(samples), cells)
    waves: Waves = cells.view(np.complex64)[:, :, lines[:, 1] - 1, lines[:, 0] + REACH, 0]
    return waves * _turns(lines, samples).conj()


def synthesise(waves: NDArray[np.complex64], lines: Lines) -> NDArray[np.float32]:
    """Return the plane (128 R, 128 C) of the sums of cos(2 pi (k x + m y) / 128 + phase), waves (R, C, N) of lines."""
    from provenance.watermarks.tile2._waves_kernel import synthesise_cells

    rows, columns, _ = waves.shape
    grid = np.zeros((rows, columns, REACH, 2 * REACH + 1), np.complex64)
    grid[:, :, lines[:, 1] - 1, lines[:, 0] + REACH] = waves * _turns(lines, PERIOD)
    plane = np.empty((rows * PERIOD, columns * PERIOD), np.float32)
    synthesise_cells(grid.view(np.float32).reshape(*grid.shape, 2), *_tables(PERIOD), plane)
    return plane
