"""What `training.copy` fits, on vectors and pictures made here."""

import numpy as np

from training.copy import BITS, PARTS, cut_parts, fit


def test_parts_lie_within_the_picture_and_are_of_many_sizes():
    frame = np.arange(300 * 200 * 3, dtype=np.uint32).reshape(300, 200, 3).astype(np.uint8)
    parts = cut_parts(frame, np.random.default_rng(0))
    areas = np.array([part.shape[0] * part.shape[1] / (300 * 200) for part in parts])
    assert len(parts) == PARTS
    assert 0.05 < areas.min() < 0.2
    assert areas.max() > 0.8


def test_signs_follow_what_differs_and_not_what_all_share():
    noise = np.random.default_rng(0)
    shared = noise.normal(size=400) * 50
    vectors = (shared + noise.normal(size=(900, 400)) * np.linspace(3, 0.01, 400)).astype(np.float32)
    mean, matrix = fit(vectors)
    assert matrix.shape == (400, BITS)
    signs = (vectors - mean) @ matrix.astype(np.float32) > 0
    assert abs(signs.mean() - 0.5) < 0.02
    apart = (signs[:100, None] != signs[None, 100:200]).mean(axis=2)
    assert 0.4 < apart.mean() < 0.6
    moved = (vectors[:100] + noise.normal(size=(100, 400)) * 0.01 - mean) @ matrix.astype(np.float32) > 0
    assert (moved != signs[:100]).mean() < 0.05
