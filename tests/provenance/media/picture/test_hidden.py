import numpy as np
import pytest

from provenance.asset import MediaType
from provenance.media.picture.encode import encode_image
from provenance.media.picture.hidden import Hidden, clean_hidden, find_hidden
from provenance.media.picture.image import parse_image
from provenance.media.picture.raster import Picture
from tests.image_bytes import gradient


def bits(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 2, shape, dtype=np.uint8)


def with_alpha(alpha, frame=None):
    return Picture.from_frame(gradient() if frame is None else frame, alpha)


def differences(one, other):
    return max(
        int(np.abs(one.flattened(level).frame.astype(int) - other.flattened(level).frame).max()) for level in (0, 255)
    )


def test_colour_under_transparent_pixels_becomes_one_colour():
    alpha = np.full((48, 64), 255, np.uint8)
    alpha[:, :32] = 0
    cleaned = clean_hidden(with_alpha(alpha), is_lossless=True)
    under = cleaned.frame[:, :32].reshape(-1, 3)
    assert (under == under[0]).all()
    assert np.abs(under[0].astype(int) - gradient()[:, 32:].reshape(-1, 3).mean(axis=0)).max() < 2
    assert find_hidden(with_alpha(alpha)).words == ("colour under transparent pixels",)
    assert find_hidden(cleaned).words == ()


def test_colour_under_nearly_transparent_pixels_fades():
    frame = gradient()
    alpha = np.full((48, 64), 255, np.uint8)
    alpha[:, :32] = 5
    cleaned = clean_hidden(with_alpha(alpha, frame), is_lossless=False)
    contrast = frame[:, :32, 0].std()
    assert cleaned.frame[:, :32, 0].std() < contrast / 2
    assert differences(with_alpha(alpha, frame), cleaned) <= 5


@pytest.mark.parametrize("base", [254, 128, 64, 2, 252])
def test_a_message_in_the_low_bits_of_alpha_is_gone(base):
    message = bits((48, 64))
    picture = with_alpha(base + message if base < 254 else 254 + message)
    cleaned = clean_hidden(picture, is_lossless=True)
    alpha = np.full((48, 64), 255) if cleaned.alpha is None else cleaned.alpha
    assert len(np.unique(alpha)) == 1
    assert find_hidden(picture).words == ("a pattern in the low bits of transparency",)


def test_two_low_bits_are_gone_as_well():
    two = bits((48, 64)) * 2 + bits((48, 64), 1)
    assert len(np.unique(clean_hidden(with_alpha(128 + two), is_lossless=True).alpha)) == 1


@pytest.mark.parametrize("media_type", [MediaType.PNG, MediaType.TIFF])
def test_a_message_in_the_low_bits_of_colour_does_not_ship(media_type):
    plain = gradient() & 0xFE
    message = bits(plain.shape)
    one, other = (
        parse_image(encode_image(clean_hidden(Picture.from_frame(pixels), is_lossless=True), media_type))
        for pixels in (plain | message, plain | (1 - message))
    )
    assert np.array_equal(one.frame, other.frame)


def test_what_is_seen_stays():
    rng = np.random.default_rng(3)
    picture = Picture.from_frame(
        rng.integers(0, 256, (300, 70, 3), dtype=np.uint8), rng.integers(0, 256, (300, 70), dtype=np.uint8)
    )
    cleaned = clean_hidden(picture, is_lossless=True)
    assert differences(picture, cleaned) <= 6
    assert np.array_equal(clean_hidden(cleaned, is_lossless=True).alpha, cleaned.alpha)


def test_black_and_white_stay_black_and_white():
    frame = np.zeros((8, 8, 3), np.uint8)
    frame[4:] = 255
    assert np.array_equal(clean_hidden(Picture.from_frame(frame), is_lossless=True).frame, frame)


def test_an_opaque_picture_with_loss_is_left_alone():
    picture = Picture.from_frame(gradient())
    assert clean_hidden(picture, is_lossless=False) is picture
    assert find_hidden(picture) == Hidden()


def test_a_picture_of_nothing_is_black():
    cleaned = clean_hidden(with_alpha(np.zeros((48, 64), np.uint8)), is_lossless=True)
    assert not cleaned.frame.any()


def test_ordinary_transparency_is_no_pattern():
    x = np.linspace(0, 255, 64)
    soft = np.broadcast_to(x, (48, 64)).astype(np.uint8)
    edge = np.where(np.arange(64) < 20, 0, 255).astype(np.uint8) * np.ones((48, 1), np.uint8)
    assert find_hidden(with_alpha(soft)).alpha_pixels == 0
    assert find_hidden(with_alpha(edge)).alpha_pixels == 0
