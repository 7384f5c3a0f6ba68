"""Noise: bounded, seeded, of any size."""

import numpy as np
import pytest

from generation.painting.noise import build_noise, build_ridge


@pytest.mark.parametrize(("height", "width"), [(2, 2), (64, 64), (3, 200), (200, 3)])
def test_noise_fills_its_plane_within_bounds(height, width):
    noise = build_noise(np.random.default_rng(1), height, width, cells=3, octaves=6, stretch=4)
    assert noise.shape == (height, width)
    assert noise.dtype == np.float32
    assert 0 <= noise.min() <= noise.max() <= 1


def test_noise_is_seeded_and_smooth_and_stretched():
    first, again, other = (build_noise(np.random.default_rng(seed), 128, 128, cells=4, stretch=6) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    down, across = (np.abs(np.diff(first, axis=axis)).mean() for axis in (0, 1))
    assert across < down < 0.05


@pytest.mark.parametrize("octaves", [1, 3, 8])
def test_ridges_reach_from_bottom_to_top(octaves):
    ridge = build_ridge(np.random.default_rng(1), 200, cells=2, octaves=octaves)
    assert ridge.shape == (200,)
    assert (ridge.min(), ridge.max()) == (0, 1)
