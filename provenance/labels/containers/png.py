"""PNG: XMP in an iTXt chunk, EXIF in eXIf; in the wild also AIGC in a text chunk of its own.

Source: PNG third edition sections 5.3 and 11.3, ISO 16684-3 section 1.1.5 for the keyword ``XML:com.adobe.xmp``.
"""

import zlib
from collections.abc import Iterator
from typing import Final

from provenance.errors import LabelError
from provenance.labels.aigc import MAX_ITEM_CHARS
from provenance.labels.containers.base import MAX_FOUND, Carried, at_most, blank_exif, naming_damage
from provenance.labels.xmp import MAX_PACKET_BYTES
from provenance.media.containers.base import Edit, splice
from provenance.media.containers.png import Chunk, build_chunk, read_chunks
from provenance.storage.octets import Octets

_XMP_KEYWORD: Final = b"XML:com.adobe.xmp"
_AIGC_KEYWORD: Final = b"AIGC"
# Encoders write pixels in chunks of 8 KiB and up: this is room for 2 GiB.
_MAX_CHUNKS: Final = 262_144
# What is read of one chunk: a packet at its bound, stored uncompressed with long names, and more.
_MAX_BODY_BYTES: Final = 8 * 1024 * 1024
_TEXT_CHUNKS: Final = frozenset((b"tEXt", b"zTXt", b"iTXt"))


@naming_damage
def find(unverified_bytes: Octets) -> Carried:
    """Return the XMP packets, AIGC texts and EXIF blocks.

    Raises:
        LabelError: the chunks are damaged.
    """
    xmp: list[bytes] = []
    texts: list[str] = []
    exif: list[bytes] = []
    for chunk in _chunks(unverified_bytes):
        kind, keyword = chunk.kind, _keyword(unverified_bytes, chunk)
        if keyword == _XMP_KEYWORD and len(xmp) < MAX_FOUND:
            xmp.append(_text(kind, chunk.body(unverified_bytes, _MAX_BODY_BYTES), MAX_PACKET_BYTES))
        elif keyword == _AIGC_KEYWORD and len(texts) < MAX_FOUND:
            body = chunk.body(unverified_bytes, _MAX_BODY_BYTES)
            texts.append(_text(kind, body, 4 * MAX_ITEM_CHARS).decode("utf-8", "replace"))
        elif kind == b"eXIf" and len(exif) < MAX_FOUND:
            exif.append(chunk.body(unverified_bytes, _MAX_BODY_BYTES))
    return Carried(tuple(xmp), tuple(texts), tuple(exif))


@naming_damage
def write(encoded: bytes, packet: bytes) -> bytes:
    """Return the file with `packet` as its only XMP, before the pixels, and without AIGC text chunks.

    Raises:
        LabelError: the chunks are damaged.
    """
    # PNG section 11.3.3.4: compression flag and method 0, no language tag, no translated keyword.
    ours = build_chunk(b"iTXt", _XMP_KEYWORD + bytes(5) + packet)
    edits: list[Edit] = []
    is_written, end = False, 0
    for chunk in _chunks(encoded):
        end = chunk.stop
        if _keyword(encoded, chunk) in {_XMP_KEYWORD, _AIGC_KEYWORD}:
            edits.append(Edit(chunk.start, chunk.stop))
        elif chunk.kind == b"IDAT" and not is_written:
            edits.append(Edit(chunk.start, chunk.start, ours))
            is_written = True
        elif chunk.kind == b"eXIf":
            edits.append(Edit(chunk.start, chunk.stop, build_chunk(chunk.kind, blank_exif(chunk.body(encoded)))))
    if not is_written:
        raise LabelError("PNG is damaged: it has no pixel data")
    return splice(encoded, edits, end=end)


def _chunks(data: Octets) -> Iterator[Chunk]:
    return at_most(read_chunks(data), _MAX_CHUNKS, "chunks")


def _keyword(data: Octets, chunk: Chunk) -> bytes | None:
    return chunk.body(data, 80).partition(b"\x00")[0] if chunk.kind in _TEXT_CHUNKS else None


def _text(kind: bytes, body: bytes, bound: int) -> bytes:
    """Return a text chunk's text, UTF-8 or Latin-1 as stored, at most `bound` bytes."""
    rest = body.partition(b"\x00")[2]
    if kind == b"tEXt":
        return rest[: bound + 1]
    is_compressed = kind == b"zTXt"
    if kind == b"iTXt":
        is_compressed = rest[:1] == b"\x01"
        rest = rest[2:].partition(b"\x00")[2].partition(b"\x00")[2]
    else:
        rest = rest[1:]
    if not is_compressed:
        return rest[: bound + 1]
    try:
        return zlib.decompressobj().decompress(rest, bound + 1)
    except zlib.error as exc:
        raise LabelError(f"PNG is damaged: a text chunk does not decompress: {exc}") from exc
