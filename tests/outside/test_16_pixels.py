"""Fault 16: pixels that were lost, turned wrongly, or called damaged; and parts of a file that were dropped unsaid."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from api.cli import app
from provenance.errors import UnsupportedMediaError
from provenance.media.picture.image import encode_image, parse_image, shipping_type
from tests import image_bytes as make
from tests.sites import PLAIN, encode, photograph

SIDE = 8


def keyed_png(depth, colour, value):
    """An 8x8 PNG of one value whose left half is the transparent key."""
    samples = 1 if colour == 0 else 3
    top = (1 << depth) - 1
    bits = "".join(
        format(value if column < SIDE // 2 else value ^ top, f"0{depth}b") * samples for column in range(SIDE)
    )
    row = b"\0" + int(bits, 2).to_bytes(len(bits) // 8, "big")
    return make.png(
        make.chunk(b"tRNS", struct.pack(">H", value) * samples),
        width=SIDE, height=SIDE, depth=depth, colour=colour, idat=zlib.compress(row * SIDE),
    )  # fmt: skip


@pytest.mark.parametrize(("depth", "colour"), [(1, 0), (2, 0), (4, 0), (8, 0), (16, 0), (8, 2), (16, 2)])
def test_a_transparent_colour_stays_transparent_through_what_ships(depth, colour):
    picture = parse_image(keyed_png(depth, colour, 1))
    shipped = parse_image(encode_image(picture, shipping_type(picture.media_type)))
    assert shipped.alpha[:, : SIDE // 2].max() == 0
    assert shipped.alpha[:, SIDE // 2 :].min() == 255


@pytest.mark.parametrize("value", [0, 9, 255, 65535])
def test_an_orientation_out_of_range_turns_nothing_in_any_container(value):
    image, exif = Image.fromarray(make.gradient()), Image.Exif()
    exif[274] = value
    for kind in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"):
        settings = {"speed": 10} if kind == "AVIF" else {}
        data = make.saved(image, kind, exif=exif.tobytes(), **settings)
        assert parse_image(data).frame.shape == (48, 64, 3)
    assert np.array_equal(
        parse_image(make.tiff({274: (3, 1, value)})).frame[..., 0], np.arange(64, dtype=np.uint8).reshape(8, 8)
    )


def sound_but_not_taken():
    """Files of kinds that nothing here decodes, and what each is called."""
    jpeg = make.valid("image/jpeg")
    at = jpeg.index(b"\xff\xc0")
    yield make.replaced(jpeg, at + 4, b"\x0c"), "not taken: 12-bit JPEG"
    for marker, name in ((0xC9, "arithmetic-coded JPEG"), (0xC3, "lossless JPEG"), (0xF7, "JPEG-LS")):
        yield make.replaced(jpeg, at, bytes([0xFF, marker])), f"not taken: {name}"
    # Three samples of 32 bits; their values do not matter to who reads headers.
    bits = 8 + 64 + 2 + 9 * 12
    yield make.tiff({258: (3, 1, 32), 339: (3, 1, 3), 262: (3, 1, 2), 277: (3, 1, 3)}), "not taken: 32-bit float TIFF"
    yield make.tiff({258: (3, 1, 16), 339: (3, 1, 3)}), "not taken: 16-bit float TIFF"
    yield b"\xff\x0a" + bytes(bits), "got JPEG XL"
    yield b"\x00\x00\x00\x0cjP  " + bytes(bits), "got JPEG 2000"
    yield b"\xff\x4f\xff\x51" + bytes(bits), "got JPEG 2000"
    yield b"\x76\x2f\x31\x01" + bytes(bits), "got OpenEXR"
    yield b"\0\0\0\x18ftypj2ki" + bytes(bits), "got JPEG 2000 inside HEIF"


@pytest.mark.parametrize(("data", "said"), list(sound_but_not_taken()))
def test_a_kind_that_is_not_taken_is_named_and_not_called_damaged(data, said):
    with pytest.raises(UnsupportedMediaError, match=said) as caught:
        parse_image(data)
    assert "damaged" not in str(caught.value)


def test_a_gain_map_is_said_at_release(tmp_path):
    picture = encode(photograph(side=256))
    announced = make.jpeg_with(
        make.segment(0xE1, b'http://ns.adobe.com/xap/1.0/\0<x Item:Semantic="GainMap"/>'),
        make.segment(0xE2, b"MPF\0"),
        data=picture,
    )
    (tmp_path / "hdr.jpg").write_bytes(announced + make.valid("image/jpeg"))
    environment = {**PLAIN, "CHOPMARK_HOME": str(tmp_path / "home"), "CHOPMARK_SCREEN_DEADLINE_S": "120"}
    result = CliRunner().invoke(app, ["release", str(tmp_path / "hdr.jpg"), "-o", f"{tmp_path}/out/"], env=environment)
    assert "gain map" in result.output, result.output
    assert "1 further picture" in result.output
