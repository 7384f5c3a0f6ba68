import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.watermark import attacks, edits
from tests.bench.watermark.pictures import photograph


@pytest.fixture(scope="module")
def frame():
    return photograph()


@pytest.fixture
def rng():
    return np.random.default_rng(1)


@given(st.integers(64, 600), st.integers(64, 600), st.floats(-360, 360))
def test_the_inscribed_rectangle_lies_in_the_turned_picture(height, width, degrees):
    down, across = edits.inscribed(height, width, degrees)
    assert down + 2 > 0
    assert across + 2 > 0
    angle = np.radians(degrees)
    for y, x in ((down / 2, across / 2), (down / 2, -across / 2)):
        back_x = x * np.cos(angle) - y * np.sin(angle)
        back_y = x * np.sin(angle) + y * np.cos(angle)
        assert abs(back_x) <= width / 2 + 1e-6
        assert abs(back_y) <= height / 2 + 1e-6


@given(st.floats(0.1, 0.95), st.integers(0, 2**32 - 1))
def test_a_crop_keeps_its_share_of_the_area(area, seed):
    frame = np.zeros((200, 300, 3), np.uint8)
    kept = edits.cropped(frame, np.random.default_rng(seed), area=area)
    assert kept.shape[0] * kept.shape[1] / 60000 == pytest.approx(area, abs=0.01)
    assert kept.shape[0] / kept.shape[1] == pytest.approx(2 / 3, abs=0.03)


def test_crops_are_where_they_say(frame, rng):
    corner = edits.cropped(frame, rng, area=0.25, at="corner")
    assert np.array_equal(corner, frame[160:, 192:])
    middle = edits.cropped(frame, rng, area=0.25, at="middle")
    assert np.array_equal(middle, frame[80:240, 96:288])


def test_a_rotation_by_an_angle_leaves_no_black_corners(rng):
    white = np.full((200, 300, 3), 255, np.uint8)
    for degrees in (2.0, 33.0, 45.0, 90.0, 91.0, 270.0):
        assert edits.rotated(white, rng, degrees=degrees).min() > 250
    assert edits.rotated(white, rng, degrees=33.0, padded=True).min() == 0


def test_resize_and_fit_have_the_sizes_they_say(frame, rng):
    assert edits.resized(frame, rng, across=0.5).shape == (160, 192, 3)
    assert edits.resized(frame, rng, across=1.1, down=1.0).shape == (320, 422, 3)
    assert edits.fitted(frame, rng, longest=192).shape == (160, 192, 3)
    assert np.array_equal(edits.fitted(frame, rng, longest=1080), frame)


def test_curves_are_the_study_s(frame, rng):
    values = frame.astype(float)

    def expected(change):
        return np.clip(np.rint(change(values)), 0, 255).astype(np.uint8)

    assert np.array_equal(edits.curve(frame, rng, add=2), expected(lambda x: x + 2))
    assert np.array_equal(edits.curve(frame, rng, times=1.2), expected(lambda x: x * 1.2))
    assert np.array_equal(edits.curve(frame, rng, times=0.8, about=128), expected(lambda x: (x - 128) * 0.8 + 128))
    assert np.array_equal(edits.curve(frame, rng, power=0.8), expected(lambda x: 255 * (x / 255) ** 0.8))


def test_colour_leaves_the_luma_nearly_alone(frame, rng):
    def luma(picture):
        return picture @ np.array([0.299, 0.587, 0.114])

    moved = edits.coloured(frame, rng, saturation=0.5, hue_degrees=20)
    assert np.abs(luma(moved) - luma(frame)).mean() < 1.5
    assert np.array_equal(edits.grey(frame, rng)[..., 0], edits.grey(frame, rng)[..., 2])


def test_a_chain_is_its_steps(frame, rng):
    steps = (("resized", {"across": 0.5}), ("encoded", {"form": "JPEG", "quality": 60}))
    by_hand = edits.encoded(edits.resized(frame, rng, across=0.5), rng, form="JPEG", quality=60)
    assert np.array_equal(attacks.chain(frame, rng, steps=steps), by_hand)


def test_borders_and_stickers_leave_the_rest(frame, rng):
    framed = edits.bordered(frame, rng, top=0.25, sides=0.1, text=True)
    assert framed.shape == (400, 448, 3)
    assert np.array_equal(framed[80:, 32:-32], frame)
    assert 0.02 < (edits.stickered(frame, rng, count=3) != frame).any(axis=2).mean() < 0.4
    assert (edits.erased(frame, rng, area=0.25) == 127).all(axis=2).mean() == pytest.approx(0.25, abs=0.02)


def test_salt_and_noise_are_as_much_as_they_say(rng):
    flat = np.full((300, 300, 3), 128, np.uint8)
    assert (edits.salted(flat, rng, share=0.05) != 128).any(axis=2).mean() == pytest.approx(0.05, abs=0.01)
    assert edits.noisy(flat, rng, deviation=10).std() == pytest.approx(10, abs=0.3)
