"""Structural similarity is that of the library that defines what we say of it."""

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from provenance.watermarks.tile2.similarity import measure_similarity
from tests.provenance.watermarks.photographs import photograph
from tests.provenance.watermarks.tile2.samples import marked


@pytest.mark.parametrize("change", [0, 1, 9])
def test_it_is_what_the_library_says(change):
    before = photograph("coffee.png", 120, 90)
    noise = np.random.default_rng(change).integers(-change, change + 1, before.shape)
    after = np.clip(before.astype(int) + noise, 0, 255).astype(np.uint8)
    expected = structural_similarity(before, after, channel_axis=2)
    assert measure_similarity(before, after) == pytest.approx(expected, abs=2e-4)


def test_a_small_picture_keeps_to_its_bound():
    before = photograph("coffee.png", 384, 576)
    assert 0.985 <= measure_similarity(before, marked()) < 1
