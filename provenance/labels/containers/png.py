"""PNG: XMP in an iTXt chunk, EXIF in eXIf; in the wild also AIGC in a text chunk of its own.

Source: PNG third edition sections 5.3 and 11.3, ISO 16684-3 section 1.1.5 for the keyword ``XML:com.adobe.xmp``.
"""

import zlib
from collections.abc import Iterator
from typing import Final

from provenance.errors import LabelError
from provenance.labels.aigc import MAX_ITEM_CHARS
from provenance.labels.containers.base import MAX_FOUND, Carried, blank_exif
from provenance.labels.xmp import MAX_PACKET_BYTES

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_XMP_KEYWORD: Final = b"XML:com.adobe.xmp"
_AIGC_KEYWORD: Final = b"AIGC"
# Encoders write pixels in chunks of 8 KiB and up: this is room for 2 GiB.
_MAX_CHUNKS: Final = 262_144
_TEXT_CHUNKS: Final = frozenset((b"tEXt", b"zTXt", b"iTXt"))


def find(unverified_bytes: bytes) -> Carried:
    """Return the XMP packets, AIGC texts and EXIF blocks.

    Raises:
        LabelError: the chunks are damaged.
    """
    xmp: list[bytes] = []
    texts: list[str] = []
    exif: list[bytes] = []
    for kind, start, end in _chunks(unverified_bytes):
        body = unverified_bytes[start + 8 : end - 4]
        keyword = _keyword(kind, body)
        if keyword == _XMP_KEYWORD and len(xmp) < MAX_FOUND:
            xmp.append(_text(kind, body, MAX_PACKET_BYTES))
        elif keyword == _AIGC_KEYWORD and len(texts) < MAX_FOUND:
            texts.append(_text(kind, body, 4 * MAX_ITEM_CHARS).decode("utf-8", "replace"))
        elif kind == b"eXIf" and len(exif) < MAX_FOUND:
            exif.append(body)
    return Carried(tuple(xmp), tuple(texts), tuple(exif))


def write(encoded: bytes, packet: bytes) -> bytes:
    """Return the file with `packet` as its only XMP, before the pixels, and without AIGC text chunks.

    Raises:
        LabelError: the chunks are damaged.
    """
    # PNG section 11.3.3.4: compression flag and method 0, no language tag, no translated keyword.
    ours = _chunk(b"iTXt", _XMP_KEYWORD + bytes(5) + packet)
    pieces: list[bytes] = [_SIGNATURE]
    is_written = False
    for kind, start, end in _chunks(encoded):
        if _keyword(kind, encoded[start + 8 : end - 4]) in {_XMP_KEYWORD, _AIGC_KEYWORD}:
            continue
        if kind == b"IDAT" and not is_written:
            pieces.append(ours)
            is_written = True
        if kind == b"eXIf":
            pieces.append(_chunk(kind, blank_exif(encoded[start + 8 : end - 4])))
        else:
            pieces.append(encoded[start:end])
    if not is_written:
        raise LabelError("PNG is damaged: it has no pixel data")
    return b"".join(pieces)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, start, end) of each chunk up to IEND."""
    if data[:8] != _SIGNATURE:
        raise LabelError("not a PNG: no signature")
    at = 8
    for _ in range(_MAX_CHUNKS):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        if end > len(data):
            raise LabelError(f"PNG is damaged: the chunk at byte {at} does not end inside the file")
        yield kind, at, end
        if kind == b"IEND":
            return
        at = end
    raise LabelError(f"PNG has more than {_MAX_CHUNKS} chunks")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def _keyword(kind: bytes, body: bytes) -> bytes | None:
    return body[:80].partition(b"\x00")[0] if kind in _TEXT_CHUNKS else None


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
