"""WebP: XMP and EXIF each in a RIFF chunk, announced in VP8X.

Source: RFC 9649 sections 2.5 to 2.7.
"""

from collections.abc import Iterator
from typing import Final

from provenance.errors import LabelError
from provenance.labels.containers.base import MAX_FOUND, Carried, at_most, blank_exif, naming_damage
from provenance.media.containers.webp import Chunk, build_chunk, build_file, read_chunks
from provenance.storage.octets import Octets

# RFC 9649 section 2.7: the flags byte of VP8X is R R I L E X A R, most significant first.
_HAS_XMP: Final = 0b0000_0100
_HAS_ALPHA: Final = 0b0001_0000
_VP8X_BYTES: Final = 10
# What is read of one chunk, eight times the largest packet.
_MAX_BODY_BYTES: Final = 8 * 1024 * 1024
_FULL: Final = (b"",) * MAX_FOUND
# One for each frame of a long animation, and some.
_MAX_CHUNKS: Final = 65_536


@naming_damage
def find(unverified_bytes: Octets) -> Carried:
    """Return the XMP and EXIF chunks.

    Raises:
        LabelError: the chunks are damaged.
    """
    found: dict[bytes, list[bytes]] = {b"XMP ": [], b"EXIF": []}
    for chunk in _chunks(unverified_bytes):
        if len(found.get(chunk.kind, _FULL)) < MAX_FOUND:
            found[chunk.kind].append(chunk.body(unverified_bytes, _MAX_BODY_BYTES))
    return Carried(xmp=tuple(found[b"XMP "]), exif=tuple(body.removeprefix(b"Exif\x00\x00") for body in found[b"EXIF"]))


@naming_damage
def write(encoded: bytes, packet: bytes) -> bytes:
    """Return the file in the extended format with `packet` as its only XMP, at the end.

    Raises:
        LabelError: the chunks are damaged.
    """
    chunks = [(chunk.kind, chunk.body(encoded)) for chunk in _chunks(encoded) if chunk.kind != b"XMP "]
    if not chunks:
        raise LabelError("WebP is damaged: it has no chunks")
    kind, body = chunks[0]
    if kind == b"VP8X" and len(body) == _VP8X_BYTES:
        chunks[0] = (kind, bytes((body[0] | _HAS_XMP,)) + body[1:])
    else:
        chunks.insert(0, (b"VP8X", _extended_header(kind, body)))
    chunks = [(kind, _blank(body) if kind == b"EXIF" else body) for kind, body in chunks]
    return build_file(build_chunk(kind, body) for kind, body in (*chunks, (b"XMP ", packet)))


def _chunks(data: Octets) -> Iterator[Chunk]:
    return at_most(read_chunks(data), _MAX_CHUNKS, "chunks")


def _extended_header(kind: bytes, body: bytes) -> bytes:
    """Return the body of VP8X for a simple file: flags, 24 bits reserved, width - 1, height - 1."""
    flags = _HAS_XMP
    if kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        # RFC 6386 section 9.1: 14 bits each, after the start code.
        width = int.from_bytes(body[6:8], "little") & 0x3FFF
        height = int.from_bytes(body[8:10], "little") & 0x3FFF
    elif kind == b"VP8L" and body[:1] == b"\x2f":
        # RFC 9649 section 3.4: width - 1 and height - 1 in 14 bits each, then whether alpha is used.
        bits = int.from_bytes(body[1:5], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        flags |= _HAS_ALPHA if bits >> 28 & 1 else 0
    else:
        raise LabelError(f"WebP is damaged: its first chunk {kind!r} holds no picture")
    return bytes((flags, 0, 0, 0)) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")


def _blank(body: bytes) -> bytes:
    prefix = b"Exif\x00\x00" if body.startswith(b"Exif\x00\x00") else b""
    return prefix + blank_exif(body[len(prefix) :])
