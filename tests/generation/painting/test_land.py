"""What lies under the sky keeps to its side of the horizon."""

import numpy as np
import pytest

from generation.painting import land
from generation.painting.canvas import Canvas
from generation.painting.palette import build_palette
from generation.painting.words import parse_words

HORIZON = 0.5


def painted(paint, *more, **options):
    palette = build_palette(parse_words(""), "day", np.random.default_rng(1))
    canvas = Canvas.blank(160, 200)
    canvas.light[:] = 0.5
    canvas.sparks[:] = 1
    paint(canvas, palette, np.random.default_rng(2), HORIZON, *more, **options)
    assert canvas.light.dtype == np.float32
    assert np.isfinite(canvas.light).all()
    return canvas


@pytest.mark.parametrize(
    ("paint", "more", "options"),
    [
        (land.paint_range, (), {"is_rocky": True, "has_snow": False}),
        (land.paint_range, (), {"is_rocky": True, "has_snow": True}),
        (land.paint_range, (), {"is_rocky": False, "has_snow": False}),
        (land.paint_water, (0.5,), {"is_wild": False}),
        (land.paint_water, (None,), {"is_wild": True}),
        (land.paint_meadow, (), {"is_tilled": True}),
        (land.paint_meadow, (), {"is_tilled": False}),
        (land.paint_dunes, (), {}),
    ],
)
def test_the_ground_is_covered_and_the_sky_is_not(paint, more, options):
    canvas = painted(paint, *more, **options)
    assert not canvas.sparks[150:].any()
    assert (canvas.light[:8] == 0.5).all()
    assert canvas.light[100:].std() > 0.01


def test_mountains_are_higher_than_hills():
    high, low = (painted(land.paint_range, is_rocky=is_rocky, has_snow=False).sparks for is_rocky in (True, False))
    assert high.sum() < low.sum()


def test_woods_and_towns_stand_on_the_horizon():
    for has_snow in (True, False):
        woods = painted(land.paint_woods, is_autumn=True, has_snow=has_snow)
        assert (woods.light[60:90] != 0.5).any()
    dark, lit = (painted(land.paint_city, is_lit=is_lit) for is_lit in (False, True))
    assert (lit.light[..., 0] - lit.light[..., 2]).max() > (dark.light[..., 0] - dark.light[..., 2]).max()
    assert not lit.sparks[70:78].all()


def test_water_without_room_is_left_out():
    canvas = Canvas.blank(8, 8)
    palette = build_palette(parse_words(""), "day", np.random.default_rng(1))
    land.paint_water(canvas, palette, np.random.default_rng(1), 0.9, None, is_wild=False)
    assert not canvas.light.any()
