import struct

import numpy as np
import pytest
from PIL import Image

from provenance.errors import AssetTooLargeError, UndecodableAssetError
from provenance.media.containers import png
from provenance.media.limits import IntakeLimits
from provenance.media.picture.image import parse_image
from tests import image_bytes as make

LIMITS = IntakeLimits()


def test_the_headers_are_read():
    data = make.png(make.chunk(b"eXIf", make.exif((274, 3, 1, b"\x08\0"))))
    layout = png.parse_layout(data, LIMITS)
    assert (layout.width, layout.height, layout.frames, layout.orientation, layout.end) == (64, 48, 1, 8, len(data))


def test_the_decoder_gets_no_metadata():
    secret = b"nobody should parse this"
    data = make.png(
        make.chunk(b"tEXt", b"k\0" + secret),
        make.chunk(b"iTXt", b"k\0\0\0\0\0" + secret),
        make.chunk(b"eXIf", secret),
        make.chunk(b"caBX", secret),
        make.chunk(b"prVt", secret),
    )
    assert png.parse_layout(data, LIMITS).essence == make.png()


def test_pixels_of_every_kind_come_through():
    image = Image.fromarray(make.gradient())
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
        assert parse_image(make.saved(image.convert(mode), "PNG")).frame.shape == (48, 64, 3)
    assert np.array_equal(parse_image(make.png()).frame, make.gradient())


def test_an_animation_of_one_frame_is_a_picture():
    one = make.png(make.chunk(b"acTL", struct.pack(">II", 1, 0)), make.chunk(b"fcTL", bytes(26)))
    assert np.array_equal(parse_image(one).frame, make.gradient())


def test_allowed_animations_give_their_first_picture():
    first, second = Image.fromarray(make.gradient()), Image.new("RGB", (64, 48), "red")
    data = make.saved(first, "PNG", save_all=True, append_images=[second], duration=50)
    assert np.array_equal(parse_image(data, limits=IntakeLimits(max_frames=2)).frame, make.gradient())


@pytest.mark.parametrize("kind", [b"zTXt", b"iCCP", b"iTXt"])
def test_compressed_texts_are_counted_as_they_unpack(kind):
    head = {b"zTXt": b"k\0\0", b"iCCP": b"p\0\0", b"iTXt": b"k\0\1\0\0\0"}[kind]
    data = make.png(make.chunk(kind, head + make.zeros_packed(1 << 20)))
    assert parse_image(data, limits=IntakeLimits(max_metadata_bytes=2 << 20)).width == 64
    with pytest.raises(AssetTooLargeError, match="bytes of metadata"):
        parse_image(data, limits=IntakeLimits(max_metadata_bytes=1 << 19))


def test_pixel_chunks_are_bounded(monkeypatch):
    monkeypatch.setattr(png, "MAX_PIXEL_CHUNKS", 10)
    with pytest.raises(AssetTooLargeError, match="pixel chunks"):
        parse_image(make.png(*[make.chunk(b"IDAT", b"")] * 20))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (make.PNG_SIGNATURE + make.chunk(b"tEXt", b"k\0v"), "IHDR as the first chunk"),
        (make.png(make.chunk(b"IHDR", bytes(13))), "one IHDR"),
        (make.PNG_SIGNATURE + make.chunk(b"IHDR", bytes(12)), "13 bytes"),
        (make.png(depth=4), "standard IHDR"),
        (make.png(make.chunk(b"EVIL", b"")), "critical"),
        (make.png()[:-1], "truncated"),
        (make.png(idat=b""), "damaged or truncated data"),
        (make.png(make.chunk(b"acTL", b"\0")), "truncated"),
    ],
)
def test_chunks_that_no_encoder_writes(data, said):
    with pytest.raises(UndecodableAssetError, match=said):
        parse_image(data)


def test_an_hdr_curve_is_said():
    assert parse_image(make.png(make.chunk(b"cICP", bytes([9, 16, 0, 1])))).left_out == ("its HDR curve (PQ)",)
    assert parse_image(make.png(make.chunk(b"cICP", bytes([1, 13, 0, 1])))).left_out == ()


def test_a_colour_key_is_read_in_the_depth_of_the_file():
    data = make.png(make.chunk(b"tRNS", struct.pack(">HHH", 0x1FF, 2, 3)))
    assert png.parse_layout(data, LIMITS).colour_key == (0xFF, 2, 3)
    assert png.parse_layout(make.png(make.chunk(b"tRNS", b"\0")), LIMITS).colour_key == ()
