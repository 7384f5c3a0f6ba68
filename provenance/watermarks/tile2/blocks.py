"""Sync lines by block: each line summed over small squares of a plane, phases counted from the plane's corner."""

import numpy as np
from numpy.typing import NDArray

from provenance.watermarks.tile.front import Residual
from provenance.watermarks.tile.layout import PERIOD, Lines


def sum_blocks(plane: Residual, lines: Lines, side: int) -> NDArray[np.complex64]:
    """Return (R, C, N): lines (N, 2) over each block of `side` pixels; what a block lacks of the plane is empty."""
    rows, columns = (-(-length // side) for length in plane.shape)
    filled = np.zeros((rows * side, columns * side), np.float32)
    filled[: plane.shape[0], : plane.shape[1]] = plane
    m, down_at = np.unique(lines[:, 1], return_inverse=True)
    k, across_at = np.unique(lines[:, 0], return_inverse=True)
    angle = -2 * np.pi / PERIOD * np.arange(side)
    down = np.exp(1j * np.outer(m, angle)).astype(np.complex64)
    across = np.exp(1j * np.outer(angle, k)).astype(np.complex64)
    half = np.concatenate([down.real, down.imag]) @ filled.reshape(rows, side, -1)
    parts = half.reshape(rows, 2, len(m), columns, side)
    sums = ((parts[:, 0] + 1j * parts[:, 1]).astype(np.complex64) @ across)[:, down_at, :, across_at]
    step = -2j * np.pi / PERIOD * side
    turns_down = np.exp(step * lines[:, 1] * np.arange(rows)[:, None]).astype(np.complex64)
    turns_across = np.exp(step * lines[:, 0] * np.arange(columns)[:, None]).astype(np.complex64)
    return np.ascontiguousarray(sums.transpose(1, 2, 0) * turns_down[:, None] * turns_across)
