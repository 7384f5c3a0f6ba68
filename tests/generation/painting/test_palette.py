"""Colours of an hour, and what words do to them."""

import numpy as np
import pytest

from generation.painting.palette import build_palette
from generation.painting.words import parse_words


def palette(prompt, time="day", seed=1):
    return build_palette(parse_words(prompt), time, np.random.default_rng(seed))


@pytest.mark.parametrize("time", ["day", "dusk", "night"])
@pytest.mark.parametrize("prompt", ["", "red", "snow", "autumn", "storm blue", "white flowers", "black boat"])
def test_every_colour_is_one(prompt, time):
    made = palette(prompt, time)
    colours = (
        made.zenith,
        made.middle,
        made.horizon,
        made.sun,
        made.cloud,
        made.water,
        made.ground,
        made.foliage,
        made.haze,
        *made.accent,
    )
    assert all(0 <= part <= 1 for colour in colours for part in colour)


def test_night_is_darker_than_day():
    assert sum(palette("", "night").horizon) < sum(palette("", "dusk").horizon) < sum(palette("", "day").horizon)


def test_named_colours_go_to_flowers_or_to_the_sky():
    assert palette("red flowers").accent == parse_words("red").colours
    assert palette("red flowers").zenith == palette("flowers").zenith
    assert palette("red hills").zenith[0] > palette("hills").zenith[0]


def test_seasons_show_on_the_ground():
    assert sum(palette("snow").ground) > sum(palette("").ground)
    assert palette("autumn").foliage[0] > palette("").foliage[0]
