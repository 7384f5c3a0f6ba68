"""The tile in luma: one pattern a shot, within its bound on quality, in place with stills'."""

import numpy as np
import pytest

from provenance.errors import PayloadTooLargeError
from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.tile.layout import build_layout
from provenance.watermarks.tile.shot import LONGEST_SIDE, STRONG, ShotMark, as_frame, to_small
from tests.sites import photograph

LAYOUT = build_layout(WatermarkKey("own", bytes(range(32))), "org.chopmark.tile.1")


def luma(side=240):
    return np.asarray(photograph("coffee.png", side).convert("L"))


def test_frames_of_one_shot_carry_one_pattern():
    plane = luma()
    mark = ShotMark(LAYOUT, 42)
    first, second = mark.add(plane), mark.add(plane)
    assert np.array_equal(first, second)
    assert first.dtype == np.uint8
    assert np.array_equal(plane, luma()), "what came in stays as it is"
    error = first.astype(float) - plane
    assert 42 <= 10 * np.log10(255**2 / np.mean(error**2)) < 56
    assert np.abs(np.mean(error)) < 0.1


def test_strength_follows_quality_and_range():
    plane = luma()
    usual, strong, full = (
        np.abs(ShotMark(LAYOUT, 42, **options).add(plane).astype(int) - plane).mean()
        for options in ({}, {"quality": STRONG}, {"is_full_range": True})
    )
    assert usual < strong
    assert usual < full


def test_it_refuses_what_does_not_fit():
    with pytest.raises(PayloadTooLargeError):
        ShotMark(LAYOUT, 1 << 64)


def test_small_planes_are_left_as_they_are():
    plane = luma()
    assert to_small(plane) is plane
    assert max(to_small(np.zeros((720, 1280), np.uint8)).shape) == LONGEST_SIDE
    assert as_frame(plane).shape == (*plane.shape, 3)
