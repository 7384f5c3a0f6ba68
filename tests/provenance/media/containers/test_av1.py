import io

import pytest
from PIL import Image

from provenance.asset import MediaType
from provenance.errors import AssetTooLargeError, UndecodableAssetError
from provenance.media.containers.av1 import check_stream
from provenance.media.containers.base import Tally
from provenance.media.limits import IntakeLimits
from provenance.media.picture.image import parse_image
from tests import image_bytes as make


def stream(width, height, **settings):
    """The coded data of an AVIF made by Pillow: all of its mdat."""
    out = io.BytesIO()
    Image.new("RGB", (width, height)).save(out, "AVIF", speed=10, **settings)
    data = out.getvalue()
    return data[data.index(b"mdat") + 4 :]


@pytest.mark.parametrize("size", [(64, 48), (1, 1), (333, 2), (1000, 700)])
@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4", "4:0:0"])
def test_the_size_that_a_stream_states(size, subsampling):
    coded = stream(*size, subsampling=subsampling)
    check_stream(coded, Tally(MediaType.AVIF, IntakeLimits(max_pixels=size[0] * size[1], max_side=max(size))))
    if size != (1, 1):
        with pytest.raises(AssetTooLargeError, match=f"{size[0]}x{size[1]}"):
            check_stream(coded, Tally(MediaType.AVIF, IntakeLimits(max_pixels=size[0] * size[1] - 1)))


def bits(*fields):
    text = "".join(f"{value:0{width}b}" for value, width in fields)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


def test_a_header_with_timing_decoder_model_and_operating_points():
    header = bits(
        (0, 3), (0, 1), (0, 1),  # profile, not still, not reduced
        (1, 1), (1, 32), (1, 32), (1, 1), (0b00101, 5),  # timing, equal intervals, a variable-length number
        (1, 1), (9, 5), (7, 32), (3, 5), (3, 5),  # decoder model with delays of 10 bits
        (1, 1), (1, 5),  # display delays, two operating points
        (0, 12), (9, 5), (1, 1), (1, 1), (5, 10), (6, 10), (0, 1), (1, 1), (2, 4),
        (0, 12), (4, 5), (0, 1), (0, 1),
        (15, 4), (15, 4), (40_000 - 1, 16), (30_000 - 1, 16),
    )  # fmt: skip
    unit = b"\x0a" + bytes([len(header)]) + header
    with pytest.raises(AssetTooLargeError, match="40000x30000"):
        check_stream(unit, Tally(MediaType.AVIF, IntakeLimits()))


@pytest.mark.parametrize(
    ("coded", "error"),
    [
        (b"\x0a\x02\0", UndecodableAssetError),
        (b"\x0a\x01\0", UndecodableAssetError),
        (b"\x0a" + b"\xff" * 9, UndecodableAssetError),
        (b"\x0a", UndecodableAssetError),
        (b"\x12\0" * 2000, AssetTooLargeError),
    ],
)
def test_streams_that_no_encoder_writes(coded, error):
    with pytest.raises(error):
        check_stream(coded, Tally(MediaType.AVIF, IntakeLimits()))


def test_a_small_picture_around_a_large_stream_is_refused_before_decoding():
    large = make.saved(Image.new("RGB", (640, 480)), "AVIF", speed=10)
    at = large.index(b"ispe")
    small = make.replaced(large, at + 8, b"\0\0\0\x40\0\0\0\x30")
    with pytest.raises(AssetTooLargeError, match="640x480"):
        parse_image(small, limits=IntakeLimits(max_pixels=64 * 48))
