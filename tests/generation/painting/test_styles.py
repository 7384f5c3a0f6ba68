"""Styles: each keeps what is where, looks unlike the others, and gives the same pixels again."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.painting.styles import STYLES, paint_style
from provenance.errors import GenerationError
from tests.sites import photograph


@pytest.fixture(scope="module")
def light():
    return np.asarray(photograph("astronaut.png", 256), np.float32) / 255


@pytest.fixture(scope="module")
def painted(light):
    return {style: paint_style(style, light, np.random.default_rng(3)) for style in STYLES}


def small(light):
    grey = light.mean(axis=2)
    return (
        grey[: grey.shape[0] // 16 * 16, : grey.shape[1] // 16 * 16]
        .reshape(16, -1, 16, grey.shape[1] // 16)
        .mean((1, 3))
    )


@pytest.mark.parametrize("style", STYLES)
def test_it_keeps_what_is_where_and_gives_the_same_again(light, painted, style):
    made = painted[style]
    assert made.shape == light.shape
    assert made.dtype == np.float32
    assert 0 <= made.min() <= made.max() <= 1
    assert np.corrcoef(small(made).ravel(), small(light).ravel())[0, 1] > 0.7
    assert np.abs(made - light).mean() > 0.02
    before = light.copy()
    assert np.array_equal(paint_style(style, light, np.random.default_rng(3)), made)
    assert np.array_equal(light, before)


def test_no_two_look_alike(painted):
    for one, other in itertools.combinations(STYLES, 2):
        assert np.abs(painted[one] - painted[other]).mean() > 0.05, (one, other)


@pytest.mark.parametrize("style", STYLES)
@given(height=st.integers(64, 140), width=st.integers(64, 140), shade=st.sampled_from([0.0, 0.5, 1.0]))
@settings(max_examples=4, deadline=None)
def test_odd_sizes_and_blanks_are_painted(style, height, width, shade):
    made = paint_style(style, np.full((height, width, 3), shade, np.float32), np.random.default_rng(0))
    assert made.shape == (height, width, 3)
    assert np.isfinite(made).all()


def test_an_unknown_style_is_told():
    with pytest.raises(GenerationError, match="watercolour"):
        paint_style("cubist", np.zeros((64, 64, 3), np.float32), np.random.default_rng(0))
