"""Sync lines by block: each line summed over small squares of a plane, phases counted from the plane's corner."""

import numpy as np
from numpy.typing import NDArray

from provenance.watermarks.tile.front import Residual
from provenance.watermarks.tile.layout import PERIOD, Lines


def sum_blocks(plane: Residual, lines: Lines, side: int) -> NDArray[np.complex64]:
    """Return (R, C, N): lines (N, 2) over each block of `side` pixels; what a block lacks of the plane is empty.

    Args:
        plane: (H, W).
        lines: (N, 2).
        side: a multiple of 8.
    """
    from provenance.watermarks.tile2._blocks_kernel import sum_strips

    rows, columns = (-(-length // side) for length in plane.shape)
    m, which = np.unique(lines[:, 1], return_inverse=True)
    step, middle = -2 * np.pi / PERIOD, (side - 1) / 2
    angle = step * (np.arange(side // 2) - middle) * m[:, None]
    turn = np.exp(1j * step * np.arange(side) * lines[:, :1])
    sums = np.empty((rows, columns, len(lines), 2), np.float32)
    sum_strips(
        np.ascontiguousarray(plane),
        side,
        np.stack([np.cos(angle), np.sin(angle)]).astype(np.float32),
        np.stack([turn.real, turn.imag]).astype(np.float32),
        which.astype(np.int64),
        sums,
    )
    turns_down = np.exp(1j * step * lines[:, 1] * (side * np.arange(rows)[:, None] + middle)).astype(np.complex64)
    turns_across = np.exp(1j * step * side * lines[:, 0] * np.arange(columns)[:, None]).astype(np.complex64)
    turned: NDArray[np.complex64] = sums.view(np.complex64)[..., 0] * turns_down[:, None] * turns_across
    return turned
