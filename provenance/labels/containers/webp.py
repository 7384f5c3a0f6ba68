"""WebP: XMP and EXIF each in a RIFF chunk, announced in VP8X.

Source: RFC 9649 sections 2.5 to 2.7.
"""

from collections.abc import Iterator
from typing import Final

from provenance.errors import LabelError
from provenance.labels.containers.base import MAX_FOUND, Carried, blank_exif

# RFC 9649 section 2.7: the flags byte of VP8X is R R I L E X A R, most significant first.
_HAS_XMP: Final = 0b0000_0100
_HAS_ALPHA: Final = 0b0001_0000
_VP8X_BYTES: Final = 10
# One for each frame of a long animation, and some.
_MAX_CHUNKS: Final = 65_536


def find(unverified_bytes: bytes) -> Carried:
    """Return the XMP and EXIF chunks.

    Raises:
        LabelError: the chunks are damaged.
    """
    chunks = [(kind, body) for kind, body in _chunks(unverified_bytes) if kind in {b"XMP ", b"EXIF"}]
    return Carried(
        xmp=tuple(body for kind, body in chunks if kind == b"XMP ")[:MAX_FOUND],
        exif=tuple(body.removeprefix(b"Exif\x00\x00") for kind, body in chunks if kind == b"EXIF")[:MAX_FOUND],
    )


def write(encoded: bytes, packet: bytes) -> bytes:
    """Return the file in the extended format with `packet` as its only XMP, at the end.

    Raises:
        LabelError: the chunks are damaged.
    """
    chunks = [(kind, body) for kind, body in _chunks(encoded) if kind != b"XMP "]
    if not chunks:
        raise LabelError("WebP is damaged: it has no chunks")
    kind, body = chunks[0]
    if kind == b"VP8X" and len(body) == _VP8X_BYTES:
        chunks[0] = (kind, bytes((body[0] | _HAS_XMP,)) + body[1:])
    else:
        chunks.insert(0, (b"VP8X", _extended_header(kind, body)))
    chunks = [(kind, _blank(body) if kind == b"EXIF" else body) for kind, body in chunks]
    chunks.append((b"XMP ", packet))
    content = b"".join(kind + len(body).to_bytes(4, "little") + body + bytes(len(body) % 2) for kind, body in chunks)
    return b"RIFF" + (len(content) + 4).to_bytes(4, "little") + b"WEBP" + content


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (type, body) of each chunk."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise LabelError("not a WebP: no RIFF header")
    end_of_file = 8 + int.from_bytes(data[4:8], "little")
    if end_of_file > len(data):
        raise LabelError(f"WebP is damaged: it announces {end_of_file} bytes and has {len(data)}")
    at = 12
    for _ in range(_MAX_CHUNKS):
        if at + 8 > end_of_file:
            return
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        if end > end_of_file:
            raise LabelError(f"WebP is damaged: the chunk at byte {at} does not end inside the file")
        yield data[at : at + 4], data[at + 8 : end]
        at = end + end % 2
    raise LabelError(f"WebP has more than {_MAX_CHUNKS} chunks")


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
