"""How much stands out in each window, against sums that were not summed beforehand."""

import numpy as np
import pytest

from provenance.watermarks.tile2._windows_kernel import measure_windows


def test_each_window_is_measured_by_its_own_blocks():
    rng = np.random.default_rng(0)
    sums = rng.normal(size=(5, 6, 4)) + 1j * rng.normal(size=(5, 6, 4))
    power = (np.abs(sums) ** 2).mean(axis=2)
    total = np.pad(sums, ((1, 0), (1, 0), (0, 0))).cumsum(axis=0).cumsum(axis=1)
    noise = np.pad(power, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    excess = np.empty((4, 4))
    measure_windows(np.ascontiguousarray(total).view(np.float64).reshape(6, 7, 4, 2), noise, 2, 3, 1.5, excess)
    for row, column in np.ndindex(4, 4):
        part = (slice(row, row + 2), slice(column, column + 3))
        length = np.minimum(np.abs(sums[part].sum(axis=(0, 1))) ** 2 / power[part].sum(), 1.5)
        assert excess[row, column] == pytest.approx((length.sum() - 4) / 2)
