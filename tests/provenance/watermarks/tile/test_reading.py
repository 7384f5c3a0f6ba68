"""From a residual to a payload where the geometry is known."""

import numpy as np
import pytest

from provenance.watermarks.tile.front import build_residual
from provenance.watermarks.tile.reading import IDENTITY, UPRIGHT, fold, place, read, weigh
from tests.provenance.watermarks.photographs import photograph, through_jpeg
from tests.provenance.watermarks.tile.samples import LAYOUT, PAYLOAD, cropped, marked, resized

SENSES = np.array([np.eye(2, dtype=int), -np.eye(2, dtype=int), np.diag([1, -1]), np.diag([-1, 1])])


def folded(frame, geometry=IDENTITY):
    return fold(build_residual(frame), geometry)


def test_a_straight_tile_is_read_where_it_was_laid():
    match = read(folded(marked()), LAYOUT, UPRIGHT, paths=8)
    assert match.payload == PAYLOAD
    assert match.score > 15
    assert match.corrected_bits < 300


def test_sync_lines_tell_origin_and_sense():
    best, *others = place(folded(marked()), LAYOUT, SENSES)
    assert np.array_equal(best.sense, np.eye(2))
    assert np.abs((best.origin + 64) % 128 - 64).max() <= 0.25
    assert best.sync > 1.3 * max(one.sync for one in others)


@pytest.mark.parametrize(("down", "across"), [(31, 77), (5, 130), (100, 3)])
def test_a_crop_moves_the_origin(down, across):
    part = np.ascontiguousarray(marked()[down:, across:])
    best = place(folded(part), LAYOUT, SENSES)[0]
    off = best.origin - [-across, -down]
    assert np.abs((off + 64) % 128 - 64).max() <= 0.25
    assert read(folded(part), LAYOUT, best, paths=8).payload == PAYLOAD


def test_a_mirrored_picture_is_read_in_the_mirrored_sense():
    flipped = np.ascontiguousarray(marked()[:, ::-1])
    best = place(folded(flipped), LAYOUT, SENSES)[0]
    assert np.array_equal(best.sense, np.diag([-1, 1]))
    assert read(folded(flipped), LAYOUT, best, paths=8).payload == PAYLOAD


@pytest.mark.parametrize("scale", [0.5, 0.8, 1.3])
def test_a_known_scale_is_undone(scale):
    small = resized(marked(), scale)
    at_scale = folded(small, np.eye(2) / scale)
    assert read(at_scale, LAYOUT, place(at_scale, LAYOUT, SENSES)[0], paths=8).payload == PAYLOAD


def test_unmarked_pictures_and_noise_have_no_message():
    for frame in (
        photograph("coffee.png", 384, 576),
        np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8),
    ):
        whole = folded(frame)
        for placed in place(whole, LAYOUT, SENSES):
            assert read(whole, LAYOUT, placed, paths=32) is None


def test_the_score_falls_with_quality():
    def score(frame):
        return read(folded(frame), LAYOUT, UPRIGHT, paths=8).score

    assert score(marked()) > score(through_jpeg(marked(), 60)) > score(through_jpeg(marked(), 35))


def test_ratios_are_finite_even_for_nothing():
    nothing = fold(np.zeros((200, 300), np.float32), IDENTITY)
    assert np.isfinite(weigh(nothing, LAYOUT, UPRIGHT)).all()
    assert all(np.isfinite(one.sync) for one in place(nothing, LAYOUT, SENSES))
    assert read(nothing, LAYOUT, UPRIGHT, paths=8) is None


@pytest.mark.parametrize(
    "geometry",
    [np.zeros((2, 2)), np.array([[1.0, 2], [2, 4]]), np.eye(2) * 50, np.eye(2) / 50, np.full((2, 2), np.nan)],
)
def test_degenerate_geometries_are_not_laid(geometry):
    assert fold(np.zeros((100, 100), np.float32), geometry) is None


def test_a_huge_result_is_not_laid():
    assert fold(np.zeros((1024, 1024), np.float32), np.array([[9.0, 0], [0, 9.0]])) is None


def test_a_fold_keeps_what_is_periodic():
    rng = np.random.default_rng(0)
    period = rng.normal(size=(128, 128)).astype(np.float32)
    whole = fold(np.tile(period, (3, 4)), IDENTITY)
    # 3 x 4 periods, each line of the spectrum holds them all; odd places hold what 3 periods leave in 2 x 2.
    expected = np.fft.fft2(period) * 12
    assert np.allclose(whole.lines, expected, rtol=1e-3, atol=1e-1)
    assert cropped(marked(), 0.25).shape[0] < marked().shape[0]
