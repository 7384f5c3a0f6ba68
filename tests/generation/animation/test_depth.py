import numpy as np

from generation.animation.depth import FAR, estimate_nearness, guide
from tests.generation.animation.pictures import photograph, thing


def test_nearness_is_bounded_and_smooth_and_the_ground_comes_forward():
    near = estimate_nearness(photograph())
    assert near.shape == photograph().shape[:2]
    assert near.dtype == np.float32
    assert FAR - 1e-3 <= near.min() <= near.max() <= 1
    assert near[-20:].mean() > near[:20].mean() + 0.1
    assert np.abs(np.diff(near, axis=0)).max() < 0.1


def test_a_subject_is_nearer_than_what_is_around_it():
    matte = np.zeros(thing().shape[:2], np.float32)
    matte[50:110, 60:100] = 1
    with_it, without = estimate_nearness(thing(), matte), estimate_nearness(thing())
    assert with_it[80, 80] > without[80, 80] + 0.1
    assert np.allclose(with_it[5, 5], without[5, 5], atol=1e-3)


def test_a_guided_filter_keeps_the_edges_of_its_guide():
    by = np.zeros((40, 40), np.float32)
    by[:, 20:] = 1
    noisy = by + np.random.default_rng(1).normal(0, 0.2, by.shape).astype(np.float32)
    made = guide(noisy, by, 4, 1e-3)
    assert made[:, :18].std() < 0.1
    assert made[:, 22:].mean() - made[:, :18].mean() > 0.9
