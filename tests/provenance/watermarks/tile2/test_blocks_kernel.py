"""Sums over blocks, down and across at once, against products of matrices."""

import numpy as np
import pytest

from provenance.watermarks.tile2._blocks_kernel import sum_strips


@pytest.mark.parametrize("shape", [(16, 24), (13, 17), (8, 8), (1, 30)])
def test_sums_are_products_of_waves(shape):
    rng = np.random.default_rng(0)
    side, angle = 8, rng.uniform(0, 6, (3, 4))
    plane = rng.normal(size=shape).astype(np.float32)
    across = rng.normal(size=(2, 5, side)).astype(np.float32)
    which = np.array([0, 1, 2, 1, 0])
    down = np.stack([np.cos(angle), np.sin(angle)]).astype(np.float32)
    rows, columns = -(-shape[0] // side), -(-shape[1] // side)
    sums = np.empty((rows, columns, 5, 2), np.float32)
    sum_strips(plane, side, down, across, which, sums)
    filled = np.zeros((rows * side, columns * side))
    filled[: shape[0], : shape[1]] = plane
    whole = np.concatenate([np.exp(1j * angle), np.exp(-1j * angle[:, ::-1])], axis=1)
    for row, column, line in np.ndindex(rows, columns, 5):
        block = filled[row * side : (row + 1) * side, column * side : (column + 1) * side]
        expected = whole[which[line]] @ block @ (across[0, line] + 1j * across[1, line])
        assert sums[row, column, line] == pytest.approx([expected.real, expected.imag], abs=1e-4)
