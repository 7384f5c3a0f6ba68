"""GIF: packets lie bare between an extension header and a trailer."""

import pytest

from provenance.errors import LabelError
from provenance.labels.containers.gif import find

HEAD = b"GIF89a" + bytes(7)
EXTENSION = b"\x21\xff\x0bXMP DataXMP"
TRAILER = b"\x01" + bytes(range(255, -1, -1)) + b"\x00"


def test_packets_are_found():
    assert find(HEAD + EXTENSION + b"<a/>" + TRAILER + b";").xmp == (b"<a/>",)
    assert len(find(HEAD + (EXTENSION + b"<a/>" + TRAILER) * 100 + b";").xmp) == 16


def test_an_open_packet_is_none():
    assert find(HEAD + EXTENSION + b"\x04<a/>\x00;").xmp == ()


def test_a_packet_inside_of_another_block_is_none():
    comment = EXTENSION + b"<a/>\x01\xff\xfe\xfd"
    assert find(HEAD + b"\x21\xfe" + bytes([len(comment)]) + comment + b"\x00;").xmp == ()


@pytest.mark.parametrize("data", [b"GIF88a", HEAD, HEAD + EXTENSION + b"<a/>", HEAD + EXTENSION * 200_000])
def test_damage_is_named(data):
    with pytest.raises(LabelError):
        find(data)
