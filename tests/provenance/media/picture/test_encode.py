import io

import cv2
import numpy as np
import pytest
from PIL import Image

from provenance.asset import MediaType
from provenance.errors import AssetError, AssetTooLargeError, UnsupportedMediaError
from provenance.media.picture.encode import encode_image, shipping_type
from provenance.media.picture.image import parse_image
from provenance.media.picture.raster import Picture
from provenance.media.sniff import sniff_media_type
from tests.image_bytes import gradient

SHIPPED = [MediaType.JPEG, MediaType.PNG, MediaType.WEBP, MediaType.AVIF, MediaType.TIFF]
LOSSLESS = [MediaType.PNG, MediaType.TIFF]


def photograph(height=200, width=300):
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 4, (height, width, 1))
    return np.clip(np.asarray(Image.fromarray(gradient(width, height)), float) + noise, 0, 255).astype(np.uint8)


def psnr(one, other):
    return 10 * np.log10(255**2 / np.mean((one.astype(float) - other.astype(float)) ** 2))


@pytest.mark.parametrize("media_type", SHIPPED)
def test_what_is_written_reads_back_as_its_type(media_type):
    picture = Picture.from_frame(photograph())
    data = encode_image(picture, media_type)
    assert sniff_media_type(data) is media_type
    back = parse_image(data, declared_name=f"x{media_type.extension}", declared_type=media_type.value)
    assert back.frame.shape == picture.frame.shape
    if media_type in LOSSLESS:
        assert np.array_equal(back.frame, picture.frame)
    else:
        assert psnr(back.frame, picture.frame) > 36


@pytest.mark.parametrize("media_type", SHIPPED)
def test_the_same_picture_gives_the_same_bytes(media_type):
    picture = Picture.from_frame(photograph())
    assert encode_image(picture, media_type) == encode_image(picture, media_type)


@pytest.mark.parametrize("media_type", [MediaType.PNG, MediaType.TIFF, MediaType.WEBP, MediaType.AVIF])
def test_transparency_survives(media_type):
    alpha = np.tile(np.linspace(0, 255, 300).astype(np.uint8), (200, 1))
    picture = Picture.from_frame(photograph(), alpha)
    back = parse_image(encode_image(picture, media_type))
    assert np.abs(back.alpha.astype(int) - alpha).max() <= (8 if media_type is MediaType.AVIF else 0)
    if media_type in LOSSLESS:
        assert np.array_equal(back.frame, picture.frame)


def test_jpeg_gets_the_picture_as_it_looks_on_white():
    picture = Picture.from_frame(np.zeros((32, 32, 3), np.uint8), np.zeros((32, 32), np.uint8))
    assert parse_image(encode_image(picture, MediaType.JPEG)).frame.min() >= 254


def test_jpeg_keeps_colour_at_full_resolution_and_carries_no_metadata():
    with Image.open(io.BytesIO(encode_image(Picture.from_frame(photograph()), MediaType.JPEG))) as image:
        assert image.layer[0][1:3] == image.layer[1][1:3] == image.layer[2][1:3] == (1, 1)
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize("media_type", [MediaType.JPEG, MediaType.WEBP, MediaType.AVIF])
def test_a_lower_quality_is_smaller(media_type):
    picture = Picture.from_frame(photograph())
    sizes = [len(encode_image(picture, media_type, quality=quality)) for quality in (30, 60, 95)]
    assert sizes == sorted(sizes)


def test_png_fits_its_method_to_the_picture():
    y, x = np.mgrid[0:512, 0:512]
    pattern = np.stack([(x * 7 + y * 3) % 61 * 4, (x // 8 + y // 8) % 2 * 255, x % 32 * (y % 32) % 256], -1)
    pattern = pattern.astype(np.uint8)
    data = encode_image(Picture.from_frame(pattern), MediaType.PNG)
    assert np.array_equal(parse_image(data).frame, pattern)
    # Run lengths alone need about a byte for every pixel here.
    assert len(data) < 512 * 512 / 4


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 700, 3), (700, 1, 3), (15, 17, 3), (129, 3, 3)])
@pytest.mark.parametrize("media_type", SHIPPED)
def test_small_and_thin_pictures(media_type, shape):
    frame = np.full(shape, 100, np.uint8)
    assert parse_image(encode_image(Picture.from_frame(frame), media_type)).frame.shape == shape


def test_types_that_do_not_ship():
    picture = Picture.from_frame(gradient())
    for media_type in (MediaType.GIF, MediaType.HEIC):
        with pytest.raises(UnsupportedMediaError, match="type that ships"):
            encode_image(picture, media_type)
        assert shipping_type(media_type) in SHIPPED
    assert shipping_type(MediaType.GIF) is MediaType.PNG
    assert shipping_type(MediaType.HEIC) is MediaType.JPEG
    for media_type in SHIPPED:
        assert shipping_type(media_type) is media_type


@pytest.mark.parametrize("quality", [0, 101, -5])
def test_quality_out_of_range(quality):
    with pytest.raises(AssetError, match="1 to 100"):
        encode_image(Picture.from_frame(gradient()), MediaType.JPEG, quality=quality)


def test_a_side_that_the_format_cannot_hold():
    picture = Picture.from_frame(np.zeros((1, 16_384, 3), np.uint8))
    with pytest.raises(AssetTooLargeError, match="16383"):
        encode_image(picture, MediaType.WEBP)


def test_encoders_that_fail_say_so(monkeypatch):
    picture = Picture.from_frame(gradient())

    def refuse(*_args, **_kwargs):
        raise cv2.error

    monkeypatch.setattr(cv2, "imencode", lambda *_args: (False, None))
    with pytest.raises(AssetError, match="encoder failed"):
        encode_image(picture, MediaType.PNG)
    monkeypatch.setattr(cv2, "imencode", refuse)
    with pytest.raises(AssetError, match="encoder failed"):
        encode_image(picture, MediaType.JPEG)
    monkeypatch.setattr(Image.Image, "save", lambda *_args, **_kwargs: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(AssetError, match="AVIF encoder failed"):
        encode_image(picture, MediaType.AVIF)


def test_tiff_states_a_resolution():
    data = encode_image(Picture.from_frame(gradient()), MediaType.TIFF)
    with Image.open(io.BytesIO(data)) as image:
        assert [image.tag_v2[tag] for tag in (282, 283, 296)] == [72, 72, 2]
