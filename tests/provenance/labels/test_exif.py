"""EXIF blocks as cameras write them, and blocks that lie about their length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from provenance.labels.containers.base import blank_exif, extract_aigc
from provenance.labels.exif import find_user_comment, read_first


def block(comment):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = comment
    return exif.tobytes()[6:]


@pytest.mark.parametrize(
    ("comment", "text"),
    [
        (b"ASCII\x00\x00\x00hello", "hello"),
        (b"\x00" * 8 + "生成".encode(), "生成"),
        (b"UNICODE\x00" + "hi 生".encode("utf-16-le"), "hi 生"),
        (b"UNICODE\x00" + "hi 生".encode("utf-16-be"), "hi 生"),
        (b"UNICODE\x00" + "hi 生".encode("utf-16"), "hi 生"),
        (b"ASCII\x00\x00\x00\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_comments_are_decoded_by_their_charset(comment, text):
    assert find_user_comment(block(comment)).text == text


def test_little_endian_blocks_are_read():
    entry = bytes.fromhex("6987 0400 01000000 1a000000".replace(" ", ""))
    inner = bytes.fromhex("8692 0700 0b000000 2c000000".replace(" ", ""))
    data = (
        b"II*\x00\x08\x00\x00\x00\x01\x00" + entry + bytes(4) + b"\x01\x00" + inner + bytes(4) + b"ASCII\x00\x00\x00abc"
    )
    assert find_user_comment(data).text == "abc"


@pytest.mark.parametrize(
    "data",
    [b"", b"II", b"XX*\x00", b"II*\x00\xff\xff\xff\xff", b"MM\x00*\x00\x00\x00\x08\xff\xff", b"II+\x00" + bytes(20)],
)
def test_lies_find_nothing(data):
    assert find_user_comment(data) is None


def test_a_directory_inside_the_header_is_none():
    assert read_first(b"II*\x00" + bytes(40)) is None


@given(st.binary(max_size=60).map(lambda tail: b"MM\x00*\x00\x00\x00\x08" + tail) | st.binary(max_size=80))
def test_anything_is_read_without_an_error(data):
    find_user_comment(data)
    assert len(blank_exif(data)) == len(data)


@pytest.mark.parametrize(
    ("comment", "found"),
    [
        ('{"Label":"1","ContentProducer":"a"}', '{"Label":"1","ContentProducer":"a"}'),
        ('AIGC{"a":1}', '{"a":1}'),
        ('AIGC: {"a":1} ', '{"a":1}'),
        ("AIGC", None),
        ("}AIGC{", None),
        ('{"Label":"1"}', None),
        ("plain words", None),
    ],
)
def test_items_in_comments(comment, found):
    assert extract_aigc(comment) == found


def test_blanking_keeps_the_length_and_leaves_other_comments():
    data = block(b'ASCII\x00\x00\x00{"AIGC":{}}')
    assert find_user_comment(blank_exif(data)).text == ""
    assert len(blank_exif(data)) == len(data)
    other = block(b"ASCII\x00\x00\x00holiday")
    assert blank_exif(other) is other
