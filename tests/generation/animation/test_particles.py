import numpy as np

from generation.animation.camera import Pose
from generation.animation.particles import scatter
from tests.generation.animation.pictures import photograph


def test_specks_only_add_light_move_and_repeat_for_one_seed():
    motes = scatter(40, photograph(), np.random.default_rng(1))
    dark = np.full((120, 180, 3), 40, np.uint8)
    first, later, again = dark.copy(), dark.copy(), dark.copy()
    motes.draw(first, Pose(), 0.0)
    motes.draw(later, Pose(), 1.0)
    scatter(40, photograph(), np.random.default_rng(1)).draw(again, Pose(), 0.0)
    assert np.array_equal(first, again)
    assert (first >= 40).all()
    assert (first > 44).any()
    assert not np.array_equal(first, later)
    still = dark.copy()
    motes.draw(still, Pose(), 0.0, level=0.0)
    assert np.array_equal(still, dark)


def test_they_move_by_small_steps():
    motes = scatter(60, photograph(), np.random.default_rng(2))
    sums = []
    for time in np.arange(0, 3, 1 / 30):
        frame = np.zeros((120, 180, 3), np.uint8)
        motes.draw(frame, Pose(), float(time))
        sums.append(float(frame.sum()))
    assert np.abs(np.diff(sums)).max() < 0.12 * max(sums)
