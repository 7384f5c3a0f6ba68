"""Small things change the picture where they should."""

import numpy as np
import pytest

from generation.painting import details
from generation.painting.canvas import Canvas
from generation.painting.palette import build_palette
from generation.painting.words import parse_words


@pytest.fixture
def canvas():
    made = Canvas.blank(160, 200)
    made.light[:] = 0.5
    return made


@pytest.fixture
def palette():
    return build_palette(parse_words("red flowers"), "day", np.random.default_rng(1))


@pytest.mark.parametrize(
    ("paint", "above", "below"),
    [
        (details.paint_flowers, False, True),
        (details.paint_boat, None, True),
        (details.paint_birds, True, False),
        (details.paint_balloons, True, None),
        (details.paint_fog, True, True),
    ],
)
def test_details_land_above_or_below_the_horizon(canvas, palette, paint, above, below):
    paint(canvas, palette, np.random.default_rng(1), 0.5)
    changed = np.abs(canvas.light - 0.5).max(axis=(1, 2)) > 0.03
    for part, expected in ((changed[:64], above), (changed[96:], below)):
        assert expected is None or part.any() == expected


def test_flowers_have_the_colour_named(canvas, palette):
    details.paint_flowers(canvas, palette, np.random.default_rng(1), 0.3)
    assert canvas.light[60:, :, 0].mean() > canvas.light[60:, :, 1].mean() + 0.05


@pytest.mark.parametrize("paint", [details.paint_rain, details.paint_snowfall])
def test_rain_and_snow_are_sparks(canvas, paint):
    paint(canvas, np.random.default_rng(1))
    assert 0.002 < np.count_nonzero(canvas.sparks) / canvas.sparks.size < 0.5
    assert (canvas.light == 0.5).all()
