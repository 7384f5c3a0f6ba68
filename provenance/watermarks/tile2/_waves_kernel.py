"""Compiled loops from pixels to waves in cells, and back: sums of cosines and sines from the middle of each cell.

Not by matrix products: those are many and small, and a library that splits each over all processors spends ten times as
long on waiting for itself. Places that lie as far on either side of the middle share their cosines, as k and -k do.
"""

import numpy as np
from numpy.typing import NDArray

from provenance.compiler import compiled_for_speed
from provenance.watermarks.tile2._blocks_kernel import _fold_rows, _sum_down

Floats = NDArray[np.float32]


@compiled_for_speed
def _sum_across(line: Floats, other: Floats, tables: Floats, parts: Floats) -> None:
    """Fill parts (4, K): a row of a cell, real (n,) and imaginary (n,), each times cosines and times sines.

    tables: (2, n / 2, K) of cosines and sines.
    """
    count = line.shape[0]
    parts[:] = 0
    one, two, three, four = parts[0], parts[1], parts[2], parts[3]
    for x in range(count // 2):
        far = count - 1 - x
        even, odd = line[far] + line[x], line[far] - line[x]
        even_other, odd_other = other[far] + other[x], other[far] - other[x]
        cosine, sine = tables[0, x], tables[1, x]
        for k in range(cosine.shape[0]):
            one[k] += even * cosine[k]
            two[k] += odd * sine[k]
            three[k] += even_other * cosine[k]
            four[k] += odd_other * sine[k]


@compiled_for_speed
def analyse_cells(laid: Floats, down: Floats, tables: Floats, waves: Floats) -> None:
    """Fill waves (R, C, M, 2 K - 1, 2) with real and imaginary parts of wave (k - K + 1, m + 1) in each cell.

    Args:
        laid: (R n, C n).
        down: (2, M, n / 2) cosines and sines of rows from the upper edge to the middle, negated where waves turn.
        tables: (2, n / 2, K) cosines and sines of columns from the middle outwards, beginning at the edge, k from 0.
        waves: to be filled.
    """
    rows, columns, count, most = waves.shape[0], waves.shape[1], waves.shape[2], tables.shape[2]
    side, width, half = laid.shape[0] // rows, laid.shape[1], laid.shape[0] // rows // 2
    added, apart = np.empty((half, width), np.float32), np.empty((half, width), np.float32)
    real, imaginary = np.empty((count, width), np.float32), np.empty((count, width), np.float32)
    parts = np.empty((4, most), np.float32)
    for row in range(rows):
        _fold_rows(laid, row * side, side, added, apart)
        _sum_down(added, down[0], real)
        _sum_down(apart, down[1], imaginary)
        for column in range(columns):
            for m in range(count):
                left, right = column * side, (column + 1) * side
                _sum_across(real[m, left:right], imaginary[m, left:right], tables, parts)
                cell = waves[row, column, m]
                for k in range(most):
                    cell[most - 1 + k, 0] = parts[0, k] + parts[3, k]
                    cell[most - 1 + k, 1] = parts[2, k] - parts[1, k]
                    cell[most - 1 - k, 0] = parts[0, k] - parts[3, k]
                    cell[most - 1 - k, 1] = parts[2, k] + parts[1, k]


@compiled_for_speed
def _spread_across(cell: Floats, tables: Floats, real: Floats, imaginary: Floats) -> None:
    """Fill real and imaginary (n,) with the sum of a row of waves (2 K - 1, 2) over columns."""
    count, most = real.shape[0], tables.shape[2]
    for x in range(count // 2):
        cosine, sine = tables[0, x], tables[1, x]
        even, odd, even_other, odd_other = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
        for k in range(1, most):
            right, left = cell[most - 1 + k], cell[most - 1 - k]
            even += (right[0] + left[0]) * cosine[k]
            odd -= (right[1] - left[1]) * sine[k]
            even_other += (right[1] + left[1]) * cosine[k]
            odd_other += (right[0] - left[0]) * sine[k]
        far = count - 1 - x
        real[far], real[x] = even + odd, even - odd
        imaginary[far], imaginary[x] = even_other + odd_other, even_other - odd_other


@compiled_for_speed
def synthesise_cells(waves: Floats, down: Floats, tables: Floats, plane: Floats) -> None:
    """Fill plane (R n, C n) with the real part of the sum of waves; arguments as those of `analyse_cells`."""
    rows, columns, count = waves.shape[0], waves.shape[1], waves.shape[2]
    side, width = plane.shape[0] // rows, plane.shape[1]
    real, imaginary = np.empty((count, width), np.float32), np.empty((count, width), np.float32)
    even, odd = np.empty(width, np.float32), np.empty(width, np.float32)
    for row in range(rows):
        for column in range(columns):
            for m in range(count):
                left, right = column * side, (column + 1) * side
                _spread_across(waves[row, column, m], tables, real[m, left:right], imaginary[m, left:right])
        for y in range(side // 2):
            even[:] = 0
            odd[:] = 0
            for m in range(count):
                cosine, sine, first, second = down[0, m, y], down[1, m, y], real[m], imaginary[m]
                for x in range(width):
                    even[x] += cosine * first[x]
                    odd[x] += sine * second[x]
            upper, lower = plane[row * side + y], plane[(row + 1) * side - 1 - y]
            for x in range(width):
                upper[x] = even[x] + odd[x]
                lower[x] = even[x] - odd[x]
