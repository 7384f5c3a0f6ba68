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
def _spread_across(cell: Floats, tables: Floats, parts: Floats, real: Floats, imaginary: Floats) -> None:
    """Fill real and imaginary (n,) with the sum of a row of waves (2 K - 1, 2) over columns.

    tables: (2, K, n / 2) of cosines and sines; parts: (4, n / 2), scratch.
    """
    count, most, half = real.shape[0], tables.shape[1], tables.shape[2]
    parts[:] = 0
    even, odd, even_other, odd_other = parts[0], parts[1], parts[2], parts[3]
    for k in range(1, most):
        right, left, cosine, sine = cell[most - 1 + k], cell[most - 1 - k], tables[0, k], tables[1, k]
        a, b, c, d = right[0] + left[0], right[1] - left[1], right[1] + left[1], right[0] - left[0]
        if a == 0 and b == 0 and c == 0 and d == 0:
            continue
        for x in range(half):
            even[x] += a * cosine[x]
            odd[x] -= b * sine[x]
            even_other[x] += c * cosine[x]
            odd_other[x] += d * sine[x]
    for x in range(half):
        real[x], imaginary[x] = even[x] - odd[x], even_other[x] - odd_other[x]
        real[count - 1 - x], imaginary[count - 1 - x] = even[x] + odd[x], even_other[x] + odd_other[x]


@compiled_for_speed
def _add_down(weights: Floats, rows: Floats, line: Floats) -> None:
    """Fill line (W,) with the sum of rows (M, W), each by its weight, three at a time."""
    count = len(weights)
    line[:] = 0
    for m in range(0, count - 2, 3):
        a, b, c, first, second, third = weights[m], weights[m + 1], weights[m + 2], rows[m], rows[m + 1], rows[m + 2]
        for x in range(len(line)):
            line[x] += a * first[x] + b * second[x] + c * third[x]
    for m in range(count - count % 3, count):
        weight, row = weights[m], rows[m]
        for x in range(len(line)):
            line[x] += weight * row[x]


@compiled_for_speed
def synthesise_cells(waves: Floats, down: Floats, tables: Floats, plane: Floats) -> None:
    """Fill plane (R n, C n) with the real part of the sum of waves; arguments as those of `analyse_cells`."""
    rows, columns, count = waves.shape[0], waves.shape[1], waves.shape[2]
    side, width = plane.shape[0] // rows, plane.shape[1]
    real, imaginary = np.empty((count, width), np.float32), np.empty((count, width), np.float32)
    even, odd = np.empty(width, np.float32), np.empty(width, np.float32)
    parts = np.empty((4, side // 2), np.float32)
    turned = np.empty((2, tables.shape[2], side // 2), np.float32)
    for part in range(2):
        for k in range(tables.shape[2]):
            for x in range(side // 2):
                turned[part, k, x] = tables[part, x, k]
    for row in range(rows):
        for column in range(columns):
            for m in range(count):
                left, right = column * side, (column + 1) * side
                _spread_across(waves[row, column, m], turned, parts, real[m, left:right], imaginary[m, left:right])
        for y in range(side // 2):
            _add_down(down[0, :, y], real, even)
            _add_down(down[1, :, y], imaginary, odd)
            upper, lower = plane[row * side + y], plane[(row + 1) * side - 1 - y]
            for x in range(width):
                upper[x] = even[x] + odd[x]
                lower[x] = even[x] - odd[x]
