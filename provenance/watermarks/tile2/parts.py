"""A marked picture inside a page: windows in which sync lines stand out more than in the whole.

Every sync line is summed over blocks of 64 pixels, windows are sums of blocks, and how likely one is needs no place:
under a tile each line's sum is longer than its blocks' noise makes it. The best windows are placed and read by
themselves.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from provenance.watermarks.tile.front import Residual
from provenance.watermarks.tile.layout import PERIOD, Layout
from provenance.watermarks.tile.reading import Folded
from provenance.watermarks.tile2.blocks import sum_blocks
from provenance.watermarks.tile2.placing import UPRIGHT, Placed, place

BLOCK: Final = 64
# Blocks along a side of a window.
_SIDES: Final = (3, 4, 5, 6, 8, 10, 12, 16)
_RINGS: Final = 48
# Deviations by which the length of sums exceeds noise; of pages without a mark the best window has 5 or less.
_LEAST_LENGTH: Final = 5.0
_LEAST_SYNC: Final = 5.5
# No single line may decide.
_MOST_LENGTH: Final = 12.0


@dataclass(frozen=True, slots=True)
class Part:
    """A window in which a tile seems to lie.

    Attributes:
        rows: of the residual.
        columns: of the residual.
        placed: where the tile lies in it, from the window's corner.
    """

    rows: slice
    columns: slice
    placed: Placed


def find_parts(residual: Residual, layout: Layout, count: int) -> list[Part]:
    """Return the likeliest windows, upright, best first; fewer where fewer stand out."""
    sums = sum_blocks(residual, layout.sync, BLOCK)
    total = _integrate(sums)
    noise = _integrate((sums.real**2 + sums.imag**2).mean(axis=2, keepdims=True, dtype=np.float64))[..., 0]
    windows = _best_windows(total, noise)
    parts: list[Part] = []
    for row, column, high, wide in windows[: 4 * count]:
        rows, columns = (slice(BLOCK * at, BLOCK * (at + side)) for at, side in ((row, high), (column, wide)))
        inside = _sum_window(total, row, column, high, wide), float(_sum_window(noise, row, column, high, wide))
        placed = _place(*inside, layout, np.array([column, row]) * BLOCK)
        if placed.sync >= _LEAST_SYNC:
            parts.append(Part(rows, columns, placed))
    return sorted(parts, key=lambda part: -part.placed.sync)[:count]


def _integrate(field: NDArray[Any]) -> NDArray[Any]:
    padded = np.pad(field, ((1, 0), (1, 0), (0, 0)))
    exact = np.complex128 if np.iscomplexobj(field) else np.float64
    sums: NDArray[Any] = padded.cumsum(axis=0, dtype=exact).cumsum(axis=1)
    return sums


def _sum_window(total: NDArray[Any], row: int, column: int, high: int, wide: int) -> NDArray[Any]:
    low, right = row + high, column + wide
    inside: NDArray[Any] = total[low, right] - total[row, right] - total[low, column] + total[row, column]
    return inside


def _best_windows(total: NDArray[np.complex128], noise: NDArray[np.float64]) -> list[list[int]]:
    """Return the two best windows of each size that stand out, best first: row, column, blocks down and across."""
    from provenance.watermarks.tile2._windows_kernel import find_windows

    pairs = total.view(np.float64).reshape(*total.shape, 2)
    found = np.empty((2 * len(_SIDES) ** 2, 5))
    count = find_windows(pairs, noise, np.array(_SIDES), _MOST_LENGTH, _LEAST_LENGTH, found)
    ordered: list[list[int]] = found[np.argsort(-found[:count, 0], kind="stable"), 1:].astype(int).tolist()
    return ordered


def _place(sums: NDArray[np.complex128], noise: float, layout: Layout, corner: NDArray[np.int64]) -> Placed:
    lines = np.zeros((PERIOD, PERIOD), np.complex64)
    lines[layout.sync[:, 1], layout.sync[:, 0] % PERIOD] = sums
    folded = Folded(lines, np.full(_RINGS, max(noise, 1e-6)))
    placed = place(folded, layout, UPRIGHT.sense[None])[0]
    return Placed(placed.sync, placed.sense, placed.origin - corner, placed.is_negative)
