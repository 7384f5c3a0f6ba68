import numpy as np

from training.measure_clip import area, measure_names, wilson


def test_intervals_hold_the_share():
    share, low, high = wilson(80, 100)
    assert share == 0.8
    assert (round(low, 3), round(high, 3)) == (0.711, 0.867)


def test_areas_count_who_scores_higher():
    assert area(np.float32([3, 4]), np.float32([1, 2])) == 1
    assert area(np.float32([1, 4]), np.float32([2, 3])) == 0.5


def test_ranks_are_counted():
    images, texts = np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32)[[0, 2, 1]]
    found = measure_names(images, texts, np.array([0, 1, 2]))
    assert found["top-1"][0] == 1 / 3
    assert found["top-5"][0] == 1
