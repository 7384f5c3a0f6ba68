import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.watermark import removal
from bench.watermark.measure import psnr_db
from tests.bench.watermark.pictures import photograph


@pytest.fixture(scope="module")
def tile():
    """A periodic mark of the usual kind: waves on a lattice, between 0.06 and 0.16 cycles a pixel."""
    rng = np.random.default_rng(5)
    rows, columns = np.mgrid[0:128, 0:128] / 128
    waves = np.zeros((128, 128), np.float32)
    for _ in range(60):
        across, down = (int(value) for value in rng.integers(5, 15, 2))
        waves += np.cos(2 * np.pi * (across * columns + down * rows + rng.random()))
    return (waves / waves.std()).astype(np.float32)


def marked_with(tile, frame, strength=2.0):
    return np.clip(np.rint(frame + strength * removal.spread(tile, *frame.shape[:2])[..., None]), 0, 255).astype(
        np.uint8
    )


def likeness(tile, frame):
    """Correlate a tile with what a picture's luma repeats."""
    found = removal.fold(removal.band(removal.to_planes(frame)[0]), 128)
    return float(np.corrcoef(found.ravel(), removal.band(tile).ravel())[0, 1])


@given(st.integers(8, 40), st.integers(16, 150), st.integers(16, 150))
@settings(max_examples=40)
def test_folding_undoes_spreading(period, height, width):
    tile = np.random.default_rng(period).normal(0, 1, (period, period)).astype(np.float32)
    tile -= tile.mean()
    if min(height, width) < period:
        height, width = height + period, width + period
    assert np.allclose(removal.fold(removal.spread(tile, height, width), period), tile, atol=1e-5)


def test_planes_go_there_and_back():
    frame = photograph()
    assert np.abs(removal.to_frame(removal.to_planes(frame)).astype(int) - frame).max() <= 1


def test_the_period_is_found_and_the_one_that_is_published(tile):
    frame = photograph(width=768, height=640)
    assert removal.find_period(marked_with(tile, frame)) == 128
    assert removal.period_of(frame) == 128
    assert removal.period_of(np.zeros((1000, 2048, 3), np.uint8)) == 256


def test_one_picture_gives_its_tile_away_and_subtraction_takes_it_out(tile):
    marked = marked_with(tile, photograph(width=768, height=640))
    before = likeness(tile, marked)
    assert before > 0.5
    cleaned = removal.subtract(marked, removal.estimate(marked, 128), 1)
    shown, left = (removal.estimate(frame, 128)[0].std() for frame in (marked, cleaned))
    assert left < 0.5 * shown, "where each part counts as much as it is quiet"
    assert abs(likeness(tile, removal.comb(marked, 128))) < 0.3 * before
    assert psnr_db(marked, cleaned) > 32


def test_many_pictures_give_more_away_than_one(tile):
    names = ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg", "motorcycle_left.png", "retina.jpg")
    frames = [marked_with(tile, photograph(name, 512, 384)) for name in names]

    def likeness_of(found):
        return np.corrcoef(found.mean[0].ravel(), removal.band(tile).ravel())[0, 1]

    assert likeness_of(removal.average(frames, 128)) > likeness_of(removal.average(frames[:1], 128))
    agreed = removal.average(frames, 128).agreed[0]
    assert np.corrcoef(agreed.ravel(), removal.band(tile).ravel())[0, 1] > 0.8


def test_notching_takes_peaks_down(tile):
    marked = marked_with(tile, photograph(width=512, height=512))
    assert likeness(tile, removal.notch(marked, 3)) < 0.7 * likeness(tile, marked)


@pytest.mark.parametrize("folded", [True, False])
def test_a_mark_is_moved(tile, folded):
    target = photograph("coffee.png", 512, 384)
    moved = removal.transplant(marked_with(tile, photograph(width=512, height=384)), target, 1, folded=folded)
    assert moved.shape == target.shape
    assert likeness(tile, moved) > likeness(tile, target) + 0.1
    assert psnr_db(target, moved) > 30
