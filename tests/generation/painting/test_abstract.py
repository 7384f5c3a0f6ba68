"""Abstract pictures: many colours, those named among them."""

import numpy as np
import pytest

from generation.painting.abstract import build_abstract
from generation.painting.words import parse_words


@pytest.mark.parametrize("prompt", ["abstract", "abstract red", "abstract red blue green white black"])
@pytest.mark.parametrize("size", [(64, 64), (64, 150)])
def test_colours_are_within_bounds_and_spread(prompt, size):
    canvas = build_abstract(parse_words(prompt), *size, np.random.default_rng(1))
    assert canvas.light.shape == (*size, 3)
    assert 0 <= canvas.light.min() <= canvas.light.max() <= 1
    assert canvas.light.std() > 0.08
    assert not canvas.sparks.any()
