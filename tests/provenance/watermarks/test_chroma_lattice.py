"""The channel, held against the library whose format it is."""

import cv2
import numpy as np
import pytest
import pywt
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from provenance.watermarks.chroma_lattice import (
    GREY_LEVEL,
    chroma_plane,
    grid_shape,
    measure_blocks,
    move_levels,
    nearest_targets,
    scale_colour,
    soft_bits,
)
from provenance.watermarks.dwt_dct_svd import SCALE
from tests.provenance.watermarks.photographs import NAMES, photograph, psnr_db

shapes = st.tuples(st.integers(8, 24), st.integers(8, 24))


def levels_by_the_book(plane):
    """Haar, DCT and SVD of each block, the way the library goes."""
    rows, columns = grid_shape(*plane.shape)
    height, width = plane.shape
    low = pywt.dwt2(plane[: height // 4 * 4, : width // 4 * 4], "haar")[0]
    levels = np.empty((rows, columns))
    for i in range(rows):
        for j in range(columns):
            block = np.ascontiguousarray(low[4 * i : 4 * i + 4, 4 * j : 4 * j + 4], dtype=np.float64)
            levels[i, j] = np.linalg.svd(cv2.dct(block), compute_uv=False)[0]
    return levels


@pytest.mark.parametrize("name", NAMES[:3])
def test_levels_of_photographs_are_the_librarys(name):
    plane = chroma_plane(photograph(name)[:171, :203])

    assert np.allclose(measure_blocks(plane).levels, levels_by_the_book(plane), atol=2e-3)


@given(plane=arrays.arrays(np.uint8, shapes, elements=st.integers(64, 191)))
@settings(max_examples=30, deadline=None)
def test_levels_of_any_plane_of_moderate_colour_are_the_librarys(plane):
    assert np.allclose(measure_blocks(plane).levels, levels_by_the_book(plane), atol=0.01)


@given(plane=arrays.arrays(np.uint8, shapes))
@settings(max_examples=30, deadline=None)
def test_levels_of_any_plane_are_nearly_the_librarys(plane):
    """Where two singular values of a block are nearly equal, power iteration stops between them."""
    measured, exact = measure_blocks(plane).levels, levels_by_the_book(plane)

    assert np.all(measured <= exact + 0.01)
    assert np.all(measured >= 0.9 * exact - 0.01)


def test_the_plane_is_the_librarys():
    frame = photograph("coffee.png")
    bgr = np.ascontiguousarray(frame[..., ::-1])

    assert np.array_equal(chroma_plane(frame), cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV)[..., 1])


def test_grey_has_its_level():
    frame = np.full((16, 16, 3), 77, np.uint8)

    assert np.allclose(measure_blocks(chroma_plane(frame)).levels, GREY_LEVEL, atol=1e-3)


def test_levels_move_by_what_was_asked():
    frame = photograph("chelsea.png")
    blocks = measure_blocks(chroma_plane(frame))
    change = np.random.default_rng(0).uniform(-16, 16, blocks.levels.shape).astype(np.float32)

    moved = measure_blocks(chroma_plane(move_levels(frame, blocks, change))).levels

    # 8-bit pixels and an 8-bit U leave a little noise, no bias.
    error = moved - blocks.levels - change
    assert abs(float(error.mean())) < 0.5
    assert float(np.quantile(np.abs(error), 0.99)) < 4


def test_luma_and_the_remainder_stay():
    frame = photograph("coffee.png")[:101, :157]
    blocks = measure_blocks(chroma_plane(frame))
    moved = move_levels(frame, blocks, np.full(blocks.levels.shape, 12, np.float32))

    assert np.array_equal(moved[96:], frame[96:])
    assert np.array_equal(moved[:, 152:], frame[:, 152:])
    assert np.array_equal(moved[..., 0], frame[..., 0])
    luma = [cv2.cvtColor(np.ascontiguousarray(each), cv2.COLOR_RGB2GRAY).astype(int) for each in (frame, moved)]
    assert np.abs(luma[0] - luma[1]).max() <= 1


def test_no_change_changes_nothing():
    frame = photograph("rocket.jpg")
    blocks = measure_blocks(chroma_plane(frame))

    assert np.array_equal(move_levels(frame, blocks, np.zeros_like(blocks.levels)), frame)


@given(
    level=st.floats(0, 2040, width=32),
    bit=st.integers(0, 1),
    scale=st.sampled_from([36.0, 64.0, 17.5]),
)
def test_a_target_reads_as_its_bit_and_is_the_nearest(level, bit, scale):
    target = float(nearest_targets(np.array([[level]], np.float32), np.array([[bit]], np.uint8), scale)[0, 0])

    assert int(target % scale > scale / 2) == bit
    # Half a cell, or up to three quarters where the nearest would lie below nothing.
    assert abs(target - level) <= scale * (0.5 if level >= scale else 0.75) + 1e-3
    assert float(soft_bits(np.array([[target]], np.float32), scale)[0, 0]) == pytest.approx(2 * bit - 1, abs=1e-3)


@given(level=st.floats(0, 2040, width=32))
def test_soft_values_agree_with_the_librarys_hard_ones(level):
    scale = 64.0
    soft = float(soft_bits(np.array([[level]], np.float32), scale)[0, 0])
    if abs(soft) > 1e-3:
        assert (soft > 0) == (level % scale > scale * 0.5)


def test_scaling_colour_is_what_saturation_does():
    rng = np.random.default_rng(5)
    patches = rng.integers(60, 190, (12, 12, 3)).astype(np.float64)
    grey = patches.mean(axis=2, keepdims=True)
    one, other = (np.clip(grey + gain * (patches - grey), 0, 255).round().astype(np.uint8) for gain in (1.0, 1.25))
    blow_up = [np.ascontiguousarray(each.repeat(8, 0).repeat(8, 1)) for each in (one, other)]
    before, after = (measure_blocks(chroma_plane(each)).levels for each in blow_up)

    # B - Y of `grey` is not zero where grey is the mean of R, G and B, but it stays as it is.
    offset = measure_blocks(chroma_plane(np.rint(grey).astype(np.uint8).repeat(8, 0).repeat(8, 1).repeat(3, 2))).levels
    assert np.allclose(offset, GREY_LEVEL, atol=1e-2)
    assert np.abs(scale_colour(before, 1.25) - after).max() <= SCALE / 4


def test_a_resampled_reading_fits_the_earlier_grid():
    frame = photograph("astronaut.png", 512, 512)
    plane = chroma_plane(frame)
    half = chroma_plane(np.ascontiguousarray(cv2.resize(frame, (256, 256), interpolation=cv2.INTER_AREA)))

    assert measure_blocks(half, (512, 512)).levels.shape == (64, 64)
    difference = measure_blocks(half, (512, 512)).levels - measure_blocks(plane).levels
    assert float(np.median(np.abs(difference))) < 4


def test_moving_to_targets_keeps_quality():
    frame = photograph("motorcycle_left.png")
    blocks = measure_blocks(chroma_plane(frame))
    bits = np.random.default_rng(2).integers(0, 2, blocks.levels.shape).astype(np.uint8)
    marked = move_levels(frame, blocks, nearest_targets(blocks.levels, bits, 36.0) - blocks.levels)

    assert psnr_db(frame, marked) > 43.5
