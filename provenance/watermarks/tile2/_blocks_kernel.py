"""The compiled loop that sums waves over blocks of a plane.

Not by matrix products: those are many and small, and a library that splits each over all processors spends ten times as
long on waiting for itself.
"""

import numpy as np
from numpy.typing import NDArray

from provenance.compiler import compiled_for_speed

Floats = NDArray[np.float32]
Places = NDArray[np.int64]


@compiled_for_speed
def _fold_rows(plane: Floats, top: int, side: int, sums: Floats, differences: Floats) -> None:
    """Fill sums and differences (side / 2, W') of the rows that lie as far above as below the middle of a strip."""
    height, width = plane.shape
    half = side // 2
    for y in range(half):
        sums[y] = 0
        differences[y] = 0
        if top + y < height:
            sums[y, :width] = plane[top + y]
            differences[y, :width] = plane[top + y]
        far = top + side - 1 - y
        if far < height:
            row, total, apart = plane[far], sums[y], differences[y]
            for x in range(width):
                total[x] += row[x]
                apart[x] -= row[x]


@compiled_for_speed
def _sum_down(folded: Floats, waves: Floats, total: Floats) -> None:
    """Fill total (M, W') with waves (M, side / 2) times folded (side / 2, W'), four rows at a time."""
    for m in range(waves.shape[0]):
        out = total[m]
        out[:] = 0
        for y in range(0, waves.shape[1], 4):
            a, b, c, d = waves[m, y], waves[m, y + 1], waves[m, y + 2], waves[m, y + 3]
            first, second, third, fourth = folded[y], folded[y + 1], folded[y + 2], folded[y + 3]
            for x in range(out.shape[0]):
                out[x] += a * first[x] + b * second[x] + c * third[x] + d * fourth[x]


@compiled_for_speed
def sum_strips(plane: Floats, side: int, down: Floats, across: Floats, which: Places, sums: Floats) -> None:
    """Fill sums (R, C, N, 2) with the real and imaginary part of each line over each block of a plane.

    Args:
        plane: (H, W), filled up with nothing to whole blocks.
        side: of a block, a multiple of 8.
        down: (2, M, side / 2) cosines and sines from the middle of a block, negated where waves turn.
        across: (2, N, side) of each line, real and imaginary parts.
        which: (N,) which of the M waves down each line has.
        sums: to be filled.
    """
    rows, columns, count = sums.shape[0], sums.shape[1], sums.shape[2]
    width, half = columns * side, side // 2
    added, apart = np.empty((half, width), np.float32), np.empty((half, width), np.float32)
    real, imaginary = np.empty((down.shape[1], width), np.float32), np.empty((down.shape[1], width), np.float32)
    for row in range(rows):
        _fold_rows(plane, row * side, side, added, apart)
        _sum_down(added, down[0], real)
        _sum_down(apart, down[1], imaginary)
        for line in range(count):
            re, im = real[which[line]], imaginary[which[line]]
            cosine, sine = across[0, line], across[1, line]
            for column in range(columns):
                left, right = re[column * side : (column + 1) * side], im[column * side : (column + 1) * side]
                first, second = np.float32(0), np.float32(0)
                for x in range(side):
                    first += left[x] * cosine[x] - right[x] * sine[x]
                    second += left[x] * sine[x] + right[x] * cosine[x]
                sums[row, column, line, 0] = first
                sums[row, column, line, 1] = second
