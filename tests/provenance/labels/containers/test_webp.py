"""WebP headers: the extended one is made for every simple form."""

import pytest

from provenance.errors import LabelError
from provenance.labels.containers.webp import find, write
from tests.provenance.labels import files


@pytest.mark.parametrize(
    ("kind", "flags"), [("webp", 0x04), ("webp lossless", 0x04), ("webp lossless alpha", 0x14), ("webp alpha", 0x14)]
)
def test_the_extended_header_tells_size_alpha_and_xmp(kind, flags):
    _, data = files.make(kind)
    bare = bare_form(data)
    written = write(bare, b"odd")
    assert written[12:16] == b"VP8X"
    assert written[20] == flags | (bare[20] if bare[12:16] == b"VP8X" else 0)
    width, height = int.from_bytes(written[24:27], "little") + 1, int.from_bytes(written[27:30], "little") + 1
    assert (height, width) == files.SIZE
    assert written.endswith(b"XMP \x03\x00\x00\x00odd\x00")
    assert len(written) == int.from_bytes(written[4:8], "little") + 8
    assert (files.pixels(written)[1] == files.pixels(data)[1]).all()


def bare_form(data):
    """Return the simple form, without VP8X and EXIF, where alpha does not need the extended one."""
    at = 12
    chunks = []
    while at < len(data):
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        chunks.append(data[at : end + end % 2])
        at = end + end % 2
    if any(chunk.startswith(b"ALPH") for chunk in chunks):
        return data
    body = b"".join(chunk for chunk in chunks if chunk[:4] in {b"VP8 ", b"VP8L"})
    return b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WEBP" + body


@pytest.mark.parametrize("data", [b"", b"RIFF\xff\x00\x00\x00WEBP", b"RIFF\x0c\x00\x00\x00WEBPVP8 \xff\x00\x00\x00"])
def test_damage_is_named(data):
    with pytest.raises(LabelError):
        find(data)


@pytest.mark.parametrize("body", [b"", b"VP8 \x02\x00\x00\x00ab", b"VP8L\x02\x00\x00\x00ab", b"WHAT\x00\x00\x00\x00"])
def test_files_without_a_picture_are_refused(body):
    with pytest.raises(LabelError):
        write(b"RIFF" + (4 + len(body)).to_bytes(4, "little") + b"WEBP" + body, b"x")


def test_too_many_pieces_are_given_up():
    with pytest.raises(LabelError, match="more than"):
        find(b"RIFF" + (560_004).to_bytes(4, "little") + b"WEBP" + b"EXIF\0\0\0\0" * 70_000)
