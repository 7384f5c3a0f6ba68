"""The second tile in luma: one pattern a shot, within its bound on quality, none that folds."""

import cv2
import numpy as np
import pytest

from provenance.errors import PayloadTooLargeError
from provenance.watermarks.tile.shot import to_small
from provenance.watermarks.tile2.shot import STRONG, ShotMark
from tests.provenance.watermarks.tile2.samples import LAYOUT, PAYLOAD, TILE
from tests.sites import photograph


def luma(side=360):
    return np.asarray(photograph("coffee.png", side).convert("L"))


def laid(plane, **options):
    return ShotMark(LAYOUT, PAYLOAD, **options).add(plane).astype(int) - plane


def test_frames_of_one_shot_carry_one_pattern_within_its_bound():
    plane = luma()
    mark = ShotMark(LAYOUT, PAYLOAD)
    first, second = mark.add(plane), mark.add(plane, np.empty_like(plane))
    assert np.array_equal(first, second)
    assert first.dtype == np.uint8
    assert np.array_equal(plane, luma()), "what came in stays as it is"
    error = first.astype(float) - plane
    assert 42 <= 10 * np.log10(255**2 / np.mean(error**2)) < 56
    assert np.abs(np.mean(error)) < 0.1


def test_strength_follows_quality_and_range():
    plane = luma()
    usual, strong, full = (
        np.abs(laid(plane, **options)).mean() for options in ({}, {"quality": STRONG}, {"is_full_range": True})
    )
    assert usual < strong
    assert usual < full


def test_what_was_laid_before_is_laid_again_where_it_is_known_how():
    plane = luma()
    found = TILE.inspect(np.stack([ShotMark(LAYOUT, PAYLOAD).add(plane)] * 3, axis=2))
    other = ShotMark(LAYOUT, PAYLOAD, laying=(found.match.code, (3, 5))).add(plane)
    assert not np.array_equal(other, ShotMark(LAYOUT, PAYLOAD, laying=(found.match.code, (3, 6))).add(plane))
    assert np.array_equal(other, ShotMark(LAYOUT, PAYLOAD, laying=(found.match.code, (3, 5))).add(plane))


def test_cells_do_not_repeat_but_for_sync():
    grey = np.full((360, 640), 120, np.uint8) + np.random.default_rng(0).integers(0, 24, (360, 640), np.uint8)
    change = laid(grey, quality=STRONG).astype(float)
    one, other = change[:128, :128].ravel(), change[128:256, 256:384].ravel()
    assert 0.05 < np.corrcoef(one, other)[0, 1] < 0.45, "a quarter of the power is sync"


def test_a_larger_frame_is_marked_as_its_smaller_self_would_be():
    large = cv2.resize(luma(), (1280, 854), interpolation=cv2.INTER_CUBIC)
    small = to_small(ShotMark(LAYOUT, PAYLOAD, quality=STRONG).add(large))
    assert TILE.extract(np.stack([small] * 3, axis=2)).payload == PAYLOAD


def test_it_refuses_what_does_not_fit():
    with pytest.raises(PayloadTooLargeError):
        ShotMark(LAYOUT, 1 << 64)
