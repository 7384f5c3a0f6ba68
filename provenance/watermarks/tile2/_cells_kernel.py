"""The compiled loop that tries every origin of the square of signs."""

import numpy as np
from numpy.typing import NDArray

from provenance.compiler import compiled_for_speed

Floats = NDArray[np.float32]


@compiled_for_speed
def _as_floats(signs: NDArray[np.int8], square: Floats) -> None:
    for down in range(square.shape[0]):
        for across in range(square.shape[1]):
            square[down, across] = signs[down, across]


@compiled_for_speed
def sum_origins(values: Floats, signs: NDArray[np.int8], bands: NDArray[np.int64], energies: Floats) -> None:
    """Add to energies (B, 16, 16), for each origin, the squares of all lines' sums over cells under their signs.

    Args:
        values: (L, R, C) each line in each cell, its phase taken off; R and C at most 16.
        signs: (L, 32, 32) of 1 and -1.
        bands: (L,) which of the B sums a line belongs to.
        energies: to be added to.
    """
    count, rows, columns = values.shape
    sums, square = np.empty((16, 16), np.float32), np.empty((32, 32), np.float32)
    for line in range(count):
        sums[:] = 0
        _as_floats(signs[line], square)
        for row in range(rows):
            for column in range(columns):
                value = values[line, row, column]
                if value == 0:
                    continue
                for down in range(16):
                    for across in range(16):
                        sums[down, across] += value * square[down + row, across + column]
        band = bands[line]
        for down in range(16):
            for across in range(16):
                energies[band, down, across] += sums[down, across] * sums[down, across]
