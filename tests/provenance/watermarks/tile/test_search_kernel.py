"""The search's loops on spectra that were made for them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.watermarks.tile._search_kernel import (
    climb,
    energy,
    improve,
    measure_excess,
    pick_peaks,
    refine,
    sum_shifted,
    sum_stretched,
)

SIZE = 512
LINES = np.array([[9, 4], [-7, 12], [15, 3], [4, 18], [-16, 9], [2, 9], [-11, 5], [13, 14]]) / 128.0


def spectrum_of(geometry, height=20.0):
    """Return noise of mean 1 with a peak where `geometry` puts each line."""
    noise = np.random.default_rng(0).exponential(1, (SIZE, SIZE // 2 + 1)).astype(np.float32)
    for line in LINES @ geometry.T:
        x, y = (line if line[0] >= 0 else -line) * SIZE
        rows, columns = np.mgrid[-3:4, -3:4]
        row, column = round(y), round(x)
        bell = height * np.exp(-((rows + row - y) ** 2 + (columns + column - x) ** 2) / 1.2)
        noise[row - 3 + SIZE // 2 : row + 4 + SIZE // 2, column - 3 : column + 4] += bell.astype(np.float32)
    return noise


@settings(max_examples=30, deadline=None)
@given(st.floats(-0.01, 0.01), st.floats(-0.01, 0.01), st.floats(-0.01, 0.01), st.floats(-0.01, 0.01))
def test_least_squares_find_any_linear_map_nearby(a, b, c, d):
    geometry = np.array([[1.1 + a, 0.2 + b], [-0.2 + c, 1.05 + d]])
    start = np.array([[1.1, 0.2], [-0.2, 1.05]])
    assert refine(spectrum_of(geometry), LINES, np.array([3, 2, 1]), start)
    assert np.abs(start - geometry).max() < 0.005


def test_too_few_lines_in_the_band_are_no_fit():
    assert not refine(spectrum_of(np.eye(2)), LINES, np.array([3]), np.eye(2) * 8.0)


def test_energy_is_high_only_where_the_lines_are():
    spectrum = spectrum_of(np.eye(2))
    there, count = energy(spectrum, LINES, np.eye(2), 50.0)
    elsewhere, _ = energy(spectrum, LINES, np.eye(2) * 1.2, 50.0)
    assert count == len(LINES)
    assert there > 3 * elsewhere
    assert energy(spectrum, LINES, np.eye(2), 2.0)[0] <= 2.0 * count
    assert energy(spectrum, LINES, np.eye(2) * 30.0, 50.0) == (0.0, 0)


def test_climbing_never_loses_energy():
    spectrum = spectrum_of(np.eye(2))
    geometry = np.array([[1.01, 0.004], [-0.006, 0.995]])
    before, _ = energy(spectrum, LINES, geometry, 12.0)
    after = climb(spectrum, LINES, geometry, 12.0, 2 / SIZE, 2)
    assert after >= before
    assert energy(spectrum, LINES, geometry, 12.0)[0] == pytest.approx(after)


def test_shifted_sums_are_those_of_slices():
    rng = np.random.default_rng(1)
    half = rng.integers(0, 200, (50, 24), dtype=np.uint8)
    polar = np.concatenate([half, half], axis=1)
    rows, columns = rng.integers(-5, 60, 6), rng.integers(0, 24, 6)
    totals, counts = np.zeros((20, 24), np.uint16), np.zeros(20, np.int64)
    sum_shifted(polar, rows, columns, totals, counts)
    for s in range(20):
        inside = [t for t in range(6) if 0 <= rows[t] - s < 50]
        assert counts[s] == len(inside)
        expected = sum(
            (polar[rows[t] - s, columns[t] : columns[t] + 24].astype(int) for t in inside), np.zeros(24, int)
        )
        assert np.array_equal(totals[s], expected)


def test_stretched_sums_are_highest_at_the_truth():
    geometry = np.diag([1.3, 1.1])
    spectrum = (np.minimum(spectrum_of(geometry), 15.9) * 16).astype(np.uint8)
    shrinkings, reach = np.exp(np.arange(-0.6, 0.8, 0.015)), 20
    totals, counts = np.zeros((len(shrinkings) - 2 * reach, 2 * reach + 1), np.uint16), np.zeros(54, np.int64)
    sum_stretched(np.ascontiguousarray(spectrum.T), LINES, shrinkings, totals, counts)
    row, column = np.unravel_index(int(totals.argmax()), totals.shape)
    assert shrinkings[row + reach] == pytest.approx(1.3, rel=0.016)
    assert shrinkings[row + column] == pytest.approx(1.1, rel=0.016)
    assert counts.max() == len(LINES)


def test_excess_is_in_deviations_of_as_many_cells():
    totals, counts = np.array([[50, 90], [20, 10]], np.uint16), np.array([16, 2])
    excess = np.empty((2, 2), np.float32)
    measure_excess(totals, counts, 3.0, 2.0, excess)
    assert excess[0] == pytest.approx([(50 - 48) / 8, (90 - 48) / 8])
    assert excess[1] == pytest.approx(np.array([14, 4]) / (2 * np.sqrt(8)))


def test_peaks_come_in_order_without_what_lies_round_them():
    field = np.random.default_rng(2).normal(size=(30, 40)).astype(np.float32)
    field[4, 39], field[5, 0], field[20, 7] = 9, 8, 7
    rows, columns, heights = np.empty(2, np.int64), np.empty(2, np.int64), np.empty(2)
    pick_peaks(field, field.max(axis=1), 3, rows, columns, heights)
    assert list(zip(rows, columns, heights, strict=True)) == [(4, 39, 9.0), (20, 7, 7.0)]


def test_what_is_improved_ranks_highest_where_the_lines_are():
    geometry = np.array([[1.1, 0.02], [-0.03, 1.05]])
    spectrum, others = spectrum_of(geometry), np.zeros((0, 2))
    starts = np.array([[[1.105, 0.02], [-0.03, 1.048]], [[0.7, 0.1], [0.1, 0.8]]])
    ranks = np.empty(2)
    improve(spectrum, LINES, others, np.array([3, 2, 1]), (50.0, 4.0), starts, ranks)
    assert np.abs(starts[0] - geometry).max() < 0.005
    assert ranks[0] > 3 * ranks[1]
    strong, count = energy(spectrum, LINES, starts[0], 50.0)
    assert ranks[0] == pytest.approx((strong - count) / np.sqrt(8))
