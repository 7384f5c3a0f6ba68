import struct

import numpy as np
import pytest
from PIL import Image

from provenance.errors import AssetTooLargeError, UndecodableAssetError
from provenance.media.containers import gif
from provenance.media.limits import IntakeLimits
from provenance.media.picture.image import parse_image
from tests import image_bytes as make

LIMITS = IntakeLimits()
PLAIN = make.valid("image/gif")


def test_the_headers_are_read_and_the_decoder_gets_no_comments():
    data = make.gif_with(make.gif_comment(b"nobody should parse this"))
    layout = gif.parse_layout(data, LIMITS)
    assert (layout.width, layout.height, layout.frames, layout.end) == (64, 48, 1, len(data))
    assert b"nobody" not in layout.essence


def test_pixels_come_through_with_their_transparent_colour():
    image = Image.fromarray(make.gradient()).quantize(8)
    picture = parse_image(make.saved(image, "GIF", transparency=3))
    assert np.array_equal(picture.alpha == 0, np.asarray(image) == 3)
    opaque = np.asarray(image) != 3
    assert np.array_equal(picture.frame[opaque], np.asarray(image.convert("RGB"))[opaque])


def test_allowed_animations_give_their_first_picture():
    frames = [Image.new("L", (8, 8), level) for level in (10, 200)]
    data = make.saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50)
    with pytest.raises(AssetTooLargeError, match=r"1 frame\(s\), got 2"):
        parse_image(data)
    assert (parse_image(data, limits=IntakeLimits(max_frames=2)).frame == 10).all()


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (PLAIN[:-1], UndecodableAssetError),
        (PLAIN[:12], UndecodableAssetError),
        (make.gif_with(b"\x77"), UndecodableAssetError),
        (PLAIN[:10] + b"\0\0\0;", UndecodableAssetError),
        (make.gif_with(b"\x2c" + struct.pack("<HHHHB", 0, 0, 8, 8, 0) + b"\x09\0"), UndecodableAssetError),
        (make.gif_with(b"\x2c" + struct.pack("<HHHHB", 16_380, 0, 8, 8, 0) + b"\x02\0"), AssetTooLargeError),
    ],
)
def test_blocks_that_no_encoder_writes(data, error):
    with pytest.raises(error):
        parse_image(data)


def test_sub_blocks_are_bounded(monkeypatch):
    monkeypatch.setattr(gif, "MAX_BLOCKS", 100)
    with pytest.raises(AssetTooLargeError, match="sub-blocks"):
        parse_image(make.gif_with(b"\x21\xfe" + b"\1x" * 101 + b"\0"))


def test_blocks_are_counted_over_the_whole_file(monkeypatch):
    monkeypatch.setattr(gif, "MAX_BLOCKS", 100)
    comment = b"\x21\xfe" + b"\1x" * 40 + b"\0"
    assert parse_image(make.gif_with(comment)).width == 64
    with pytest.raises(AssetTooLargeError, match="at most 100 sub-blocks"):
        parse_image(make.gif_with(comment, comment, comment))
