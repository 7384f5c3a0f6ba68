"""The compiled loop that says in which windows of a page sync stands out most."""

import numpy as np
from numpy.typing import NDArray

from provenance.compiler import compiled_for_speed

Doubles = NDArray[np.float64]


@compiled_for_speed
def _measure(total: Doubles, noise: Doubles, row: int, column: int, high: int, wide: int, cap: float) -> float:
    """Return the deviations by which the length of sums in one window exceeds noise."""
    low, right, count = row + high, column + wide, total.shape[2]
    usual = noise[low, right] - noise[row, right] - noise[low, column] + noise[row, column]
    share, length = 1 / max(usual, 1e-6), 0.0
    for n in range(count):
        real = total[low, right, n, 0] - total[row, right, n, 0] - total[low, column, n, 0]
        imaginary = total[low, right, n, 1] - total[row, right, n, 1] - total[low, column, n, 1]
        real += total[row, column, n, 0]
        imaginary += total[row, column, n, 1]
        length += min((real * real + imaginary * imaginary) * share, cap)
    return float((length - count) / np.sqrt(count))


@compiled_for_speed
def find_windows(
    total: Doubles, noise: Doubles, sides: NDArray[np.int64], cap: float, least: float, windows: Doubles
) -> int:
    """Fill windows (W, 5) with the two best of each size, and return how many there are.

    A window is: deviations by which the length of sums exceeds noise, row, column, blocks down, blocks across.

    Args:
        total: (R + 1, C + 1, N, 2) lines summed from the corner, real and imaginary parts.
        noise: (R + 1, C + 1) the mean power of a line's blocks, summed from the corner.
        sides: blocks along a side of a window.
        cap: how many times the noise a line counts at most: no single line may decide.
        least: deviations that a window needs.
        windows: to be filled, two for each pair of sides.
    """
    count = 0
    for high in sides:
        for wide in sides:
            first = count
            for row in range(total.shape[0] - high):
                for column in range(total.shape[1] - wide):
                    excess = _measure(total, noise, row, column, high, wide, cap)
                    if excess < least:
                        continue
                    at = count
                    if count - first == 2:
                        at = first if windows[first, 0] < windows[first + 1, 0] else first + 1
                        if windows[at, 0] >= excess:
                            continue
                    else:
                        count += 1
                    windows[at] = np.array([excess, row, column, high, wide])
    return count
