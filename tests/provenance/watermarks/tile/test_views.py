"""What is looked at in a picture is made once, for as long as nobody can have changed the picture."""

import gc

import numpy as np
import pytest

from provenance.watermarks.tile.front import build_residual, build_thorough
from provenance.watermarks.tile.views import Views, views_of
from tests.provenance.watermarks.photographs import photograph


def frozen(frame):
    copy = frame.copy()
    copy.flags.writeable = False
    return copy


def test_a_frozen_frame_is_looked_at_once():
    frame = frozen(photograph("coffee.png", 200, 300))
    assert views_of(frame) is views_of(frame)
    assert views_of(frozen(frame)) is not views_of(frame)


def test_what_can_be_written_to_is_looked_at_anew():
    frame = photograph("coffee.png", 200, 300).copy()
    before = views_of(frame).luma.copy()
    frame[50:90] = 255
    assert not np.array_equal(views_of(frame).luma, before)
    seen = frame[:]
    seen.flags.writeable = False
    assert views_of(seen) is not views_of(seen), "whoever holds the whole writes to its part"


def test_views_go_with_a_large_frame():
    frame = frozen(np.zeros((1200, 1500, 3), np.uint8))
    kept = views_of(frame)
    del frame
    gc.collect()
    other = frozen(np.zeros((1200, 1500, 3), np.uint8))
    assert views_of(other) is not kept


@pytest.mark.parametrize(
    ("shape", "is_small", "is_large", "is_enlarged"),
    [((200, 300), True, False, False), ((420, 640), False, False, True), ((1300, 1600), False, True, True)],
)
def test_the_kind_of_a_picture_follows_its_canonical_size(shape, is_small, is_large, is_enlarged):
    views = Views(np.zeros((*shape, 3), np.uint8))
    assert (views.is_small, views.is_large, views.is_enlarged) == (is_small, is_large, is_enlarged)
    assert max(views.small.shape) == min(max(shape), 1024)


def test_brightness_and_difference_are_of_one_part():
    views = Views(np.random.default_rng(0).integers(0, 255, (900, 700, 3), dtype=np.uint8))
    assert views.difference.shape == views.coloured_luma.shape == views.middle_luma.shape == (512, 512)
    small = Views(photograph("coffee.png", 200, 300))
    assert np.allclose(small.both, build_residual(small.small), atol=1e-4)
    assert np.array_equal(small.thorough_luma, build_thorough(small.small))
    assert np.array_equal(small.thorough_both, build_thorough(small.small, in_colour=True))
