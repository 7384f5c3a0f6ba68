"""GIF: packets lie bare between an extension header and a trailer."""

import pytest

from provenance.errors import LabelError
from provenance.labels.containers.gif import find

HEAD = b"GIF89a" + bytes(7)
EXTENSION = b"\x21\xff\x0bXMP DataXMP"


def test_packets_are_found():
    assert find(HEAD + EXTENSION + b"<a/>" + b"\x01\xff\xfe\xfd").xmp == (b"<a/>",)
    assert len(find(HEAD + (EXTENSION + b"<a/>\x01\xff\xfe\xfd") * 100).xmp) == 16


def test_an_open_packet_is_none():
    assert find(HEAD + EXTENSION + b"<a/>").xmp == ()


def test_a_file_full_of_open_packets_is_given_up_soon():
    assert find(HEAD + EXTENSION * 200_000).xmp == ()


def test_other_files_are_refused():
    with pytest.raises(LabelError):
        find(b"GIF88a")
