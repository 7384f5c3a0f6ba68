import struct
import zlib

import numpy as np
import pytest

from provenance.media.picture.image import parse_image
from tests import image_bytes as make

GREY, RGB = 0, 2


def keyed(samples, *, depth, colour, key):
    """A PNG of these samples, one list a row, where `key` is transparent."""
    rows = []
    for row in samples:
        bits = "".join(format(value, f"0{depth}b") for value in row)
        rows.append(b"\0" + int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big"))
    width = len(samples[0]) // (3 if colour == RGB else 1)
    return make.png(
        make.chunk(b"tRNS", b"".join(struct.pack(">H", value) for value in key)),
        width=width, height=len(samples), depth=depth, colour=colour, idat=zlib.compress(b"".join(rows)),
    )  # fmt: skip


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_grey_in_every_depth(depth):
    top = (1 << depth) - 1
    for key in {0, 1, top}:
        row = sorted({0, 1, top // 2, top})
        alpha = parse_image(keyed([row], depth=depth, colour=GREY, key=(key,))).alpha
        assert alpha.tolist() == [[0 if value == key else 255 for value in row]]


@pytest.mark.parametrize("depth", [8, 16])
def test_rgb_in_both_depths(depth):
    scale = 1 if depth == 8 else 257
    colours = [(10, 200, 30), (10, 200, 31), (0, 0, 0)]
    row = [channel * scale for colour in colours for channel in colour]
    alpha = parse_image(keyed([row], depth=depth, colour=RGB, key=tuple(row[:3]))).alpha
    assert alpha.tolist() == [[0, 255, 255]]


def test_colours_that_differ_in_the_lower_byte_alone_are_not_the_key():
    row = [1000, 60000, 1000, 1000, 60001, 1000]
    picture = parse_image(keyed([row], depth=16, colour=RGB, key=(1000, 60000, 1000)))
    assert picture.alpha.tolist() == [[0, 255]]
    assert np.array_equal(picture.frame[0, 0], picture.frame[0, 1])
    assert parse_image(keyed([[511, 512]], depth=16, colour=GREY, key=(511,))).alpha.tolist() == [[0, 255]]


def test_a_key_that_no_pixel_has_leaves_the_picture_opaque():
    assert parse_image(keyed([[0, 1]], depth=2, colour=GREY, key=(3,))).alpha is None


def test_interlaced_pictures_are_read_the_same():
    data = bytearray(keyed([[1000, 60000, 1000]], depth=16, colour=RGB, key=(1000, 60000, 1000)))
    header = bytes(data[16:28]) + b"\1"
    data[8:33] = make.chunk(b"IHDR", header)
    # One pixel is one pixel in Adam7 too.
    with_more = parse_image(bytes(data))
    assert with_more.alpha.tolist() == [[0]]
