"""How much stands out in each window, against sums that were not summed beforehand."""

import numpy as np
import pytest

from provenance.watermarks.tile2._windows_kernel import find_windows


def test_the_two_best_of_each_size_are_measured_by_their_own_blocks():
    rng = np.random.default_rng(0)
    sums = rng.normal(size=(5, 6, 4)) + 1j * rng.normal(size=(5, 6, 4))
    power = (np.abs(sums) ** 2).mean(axis=2)
    total = np.pad(sums, ((1, 0), (1, 0), (0, 0))).cumsum(axis=0).cumsum(axis=1)
    noise = np.pad(power, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    pairs = np.ascontiguousarray(total).view(np.float64).reshape(6, 7, 4, 2)
    found = np.empty((8, 5))
    count = find_windows(pairs, noise, np.array([2, 3]), 1.5, -9.0, found)
    assert count == 8
    for high in (2, 3):
        for wide in (2, 3):
            expected = []
            for row, column in np.ndindex(6 - high, 7 - wide):
                part = (slice(row, row + high), slice(column, column + wide))
                length = np.minimum(np.abs(sums[part].sum(axis=(0, 1))) ** 2 / power[part].sum(), 1.5)
                expected.append(((length.sum() - 4) / 2, row, column))
            best = sorted(expected)[-2:]
            mine = sorted(tuple(one[:3]) for one in found if tuple(one[3:]) == (high, wide))
            assert mine == pytest.approx(np.array(best))
    assert find_windows(pairs, noise, np.array([2, 3]), 1.5, 9.0, found) == 0
