"""Sync lines by block against the plain sums that they stand for."""

import numpy as np

from provenance.watermarks.tile.layout import PERIOD
from provenance.watermarks.tile2.blocks import sum_blocks
from tests.provenance.watermarks.tile2.samples import LAYOUT


def test_each_block_has_the_sum_of_its_pixels_turned_by_the_wave():
    plane = np.random.default_rng(0).normal(size=(70, 100)).astype(np.float32)
    sums = sum_blocks(plane, LAYOUT.lines.sync, 32)
    assert sums.shape == (3, 4, 24)
    down, across = np.mgrid[:70, :100]
    for row, column, line in ((0, 0, 0), (2, 3, 5), (1, 2, 23)):
        k, m = LAYOUT.lines.sync[line]
        wave = plane * np.exp(-2j * np.pi * (k * across + m * down) / PERIOD)
        part = wave[32 * row : 32 * row + 32, 32 * column : 32 * column + 32]
        assert np.isclose(sums[row, column, line], part.sum(), atol=1e-3)
