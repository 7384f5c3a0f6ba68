"""Waves by cell, forth and back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.watermarks.tile.layout import PERIOD
from provenance.watermarks.tile2.cells import analyse, lay_out, synthesise, wrap
from tests.provenance.watermarks.tile2.samples import LAYOUT

LINES = np.concatenate([LAYOUT.lines.data, LAYOUT.lines.sync])


def draw_waves(rows, columns, seed=0):
    rng = np.random.default_rng(seed)
    shape = rows, columns, len(LINES)
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(np.complex64)


def test_what_is_laid_is_read_again():
    waves = draw_waves(2, 3)
    read = analyse(synthesise(waves, LINES), LINES, PERIOD)
    assert np.allclose(read / (PERIOD * PERIOD / 2), waves, atol=1e-3)


def test_a_wave_is_the_cosine_that_the_specification_says():
    waves = np.zeros((1, 1, len(LINES)), np.complex64)
    waves[0, 0, 5] = 2 * np.exp(0.7j)
    down, across = np.mgrid[:PERIOD, :PERIOD]
    k, m = LINES[5]
    expected = 2 * np.cos(2 * np.pi * (k * across + m * down) / PERIOD + 0.7)
    assert np.allclose(synthesise(waves, LINES), expected, atol=1e-4)


@settings(max_examples=20, deadline=None)
@given(st.integers(-200, 200), st.integers(-200, 200), st.integers(30, 300), st.integers(30, 300))
def test_cells_begin_where_they_are_said_to(across, down, height, width):
    residual = np.random.default_rng(0).normal(size=(height, width)).astype(np.float32)
    laid = lay_out(residual, np.eye(2), np.array([across, down], float))
    assert laid.shape[0] % PERIOD == laid.shape[1] % PERIOD == 0
    top, left = -down % PERIOD, -across % PERIOD
    assert np.array_equal(laid[top : top + height, left : left + width], residual)
    assert laid.sum(dtype=np.float64) == pytest.approx(residual.sum(dtype=np.float64), abs=1e-2)


def test_a_flip_is_laid_the_other_way_round():
    residual = np.random.default_rng(0).normal(size=(PERIOD, 2 * PERIOD)).astype(np.float32)
    laid = lay_out(residual, np.diag([-1.0, 1.0]), np.array([1.0, 0.0]))
    assert np.allclose(laid[:PERIOD], residual[:, ::-1], atol=1e-5)


@pytest.mark.parametrize("geometry", [np.zeros((2, 2)), np.eye(2) * 0.05, np.eye(2) * 20])
def test_a_geometry_out_of_reach_is_refused(geometry):
    assert lay_out(np.zeros((300, 300), np.float32), geometry, np.zeros(2)) is None


def test_cells_that_lie_so_many_apart_are_added_up():
    plane = np.random.default_rng(0).normal(size=(7 * 4, 3 * 4)).astype(np.float32)
    wrapped = wrap(plane, 4, 5)
    assert wrapped.shape == (20, 12)
    assert np.allclose(wrapped[:8], plane[:8] + plane[20:])
    assert np.array_equal(wrapped[8:], plane[8:20])
    assert wrap(plane, 4, 7) is plane
