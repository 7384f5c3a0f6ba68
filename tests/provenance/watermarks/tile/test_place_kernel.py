"""The loops of placing against the plain sums that they stand for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.watermarks.tile._place_kernel import agree_best, place_senses, sharpen, sum_noise

LINES = np.array([[9, 4], [-7, 12], [15, 3], [4, 18], [-16, 9]])


def waves_at(across, down):
    """Return values whose waves all have their top at a place."""
    turned = np.exp(-2j * np.pi / 128 * (LINES @ [across, down]))
    return np.ascontiguousarray(turned, np.complex64).view(np.float32).reshape(-1, 2)


def agreement(values, across, down):
    waves = values.view(np.complex64)[:, 0] * np.exp(2j * np.pi / 128 * (LINES @ [across, down]))
    return float(waves.real.sum())


def test_noise_is_the_power_of_each_ring():
    spectrum = np.random.default_rng(0).normal(size=(8, 8, 2)).astype(np.float32)
    rings = np.random.default_rng(1).integers(-1, 4, (8, 8))
    sums = np.zeros(4)
    sum_noise(spectrum, rings, sums)
    power = (spectrum.astype(np.float64) ** 2).sum(axis=2)
    assert sums == pytest.approx([power[rings == ring].sum() for ring in range(4)], rel=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 127), st.integers(0, 127))
def test_the_place_where_all_agree_is_found(across, down):
    found = np.empty(6)
    agree_best(waves_at(across, down), LINES, 128, found)
    assert tuple(found[:2]) == (across, down)
    assert found[2] == pytest.approx(len(LINES), abs=1e-3)


def test_the_least_is_the_most_of_the_negative():
    values = np.random.default_rng(2).normal(size=(5, 2)).astype(np.float32)
    one, other = np.empty(6), np.empty(6)
    agree_best(values, LINES, 64, one)
    agree_best(-values, LINES, 64, other)
    assert one[5] == pytest.approx(-other[2], abs=1e-4)
    assert tuple(one[3:5]) == tuple(other[:2])
    assert one[2] == pytest.approx(agreement(values, *one[:2]), abs=1e-3)


def test_sharpening_comes_within_a_sixteenth_of_a_pixel():
    values = waves_at(31.32, 77.81)
    found = np.empty(6)
    agree_best(values, LINES, 128, found)
    before = found[2]
    sharpen(values, LINES, found)
    assert found[2] > before
    assert found[2] == pytest.approx(agreement(values, *found[:2]), abs=1e-3)
    assert np.abs(found[:2] - [31.32, 77.81]).max() <= 1 / 16 + 1e-9


def test_each_sense_is_placed_by_itself_and_negatives_are_told():
    values = np.stack([waves_at(31, 77), -waves_at(90, 5)])
    places = np.empty((2, 4))
    place_senses(values, np.stack([LINES, LINES]), 128, 1, places)
    assert places[:, :2] == pytest.approx(np.array([[31, 77], [90, 5]]))
    assert places[:, 2] == pytest.approx([len(LINES)] * 2, abs=1e-3)
    assert places[:, 3].tolist() == [0, 1]
    place_senses(values, np.stack([LINES, LINES]), 128, 0, places)
    assert places[:, 3].tolist() == [0, 0]
