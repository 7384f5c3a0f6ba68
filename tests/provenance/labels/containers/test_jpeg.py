"""JPEG segments: order, fill bytes, damage."""

import pytest

from provenance.errors import LabelError
from provenance.labels.containers.jpeg import find, write
from tests.provenance.labels import files


def test_the_packet_comes_after_jfif_and_exif():
    _, data = files.make("jpeg")
    written = write(data, b"packet")
    assert (
        written.index(b"JFIF")
        < written.index(b"Exif\x00\x00")
        < written.index(b"http://ns.adobe.com/xap/1.0/\x00packet")
        < written.index(b"\xff\xdb")
    )


def test_fill_bytes_before_a_marker_are_allowed():
    _, data = files.make("jpeg")
    filled = data[:2] + b"\xff\xff\xff" + data[2:]
    assert find(write(filled, b"packet")).xmp == (b"packet",)


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xd8", b"\xff\xd8\x00\x00\x00\x00", b"\xff\xd8\xff\xe1\x00\x01", b"\xff\xd8\xff\xe1\xff\xff\x00"],
)
def test_damage_is_named(data):
    with pytest.raises(LabelError):
        find(data)


def test_too_many_pieces_are_given_up():
    with pytest.raises(LabelError, match="more than"):
        find(b"\xff\xd8" + b"\xff\xe1\x00\x02" * 5000)
