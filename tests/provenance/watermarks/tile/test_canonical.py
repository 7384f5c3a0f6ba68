"""The size at which a tile is laid."""

import numpy as np
import pytest

from provenance.watermarks.tile.canonical import halved, middle, to_canonical
from provenance.watermarks.tile.layout import PERIOD


def test_a_small_frame_is_itself():
    frame = np.zeros((1024, 700, 3), np.uint8)
    assert to_canonical(frame) is frame


@pytest.mark.parametrize(
    ("shape", "small"), [((2048, 1024), (1024, 512)), ((300, 4096), (75, 1024)), ((1025, 1), (1024, 1))]
)
def test_a_large_frame_is_shrunk_to_its_longest_side(shape, small):
    assert to_canonical(np.zeros((*shape, 3), np.uint8)).shape == (*small, 3)


@pytest.mark.parametrize("shape", [(640, 900), (1024, 1024), (100, 1000), (20, 30)])
def test_the_middle_starts_a_whole_number_of_periods_from_the_corner(shape):
    frame = np.zeros((*shape, 3), np.uint8)
    frame[..., 0], frame[..., 1] = np.arange(shape[0])[:, None] % PERIOD, np.arange(shape[1])[None] % PERIOD
    part = middle(frame, 512)
    assert part[0, 0, :2].tolist() == [0, 0]
    assert part.shape[:2] == tuple(min(side, 512) for side in shape)


def test_half_is_half():
    assert halved(np.zeros((101, 64, 3), np.uint8)).shape == (50, 32, 3)
