"""The compiled loop that says how much sync stands out in every window of a size."""

import numpy as np
from numpy.typing import NDArray

from provenance.compiler import compiled_for_speed

Doubles = NDArray[np.float64]


@compiled_for_speed
def measure_windows(total: Doubles, noise: Doubles, high: int, wide: int, cap: float, excess: Doubles) -> None:
    """Fill excess (R - high + 1, C - wide + 1) with the deviations by which the length of sums exceeds noise.

    Args:
        total: (R + 1, C + 1, N, 2) lines summed from the corner, real and imaginary parts.
        noise: (R + 1, C + 1) the mean power of a line's blocks, summed from the corner.
        high: blocks down a window.
        wide: blocks across a window.
        cap: how many times the noise a line counts at most: no single line may decide.
        excess: to be filled.
    """
    count = total.shape[2]
    for row in range(excess.shape[0]):
        for column in range(excess.shape[1]):
            low, right = row + high, column + wide
            usual = noise[low, right] - noise[row, right] - noise[low, column] + noise[row, column]
            share = 1 / max(usual, 1e-6)
            length = 0.0
            for n in range(count):
                real = total[low, right, n, 0] - total[row, right, n, 0] - total[low, column, n, 0]
                imaginary = total[low, right, n, 1] - total[row, right, n, 1] - total[low, column, n, 1]
                real += total[row, column, n, 0]
                imaginary += total[row, column, n, 1]
                length += min((real * real + imaginary * imaginary) * share, cap)
            excess[row, column] = (length - count) / np.sqrt(count)
