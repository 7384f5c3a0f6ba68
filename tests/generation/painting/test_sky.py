"""What hangs in the sky."""

import numpy as np
import pytest

from generation.painting import sky
from generation.painting.canvas import Canvas
from generation.painting.palette import build_palette
from generation.painting.words import parse_words

MOTIF = parse_words("")


@pytest.fixture
def palette():
    return build_palette(MOTIF, "day", np.random.default_rng(1))


def test_the_sky_runs_from_zenith_to_horizon(palette):
    canvas = Canvas.blank(100, 50)
    sky.paint_sky(canvas, palette, 0.6)
    assert canvas.light[0, 0] == pytest.approx(palette.zenith, abs=0.02)
    assert canvas.light[70, 0] == pytest.approx(palette.horizon, abs=0.02)


def test_stars_are_sparks_above_the_horizon():
    canvas = Canvas.blank(200, 200)
    sky.paint_stars(canvas, np.random.default_rng(1), 0.5)
    assert np.count_nonzero(canvas.sparks) > 100
    assert not canvas.sparks[104:].any()


def test_clouds_hide_stars(palette):
    canvas = Canvas.blank(200, 200)
    canvas.sparks[:] = 1
    sky.paint_clouds(canvas, palette, parse_words("cloudy"), np.random.default_rng(1), 0.5)
    assert canvas.sparks[:100].mean() < 0.8
    assert canvas.sparks[120:].all()


@pytest.mark.parametrize("is_moon", [True, False])
def test_the_light_is_brightest_where_it_hangs(palette, is_moon):
    canvas = Canvas.blank(100, 100)
    sky.paint_light(canvas, palette, 0.3, 0.4, is_moon=is_moon)
    assert canvas.light[40, 30].sum() > 2.5
    assert canvas.light[40, 30].sum() > 2 * canvas.light[90, 90].sum()


def test_aurora_and_lightning_add_light():
    canvas = Canvas.blank(100, 100)
    sky.paint_aurora(canvas, np.random.default_rng(1), 0.6)
    assert canvas.light[..., 1].max() > 0.3
    sky.paint_lightning(canvas, np.random.default_rng(1), 0.6)
    assert np.count_nonzero(canvas.sparks.any(axis=1)) > 40
