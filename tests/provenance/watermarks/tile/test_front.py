"""The front end: what stands out, and what does not."""

import numpy as np
import pytest

from provenance.watermarks.tile.code import encode_salted
from provenance.watermarks.tile.embedding import build_tile
from provenance.watermarks.tile.front import PROJECTIONS, build_difference, build_residual, build_thorough
from tests.provenance.watermarks.photographs import photograph, through_jpeg
from tests.provenance.watermarks.tile.samples import LAYOUT, PAYLOAD, marked


def agreement(frame, build=build_residual):
    """Return how far the residual agrees with the likeliest of the tiles that the payload may have."""
    residual = build(frame)
    height, width = residual.shape
    best = 0.0
    for code in encode_salted(LAYOUT, PAYLOAD):
        tile = np.tile(build_tile(LAYOUT, code, samples=128), (-(-height // 128), -(-width // 128)))[:height, :width]
        best = max(best, float((residual * tile).sum() / np.sqrt((residual**2).sum() * (tile**2).sum())))
    return best


def test_the_mark_stands_out_and_the_picture_does_not():
    assert agreement(marked()) > 5 * agreement(photograph("coffee.png", 384, 576))


def test_scores_are_of_the_order_of_one_whatever_the_contrast():
    for name in ("coffee.png", "rocket.jpg", "ihc.png"):
        residual = build_residual(photograph(name, 256, 320))
        assert residual.shape == (256, 320)
        assert abs(residual.mean()) < 0.05
        assert 0.05 < residual.std() < 3


def test_an_even_picture_has_no_scores():
    assert np.abs(build_residual(np.full((64, 80, 3), 200, np.uint8))).max() < 1e-3


def test_grey_has_no_colour_difference():
    luma, difference = np.array(PROJECTIONS)
    assert abs(luma.sum() - 1) < 1e-9
    assert abs(difference.sum()) < 1e-9


def test_a_residual_does_not_depend_on_memory_order():
    frame = photograph("chelsea.png", 200, 300)
    assert np.array_equal(build_residual(frame), build_residual(np.asfortranarray(frame)))


def test_brightness_and_blue_difference_add_up_to_the_whole():
    frame = photograph("chelsea.png", 200, 300)
    parts = build_residual(frame, in_colour=False) + build_difference(frame)
    assert np.allclose(parts, build_residual(frame), atol=1e-4)


def test_of_what_was_compressed_more_is_left_when_it_is_looked_at_closely():
    seen = through_jpeg(marked("astronaut.png", 256, 320), 20)
    usual = agreement(seen, lambda frame: build_residual(frame, in_colour=False))
    assert agreement(seen, build_thorough) > 1.03 * usual


@pytest.mark.parametrize("in_colour", [False, True])
def test_a_thorough_look_lies_where_the_usual_one_does(in_colour):
    frame = photograph("chelsea.png", 101, 150)
    usual, thorough = build_residual(frame, in_colour=in_colour), build_thorough(frame, in_colour=in_colour)
    assert thorough.shape == usual.shape
    assert thorough.dtype == np.float32
    here = np.corrcoef(usual.ravel(), thorough.ravel())[0, 1]
    beside = np.corrcoef(usual[:, 1:].ravel(), thorough[:, :-1].ravel())[0, 1]
    assert here > 0.8 > beside
