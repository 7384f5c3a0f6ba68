"""JPEG: XMP and EXIF each in an APP1 segment.

Source: ISO 10918-1 annex B for the segments, ISO 16684-3 section 1.1.3 for XMP in them.
"""

from collections.abc import Iterator
from itertools import takewhile
from typing import Final

from provenance.errors import LabelError
from provenance.labels.containers.base import MAX_FOUND, Carried, at_most, blank_exif, naming_damage
from provenance.media.containers.base import Edit, splice
from provenance.media.containers.jpeg import MAX_BODY_BYTES, Segment, build_segment, read_segments
from provenance.storage.octets import Octets

_XMP: Final = b"http://ns.adobe.com/xap/1.0/\x00"
_EXIF: Final = b"Exif\x00\x00"
_APP0, _APP1, _EOI, _SOS = 0xE0, 0xE1, 0xD9, 0xDA
# Pictures in the wild have tens; each may hold 64 KiB.
_MAX_SEGMENTS: Final = 4096


@naming_damage
def find(unverified_bytes: Octets) -> Carried:
    """Return the XMP and EXIF blocks before the first scan.

    Raises:
        LabelError: the segments are damaged.
    """
    bodies = [segment.body(unverified_bytes) for segment in _segments(unverified_bytes) if segment.marker == _APP1]
    return Carried(
        xmp=tuple(body[len(_XMP) :] for body in bodies if body.startswith(_XMP))[:MAX_FOUND],
        exif=tuple(body[len(_EXIF) :] for body in bodies if body.startswith(_EXIF))[:MAX_FOUND],
    )


@naming_damage
def write(encoded: bytes, packet: bytes) -> bytes:
    """Return the file with `packet` as its only XMP, after JFIF and EXIF.

    Raises:
        LabelError: the packet does not fit one segment, or the segments are damaged.
    """
    if len(_XMP) + len(packet) > MAX_BODY_BYTES:
        raise LabelError(f"XMP of {len(packet)} bytes does not fit a JPEG segment of {MAX_BODY_BYTES - len(_XMP)}")
    edits: list[Edit] = []
    place, is_open = 2, True
    for segment in _segments(encoded):
        body = segment.body(encoded) if segment.marker == _APP1 else b""
        is_exif = body.startswith(_EXIF)
        edits.append(Edit(segment.fill, segment.start))
        if body.startswith(_XMP):
            edits.append(Edit(segment.start, segment.stop))
            continue
        if is_exif:
            edits.append(Edit(segment.stop - len(body) + len(_EXIF), segment.stop, blank_exif(body[len(_EXIF) :])))
        is_open = is_open and (segment.marker == _APP0 or is_exif)
        place = segment.stop if is_open else place
    ours = Edit(place, place, build_segment(_APP1, _XMP + packet))
    before = [edit for edit in edits if edit.stop <= place]
    return splice(encoded, [*before, ours, *edits[len(before) :]])


def _segments(data: Octets) -> Iterator[Segment]:
    """Yield each segment between SOI and the first scan."""
    before = takewhile(lambda segment: segment.marker not in {_EOI, _SOS}, read_segments(data))
    return at_most(before, _MAX_SEGMENTS, "segments before the pixels")
