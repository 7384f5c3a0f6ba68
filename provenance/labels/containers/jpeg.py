"""JPEG: XMP and EXIF each in an APP1 segment.

Source: ISO 10918-1 annex B for the segments, ISO 16684-3 section 1.1.3 for XMP in them.
"""

import re
from collections.abc import Iterator
from typing import Final

from provenance.errors import LabelError
from provenance.labels.containers.base import MAX_FOUND, Carried, blank_exif

_XMP: Final = b"http://ns.adobe.com/xap/1.0/\x00"
_EXIF: Final = b"Exif\x00\x00"
_APP0, _APP1, _SOI, _EOI, _SOS = 0xE0, 0xE1, 0xD8, 0xD9, 0xDA
_FILL: Final = re.compile(rb"\xff+")
# ISO 10918-1 B.1.1.4: a segment's length, its own two bytes included, has 16 bits.
_MAX_SEGMENT_BYTES: Final = 0xFFFF - 2
# Pictures in the wild have tens; each may hold 64 KiB.
_MAX_SEGMENTS: Final = 4096


def find(unverified_bytes: bytes) -> Carried:
    """Return the XMP and EXIF blocks before the first scan.

    Raises:
        LabelError: the segments are damaged.
    """
    bodies = [
        unverified_bytes[start + 4 : end] for marker, start, end in _segments(unverified_bytes) if marker == _APP1
    ]
    return Carried(
        xmp=tuple(body[len(_XMP) :] for body in bodies if body.startswith(_XMP))[:MAX_FOUND],
        exif=tuple(body[len(_EXIF) :] for body in bodies if body.startswith(_EXIF))[:MAX_FOUND],
    )


def write(encoded: bytes, packet: bytes) -> bytes:
    """Return the file with `packet` as its only XMP, after JFIF and EXIF.

    Raises:
        LabelError: the packet does not fit one segment, or the segments are damaged.
    """
    body = _XMP + packet
    if len(body) > _MAX_SEGMENT_BYTES:
        raise LabelError(f"XMP of {len(packet)} bytes does not fit a JPEG segment of {_MAX_SEGMENT_BYTES - len(_XMP)}")
    ours = b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body
    before: list[bytes] = []
    after: list[bytes] = []
    position = 2
    for marker, start, end in _segments(encoded):
        segment = encoded[start:end]
        position = end
        if marker == _APP1 and segment.startswith(_XMP, 4):
            continue
        is_exif = marker == _APP1 and segment.startswith(_EXIF, 4)
        if is_exif:
            head = 4 + len(_EXIF)
            segment = segment[:head] + blank_exif(segment[head:])
        if not after and (marker == _APP0 or is_exif):
            before.append(segment)
        else:
            after.append(segment)
    return b"".join((encoded[:2], *before, ours, *after, encoded[position:]))


def _skip_fill(data: bytes, at: int) -> int:
    """Return where the last of a run of 0xFF lies; megabytes of them are allowed before a marker."""
    run = _FILL.match(data, at)
    return at if run is None else run.end() - 1


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, start, end) of each segment between SOI and the first scan."""
    if data[:2] != bytes((0xFF, _SOI)):
        raise LabelError("not a JPEG: no start of image")
    at = 2
    for _ in range(_MAX_SEGMENTS):
        at = _skip_fill(data, at)
        if at + 4 > len(data) or data[at] != 0xFF:
            raise LabelError(f"JPEG is damaged: no marker at byte {at}")
        marker = data[at + 1]
        if marker in {_SOS, _EOI}:
            return
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if end < at + 4 or end > len(data):
            raise LabelError(f"JPEG is damaged: the segment at byte {at} does not end inside the file")
        yield marker, at, end
        at = end
    raise LabelError(f"JPEG has more than {_MAX_SEGMENTS} segments before its pixels")
