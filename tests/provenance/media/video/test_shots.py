"""A cut is told, a pan is not."""

import numpy as np

from provenance.media.video.shots import CutDetector
from tests.clips import frames


def lumas(name, count=8):
    return [frame[..., 1] for frame in frames(count, name=name)]


def test_cuts_are_told_and_movement_is_not():
    row = [*lumas("astronaut.png"), *lumas("coffee.png"), *lumas("rocket.jpg")]
    detector = CutDetector()
    assert [at for at, luma in enumerate(row) if detector.is_cut(luma)] == [0, 8, 16]


def test_noise_is_no_cut():
    random, detector = np.random.default_rng(1), CutDetector()
    row = [random.integers(100, 140, (90, 160), dtype=np.uint8) for _ in range(10)]
    assert [detector.is_cut(luma) for luma in row] == [True] + [False] * 9
