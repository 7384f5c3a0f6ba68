"""How strong the mark may be, and where it may not."""

import cv2
import numpy as np
import pytest

from provenance.watermarks.tile.mask import Quality
from provenance.watermarks.tile2.mask import CELL, measure_visibility, scale
from tests.provenance.watermarks.photographs import photograph


def test_texture_hides_the_mark_and_the_ground_beside_it_does_not():
    plane = np.full((256, 256), 128, np.uint8)
    plane[:, 128:] = 60  # a lone edge
    plane[128:, :64] = np.random.default_rng(0).integers(70, 190, (128, 64))
    allowance = measure_visibility(plane).allowance
    even, texture = allowance[6, 6], allowance[50, 8]
    assert texture > 4 * even
    assert allowance[6].max() < 1.2 * even, "an edge between even grounds hides nothing"
    assert allowance[50, 17:28].max() < 1.2 * even, "nothing of it spills out of the texture"


@pytest.mark.parametrize("name", ["astronaut.png", "rocket.jpg"])
@pytest.mark.parametrize("psnr_db", [42.3, 46.0])
def test_the_mean_square_keeps_to_the_floor(name, psnr_db):
    luma = cv2.cvtColor(photograph(name), cv2.COLOR_RGB2GRAY)
    mask = measure_visibility(luma).scaled(Quality(psnr_db, 1.0, 1.0))
    assert 10 * np.log10(255**2 / np.square(mask).mean()) >= psnr_db - 1e-3


@pytest.mark.parametrize("shape", [(200, 200), (201, 333), (7, 900)])
def test_the_grid_covers_every_pixel(shape):
    visibility = measure_visibility(np.zeros(shape, np.uint8))
    assert visibility.allowance.shape == tuple(max(-(-side // CELL), 2) for side in shape)
    assert np.isfinite(visibility.allowance).all()


def test_no_block_bears_much_more_than_the_whole_may():
    """A page with one busy part: all of the mark would be heaped there."""
    plane = np.full((512, 512), 128, np.uint8)
    plane[128:320, 128:320] = np.random.default_rng(0).integers(60, 200, (192, 192))
    visibility, quality = measure_visibility(plane), Quality(42.5, 1.0, 1.0)
    most = 255**2 / 10**4.25

    def blocks(mask):
        return [np.square(mask[r : r + 16, c : c + 16]).mean() for r in range(0, 128, 16) for c in range(0, 128, 16)]

    assert max(blocks(visibility.scaled(quality))) > 3 * most
    assert max(blocks(scale(visibility, quality))) < 2 * most


def test_what_lies_evenly_is_not_touched():
    plane = np.random.default_rng(1).integers(100, 156, (320, 320)).astype(np.uint8)
    visibility, quality = measure_visibility(plane), Quality(42.5, 1.0, 1.0)
    assert np.allclose(scale(visibility, quality), visibility.scaled(quality), rtol=0.02)
