import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.asset import MediaType
from provenance.errors import AssetTooLargeError, UndecodableAssetError
from provenance.media.containers.base import (
    Edit,
    Essence,
    Layout,
    Tally,
    parse_orientation,
    read_bytes,
    read_uint,
    splice,
)
from provenance.media.limits import IntakeLimits
from provenance.storage.octets import Window
from tests.image_bytes import exif, zeros_packed


def tally(**bounds):
    return Tally(MediaType.PNG, IntakeLimits(**bounds))


def test_items_and_bytes_are_counted():
    count = tally(max_metadata_items=2, max_metadata_bytes=100)
    count.add(60)
    count.add(40)
    with pytest.raises(AssetTooLargeError, match="at most 2 metadata items"):
        count.add(0)
    with pytest.raises(AssetTooLargeError, match="at most 100 bytes of metadata, got at least 101"):
        count.grow(1)


def test_unpacking_stops_at_the_bound():
    with pytest.raises(AssetTooLargeError, match="got at least 1001"):
        tally(max_metadata_bytes=1000).inflate(zeros_packed(1 << 26))


def test_unpacking_counts():
    count = tally(max_metadata_bytes=1000)
    assert count.inflate(zlib.compress(bytes(600))) == bytes(600)
    with pytest.raises(AssetTooLargeError):
        count.inflate(zlib.compress(bytes(600)))


@pytest.mark.parametrize("packed", [b"", b"nonsense", zlib.compress(bytes(999))[:-3]])
def test_streams_that_do_not_unpack(packed):
    with pytest.raises(UndecodableAssetError):
        tally().inflate(packed)


@pytest.mark.parametrize(
    ("size", "error"),
    [
        ((0, 5), UndecodableAssetError),
        ((5, 0), UndecodableAssetError),
        ((11, 1), AssetTooLargeError),
        ((10, 9), AssetTooLargeError),
    ],
)
def test_sizes_out_of_bounds(size, error):
    with pytest.raises(error):
        tally(max_side=10, max_pixels=80).check_size(*size)


def test_sizes_and_frames_at_their_bounds_pass():
    tally(max_side=10, max_pixels=80).check_size(8, 10)
    tally(max_frames=3).check_frames(3)
    with pytest.raises(AssetTooLargeError, match=r"at most 3 frame\(s\), got 4"):
        tally(max_frames=3).check_frames(4)
    with pytest.raises(UndecodableAssetError, match="got none"):
        tally().check_frames(0)


@pytest.mark.parametrize(("start", "size"), [(0, 5), (3, 2), (-1, 2), (1, -1), (2**63, 1)])
def test_reads_outside_the_file(start, size):
    with pytest.raises(UndecodableAssetError, match="truncated or damaged"):
        read_bytes(b"abcd", start, size, "x")


def test_numbers_are_big_endian():
    assert read_uint(b"\x01\x02\x03", 1, 2, "x") == 0x0203


@pytest.mark.parametrize("value", range(10))
@pytest.mark.parametrize("order", ["little", "big"])
def test_orientation_in_both_byte_orders(order, value):
    block = exif((256, 4, 1, b"\1"), (274, 3, 1, value.to_bytes(2, "little")))
    if order == "big":
        block = b"MM\0*\0\0\0\x08\0\1" + b"\x01\x12\0\3\0\0\0\1" + value.to_bytes(2, "big") + bytes(6)
    expected = value if 1 <= value <= 8 else 1
    assert parse_orientation(block) == expected
    assert parse_orientation(b"Exif\0\0" + block) == expected


def test_a_directory_that_ends_too_soon():
    assert parse_orientation(exif((256, 4, 1, b"\1"), (274, 3, 1, b"\6\0"))[:30]) == 1


@given(st.binary(max_size=80).map(lambda tail: b"II*\0" + tail))
def test_orientation_of_anything_is_one_of_eight(block):
    assert 1 <= parse_orientation(block) <= 8


@pytest.mark.parametrize(
    "make", [bytes, lambda data: Window(lambda start, size: data[start : start + size], len(data))]
)
def test_a_file_is_edited(make):
    data, edits = make(b"0123456789"), [Edit(1, 3), Edit(5, 5, b"new"), Edit(8, 9, b"x")]
    assert splice(data, edits) == b"034new567x9"
    assert splice(data, [], end=4) == b"0123"
    content = Essence(data, edits, 10)
    assert content.size_bytes == 11
    assert content.read() is content.read()
    assert splice(data, []) == b"0123456789"
    with pytest.raises(AssertionError):
        splice(data, reversed(edits))


def test_more_data_than_the_pixels_can_have_is_refused_before_it_is_read():
    layout = Layout(MediaType.PNG, 10, 10, 1, 0, Essence(b"", [Edit(0, 0, bytes(1_050_000))], 0))
    with pytest.raises(AssetTooLargeError, match="expected at most 1049476 bytes of pixels, got 1050000 for 10x10"):
        layout.check_content()
    assert layout.check_content(pictures=2) is layout.check_content(beside=1000) is layout
