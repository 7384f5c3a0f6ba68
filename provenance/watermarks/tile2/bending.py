"""What was bent a little is laid straight again: how far sync has moved at each place, and back by that much.

Sync is one picture of 128 pixels, known to whoever has the key. Shifted by so many pixels it agrees with what was laid
round each place where the picture was moved by as many.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.watermarks.tile.front import Residual
from provenance.watermarks.tile.layout import PERIOD, Layout
from provenance.watermarks.tile2.blocks import sum_blocks

# Pixels that a place may have moved.
_REACH: Final = 4
# Pixels a cell of the field of shifts, and over how many pixels a shift is taken to be the same.
_CELL: Final = 16
_ALIKE: Final = 40.0


def straighten(laid: Residual, layout: Layout) -> Residual:
    """Return a plane of whole cells with its local shifts undone; noise where there is no sync to go by.

    Args:
        laid: (128 R, 128 C), upright, its cells beginning at its corner.
        layout: of the key.
    """
    import cv2

    shifts = measure_shifts(laid, layout)
    height, width = laid.shape
    across, down = (cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC) for field in shifts)
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    moved = cv2.remap(laid, columns + across, rows + down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(moved, np.float32)


def measure_shifts(laid: Residual, layout: Layout) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return how far each cell of 16 pixels has moved: across and down, in pixels."""
    import cv2

    expected = np.exp(-1j * layout.sync_phases)
    sums = sum_blocks(laid, layout.sync, _CELL) * expected.astype(np.complex64)
    steps = np.arange(-_REACH, _REACH + 1)
    shifts = np.stack(np.meshgrid(steps, steps), -1).reshape(-1, 2)
    turns = np.exp(2j * np.pi / PERIOD * (layout.sync @ shifts.T)).astype(np.complex64)
    rows, columns = sums.shape[:2]
    fields = (sums.real @ turns.real - sums.imag @ turns.imag).transpose(2, 0, 1)
    blurred = [
        cv2.GaussianBlur(np.ascontiguousarray(field), (0, 0), _ALIKE / _CELL, borderType=cv2.BORDER_REFLECT)
        for field in fields
    ]
    agreement = np.stack(blurred).reshape(len(steps), len(steps), rows, columns)
    best = agreement.reshape(len(steps) ** 2, rows, columns).argmax(axis=0)
    i, j = np.divmod(best, len(steps))
    down = _between(agreement, i, j, 0) + steps[i]
    across = _between(agreement, i, j, 1) + steps[j]
    smooth = [cv2.GaussianBlur(cv2.medianBlur(field.astype(np.float32), 3), (0, 0), 1.0) for field in (across, down)]
    return smooth[0], smooth[1]


def _between(
    agreement: NDArray[np.float32], i: NDArray[np.int64], j: NDArray[np.int64], axis: int
) -> NDArray[np.float64]:
    """Return by how much of a step the top of a parabola lies beside the best step, along one axis."""
    rows, columns = np.indices(i.shape)
    last = agreement.shape[0] - 1
    ends = [
        agreement[np.clip(i + n * (axis == 0), 0, last), np.clip(j + n * (axis == 1), 0, last), rows, columns]
        for n in (-1, 0, 1)
    ]
    curve = 2 * ends[1] - ends[0] - ends[2]
    shift: NDArray[np.float64] = np.clip((ends[2] - ends[0]) / (2 * np.maximum(curve, 1e-6)), -0.5, 0.5)
    return shift
