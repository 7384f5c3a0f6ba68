"""PNG text chunks: bounded decompression, damage named."""

import zlib

import pytest

from provenance.errors import LabelError
from provenance.labels.containers.png import find, write
from provenance.labels.xmp import MAX_PACKET_BYTES
from tests.provenance.labels import files

HEAD = b"\x89PNG\r\n\x1a\n"


def chunk(kind, body):
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def test_a_bomb_stops_at_the_bound():
    bomb = chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x01\x00\x00\x00" + zlib.compress(bytes(50_000_000)))
    assert len(find(HEAD + bomb + chunk(b"IEND", b"")).xmp[0]) == MAX_PACKET_BYTES + 1


def test_many_packets_stop_at_the_bound():
    packets = chunk(b"tEXt", b"XML:com.adobe.xmp\x00<a/>") * 100
    assert len(find(HEAD + packets + chunk(b"IEND", b"")).xmp) == 16


@pytest.mark.parametrize(
    "data",
    [
        b"",
        HEAD,
        HEAD + b"\xff\xff\xff\xffiTXt",
        HEAD + chunk(b"zTXt", b"AIGC\x00\x00nonsense") + chunk(b"IEND", b""),
    ],
)
def test_damage_is_named(data):
    with pytest.raises(LabelError):
        find(data)


def test_a_file_without_pixels_is_not_written():
    with pytest.raises(LabelError, match="no pixel data"):
        write(HEAD + chunk(b"IEND", b""), b"x")


def test_checksums_are_right():
    _, data = files.make("png")
    written = write(data, b"packet")
    at = written.index(b"iTXt")
    length = int.from_bytes(written[at - 4 : at], "big")
    assert zlib.crc32(written[at : at + 4 + length]) == int.from_bytes(
        written[at + 4 + length : at + 8 + length], "big"
    )


def test_too_many_pieces_are_given_up():
    with pytest.raises(LabelError, match="more than"):
        find(HEAD + b"\0\0\0\0tEXt\0\0\0\0" * 300_000)
