"""How strong the mark may be."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.watermarks.tile.mask import CELL, Quality, measure_visibility
from tests.provenance.watermarks.photographs import photograph


def luma(name):
    return cv2.cvtColor(photograph(name), cv2.COLOR_RGB2GRAY)


def test_texture_hides_more_than_even_ground_and_than_a_lone_edge():
    plane = np.full((256, 256), 128, np.uint8)
    plane[:, 128:] = 60  # a lone edge
    plane[160:, :96] = np.random.default_rng(0).integers(70, 190, (96, 96))
    allowance = measure_visibility(plane).allowance
    even, edge, texture = allowance[6, 6], allowance[6, 16], allowance[26, 6]
    assert texture > 4 * even
    assert edge < 1.5 * even


@pytest.mark.parametrize("name", ["astronaut.png", "coffee.png", "rocket.jpg"])
@pytest.mark.parametrize("psnr_db", [40.0, 42.3, 46.0])
def test_the_mean_square_keeps_to_the_floor(name, psnr_db):
    mask = measure_visibility(luma(name)).scaled(Quality(psnr_db, 1.0, 1.0))
    assert 10 * np.log10(255**2 / np.square(mask).mean()) >= psnr_db - 1e-3


@settings(max_examples=20, deadline=None)
@given(st.floats(0.002, 0.03), st.floats(0.001, 0.02))
def test_a_stricter_bound_on_similarity_never_marks_more(loose, step):
    visibility = measure_visibility(luma("chelsea.png"))
    strict = visibility.scaled(Quality(42.0, max(loose - step, 1e-4), 1.0))
    assert (strict <= visibility.scaled(Quality(42.0, loose, 1.0)) + 1e-6).all()


@pytest.mark.parametrize("shape", [(200, 200), (201, 333), (7, 900), (1024, 1000)])
def test_the_grid_covers_every_pixel(shape):
    visibility = measure_visibility(np.zeros(shape, np.uint8))
    assert visibility.allowance.shape == tuple(-(-side // CELL) for side in shape)
    assert visibility.variance.shape == visibility.allowance.shape
    assert np.isfinite(visibility.allowance).all()
