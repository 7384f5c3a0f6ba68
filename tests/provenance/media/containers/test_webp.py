import numpy as np
import pytest
from PIL import Image

from provenance.errors import AssetTooLargeError, UndecodableAssetError
from provenance.media.containers import webp
from provenance.media.limits import IntakeLimits
from provenance.media.picture.image import parse_image
from tests import image_bytes as make

LIMITS = IntakeLimits()


def test_the_headers_are_read_and_the_decoder_gets_no_metadata():
    data = make.webp_with(
        (b"EXIF", make.exif((274, 3, 1, b"\3\0"))), (b"XMP ", b"nobody should"), (b"C2PA", b"odd"), flags=12
    )
    layout = webp.parse_layout(data, LIMITS)
    assert (layout.width, layout.height, layout.orientation, layout.end) == (64, 48, 3, len(data))
    assert layout.essence == make.webp_with()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
@pytest.mark.parametrize("lossless", [True, False])
def test_pixels_come_through(mode, lossless):
    image = Image.fromarray(make.gradient()).convert(mode)
    if mode == "RGBA":
        image.putalpha(99)
    picture = parse_image(make.saved(image, "WEBP", lossless=lossless, exact=True))
    assert (picture.alpha is not None) == (mode == "RGBA")
    difference = np.abs(picture.frame.astype(int) - np.asarray(image.convert("RGB")))
    assert difference.max() <= (0 if lossless else 60)


def test_allowed_animations_give_their_first_picture():
    frames = [Image.new("RGB", (16, 16), (level, 0, 0)) for level in (10, 200)]
    data = make.saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    assert (parse_image(data, limits=IntakeLimits(max_frames=2)).frame[..., 0] == 10).all()
    with pytest.raises(AssetTooLargeError, match="got 2"):
        parse_image(data)


def test_odd_chunks_are_padded():
    data = make.webp_with((b"JUNK", b"odd"))
    assert parse_image(data).width == 64
    assert parse_image(data + b"\0").width == 64


def test_image_chunks_are_bounded():
    with pytest.raises(AssetTooLargeError, match="image chunks"):
        parse_image(make.webp_with(*[(b"ALPH", b"\0")] * 10))


@pytest.mark.parametrize(
    "data",
    [
        make.riff((b"VP8X", bytes(10))),
        make.riff((b"VP8X", bytes(4))),
        make.riff((b"VP8L", b"\x30" + bytes(20))),
        make.riff((b"VP8 ", bytes(20))),
        make.riff((b"VP8 ", bytes(3))),
        make.valid("image/webp")[:-4],
        make.valid("image/webp")[:14],
        make.riff((b"ANMF", bytes(30)), (b"VP8L", b"\x2f" + bytes(20))),
    ],
)
def test_chunks_that_no_encoder_writes(data):
    with pytest.raises(UndecodableAssetError):
        parse_image(data)
