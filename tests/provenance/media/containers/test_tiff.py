import struct

import numpy as np
import pytest
from PIL import Image

from provenance.errors import AssetTooLargeError, MislabelledAssetError, UndecodableAssetError, UnsupportedMediaError
from provenance.media.containers import tiff
from provenance.media.limits import IntakeLimits
from provenance.media.picture.image import parse_image
from tests import image_bytes as make

LIMITS = IntakeLimits()
PIXELS = np.arange(64, dtype=np.uint8).reshape(8, 8)
IMAGE = Image.fromarray(make.gradient())


def test_the_headers_are_read_and_the_decoder_gets_no_metadata():
    data = make.tiff(
        {274: (3, 1, 5), 270: (2, 30, 198), 700: (1, 30, 198), 34665: (4, 1, 228)}, tail=bytes(30) + make.directory([])
    )
    data = data[:-6] + make.directory([(36864, 7, 4, b"0230")])
    layout = tiff.parse_layout(make.tiff({274: (3, 1, 5)}), LIMITS)
    assert (layout.width, layout.height, layout.frames, layout.orientation) == (8, 8, 1, 5)
    start = struct.unpack_from("<I", layout.essence, 4)[0]
    tags = [struct.unpack_from("<H", layout.essence, start + 2 + 12 * n)[0] for n in range(layout.essence[start])]
    assert tags == [256, 257, 258, 259, 262, 273, 277, 278, 279]
    assert layout.essence[-4:] == bytes(4)


def test_pixels_come_through():
    assert np.array_equal(parse_image(make.tiff()).frame[..., 1], PIXELS)


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "zstd", "tiff_deflate"])
def test_lossless_compressions(compression):
    assert np.array_equal(parse_image(make.saved(IMAGE, "TIFF", compression=compression)).frame, make.gradient())


def test_other_compressions():
    assert parse_image(make.saved(IMAGE, "TIFF", compression="jpeg")).width == 64
    for compression in ("group3", "group4", "tiff_ccitt"):
        bilevel = IMAGE.convert("1")
        picture = parse_image(make.saved(bilevel, "TIFF", compression=compression))
        assert np.array_equal(picture.frame[..., 0] > 0, np.asarray(bilevel))


def test_big_tiff():
    assert np.array_equal(parse_image(make.saved(IMAGE, "TIFF", big_tiff=True)).frame, make.gradient())


def test_big_endian():
    directory = [
        (256, 3, 1, 8 << 16), (257, 3, 1, 8 << 16), (258, 3, 1, 8 << 16), (262, 3, 1, 1 << 16), (273, 4, 1, 8),
        (277, 3, 1, 1 << 16), (278, 3, 1, 8 << 16), (279, 4, 1, 64),
    ]  # fmt: skip
    packed = b"".join(struct.pack(">HHII", *entry) for entry in directory)
    data = b"MM\0*" + struct.pack(">I", 72) + PIXELS.tobytes() + struct.pack(">H", 8) + packed + bytes(4)
    assert np.array_equal(parse_image(data).frame[..., 0], PIXELS)


def test_pages_count_as_frames_but_thumbnails_do_not():
    second = make.directory([(254, 4, 1, b"\1"), (256, 4, 1, b"\1"), (257, 4, 1, b"\1")])
    at = len(make.tiff())
    assert parse_image(make.tiff(following=at, tail=second)).width == 8
    page = make.directory([(254, 4, 1, b"\0"), (256, 4, 1, b"\1"), (257, 4, 1, b"\1")])
    with pytest.raises(AssetTooLargeError, match=r"1 frame\(s\), got 2"):
        parse_image(make.tiff(following=at, tail=page))
    assert parse_image(make.tiff(following=at, tail=page), limits=IntakeLimits(max_frames=2)).width == 8


@pytest.mark.parametrize("value", [0, 9, 255, 65535])
def test_an_orientation_that_is_none_of_the_eight_turns_nothing(value):
    assert np.array_equal(parse_image(make.tiff({274: (3, 1, value)})).frame[..., 0], PIXELS)


def test_smaller_versions_are_said():
    second = make.directory([(254, 4, 1, b"\1"), (256, 4, 1, b"\1"), (257, 4, 1, b"\1")])
    assert parse_image(make.tiff(following=len(make.tiff()), tail=second)).left_out == ("1 smaller version or mask",)


def test_what_no_directory_leads_to_is_a_second_file():
    with pytest.raises(MislabelledAssetError, match="HTML"):
        parse_image(make.tiff(tail=b"<html>"))


@pytest.mark.parametrize(
    ("data", "error", "said"),
    [
        (make.tiff(following=72), UndecodableAssetError, "loop"),
        (make.tiff({330: (4, 1, 72)}), UndecodableAssetError, "loop"),
        (make.tiff({330: (10, 1, 72)}), UndecodableAssetError, "unsigned values"),
        (make.tiff({256: (4, 2, 8)}), UndecodableAssetError, "expected one value"),
        (make.tiff({256: (3, 0, 8)}), UndecodableAssetError, "expected one value"),
        (make.tiff({273: (4, 100_000, 8)}), UndecodableAssetError, "truncated or damaged"),
        (make.tiff({273: (4, 1, 200)}), UndecodableAssetError, "truncated or damaged"),
        (make.tiff({259: (3, 1, 6)}), UnsupportedMediaError, "compression"),
        (make.tiff({277: (3, 1, 9)}), UnsupportedMediaError, "got 9 of 8"),
        (make.tiff({258: (3, 1, 128)}), UnsupportedMediaError, "got 1 of 128"),
        (make.tiff({258: (3, 1, 0)}), UnsupportedMediaError, "got 1 of 0"),
        (make.tiff({259: (3, 1, 34887)}), UnsupportedMediaError, "not taken: image/tiff with compression 34887 .LERC."),
        (make.tiff({259: (3, 1, 7), 258: (3, 1, 12)}), UnsupportedMediaError, "not taken: 12-bit JPEG inside"),
        (
            make.tiff({258: (3, 1, 16), 339: (3, 1, 3)}),
            UnsupportedMediaError,
            "not taken: 16-bit float TIFF in grey, 1 sample a pixel",
        ),
        (make.tiff({262: (3, 1, 32844)}), UnsupportedMediaError, "not taken: 8-bit integer TIFF in LogL"),
        (make.tiff({50706: (1, 4, 1)}), UnsupportedMediaError, "DNG"),
        (b"II*\0\x10\0\0\0CR\2\0" + bytes(30), UnsupportedMediaError, "CR2"),
        (make.tiff({322: (3, 1, 20_000), 323: (3, 1, 16)}), AssetTooLargeError, "20000x16"),
        (make.tiff({322: (3, 1, 16)}), UndecodableAssetError, "16x0"),
        (b"II*\0\0\0", UndecodableAssetError, "truncated"),
        (make.tiff({40_000 + n: (3, 1, 0) for n in range(1200)}), AssetTooLargeError, "1024 tags"),
    ],
)
def test_directories_that_no_encoder_writes(data, error, said):
    with pytest.raises(error, match=said):
        parse_image(data)
