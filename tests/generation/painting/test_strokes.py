"""Brush strokes: near the picture, with texture, coarser on request."""

import numpy as np

from generation.painting.noise import build_noise
from generation.painting.strokes import PASSES, paint_over


def picture():
    return np.stack([build_noise(np.random.default_rng(seed), 96, 120, cells=3) for seed in range(3)], axis=2)


def test_strokes_stay_near_and_leave_the_source_alone():
    before = picture()
    painted = paint_over(before, np.random.default_rng(1))
    assert np.array_equal(before, picture())
    assert painted.shape == before.shape
    assert 0.005 < np.abs(painted - before).mean() < 0.1


def test_coarser_brushes_keep_less():
    fine, coarse = (
        np.abs(paint_over(picture(), np.random.default_rng(1), coarseness=size) - picture()).mean()
        for size in (0.5, 3.0)
    )
    assert fine < coarse


def test_a_flat_picture_gets_texture():
    painted = paint_over(np.full((64, 64, 3), 0.5, np.float32), np.random.default_rng(1))
    assert painted.std() > 0.01
    assert abs(painted.mean() - 0.5) < 0.03


def test_each_pass_is_reported():
    calls = []
    paint_over(picture(), np.random.default_rng(1), advance=lambda: calls.append(1))
    assert len(calls) == len(PASSES)
