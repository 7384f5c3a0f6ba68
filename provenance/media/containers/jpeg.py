"""JPEG: ITU-T T.81 Annex B markers, without decoding.

Further JPEG images after the first are taken for what they are where the file announces them: multi-picture format
(CIPA DC-007) and the gain maps of Ultra HDR and ISO 21496-1. They are neither decoded nor shipped.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from provenance.asset import MediaType
from provenance.errors import AssetTooLargeError, UndecodableAssetError, UnsupportedMediaError
from provenance.media.containers.base import (
    UPRIGHT,
    Edit,
    Essence,
    Layout,
    Tally,
    parse_orientation,
    read_bytes,
    read_uint,
)
from provenance.media.limits import IntakeLimits
from provenance.storage.octets import Octets, search, strip

NAME: Final = MediaType.JPEG.value

# ITU-T T.81 table B.1.
_EOI, _SOS = 0xD9, 0xDA
# Markers without a length, or that change the height after the fact (DNL), which no decoder here follows.
_NO_SEGMENT: Final = frozenset({0x00, 0x01, *range(0xD0, 0xD9), 0xDC})
# Huffman-coded sequential and progressive. Browsers read neither arithmetic coding nor lossless frames.
_FRAMES_READ: Final = frozenset({0xC0, 0xC1, 0xC2})
_FRAMES_OTHER: Final = {
    0xC3: "lossless JPEG",
    **dict.fromkeys((0xC5, 0xC6, 0xC7, 0xDE), "hierarchical JPEG"),
    0xC8: "JPEG of a reserved kind",
    0xC9: "arithmetic-coded JPEG",
    0xCA: "arithmetic-coded progressive JPEG",
    0xCB: "arithmetic-coded lossless JPEG",
    **dict.fromkeys((0xCD, 0xCE, 0xCF), "arithmetic-coded hierarchical JPEG"),
    0xF7: "JPEG-LS",
}
# What decoders here make pictures of: 8 bits a sample; grey, YCbCr or RGB, CMYK or YCCK.
_PRECISION: Final = 8
_COMPONENTS: Final = frozenset({1, 3, 4})
# T.81 s B.1.1.4: a segment's length, its own two bytes included, has 16 bits.
MAX_BODY_BYTES: Final = 0xFFFF - 2
_TABLES: Final = frozenset({0xC4, 0xDB, 0xDD})
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE

# In entropy-coded data 0xFF is followed by 0x00 (stuffing), a restart marker or more 0xFF (fill): T.81 s B.1.1.
_NEXT_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")

# A decoder passes over the whole picture once a scan (35 ms for 40 megapixels, measured), and a scan can be a few bytes
# long. Pillow writes 10, or 18 for CMYK.
MAX_SCANS: Final = 64

# Tables, scans and fill together; progressive files with a table before each scan stay below 200.
MAX_SEGMENTS: Final = 1024

# Main picture, gain map, stereo partner, previews: more than CIPA DC-007 cameras write.
MAX_IMAGES: Final = 8

# Announcements of further images: CIPA DC-007 s5.1; Ultra HDR s"GContainer"; ISO 21496-1 Annex C.
_MULTI_PICTURE: Final = b"MPF\0"
_GAIN_MAP: Final = b"http://ns.google.com/photos/1.0/container/"

# ISO 21496-1 Annex C; Adobe's gain map specification 1.0; Apple's auxiliary pictures.
_ISO_GAIN_MAP: Final = b"urn:iso:std:iso:ts:21496:-1"
_GAIN_MAP_MARKS: Final = (b"http://ns.adobe.com/hdr-gain-map/", b"aux:hdrgainmap", b'Semantic="GainMap"')
# Google's depth map metadata, in one APP1 or in its extension; Apple's.
_DEPTH_MARKS: Final = (b"http://ns.google.com/photos/1.0/depthmap/", b"aux:depth", b"aux:disparity")
# Motion photo 1.0: the video follows the picture; intake refuses it there, or it has been cut off.
_MOTION_MARKS: Final = (b'MotionPhoto="1"', b'MicroVideo="1"')

_NO_FILL: Final = re.compile(rb"[^\xff]")

_ICC_MARK: Final = b"ICC_PROFILE\0"


@dataclass(slots=True)
class _Stream:
    """One image found by walking its markers."""

    width: int = 0
    height: int = 0
    end: int = 0
    scans: int = 0
    orientation: int = 0
    announces_more: bool = False
    icc: dict[int, bytes] = field(default_factory=dict)
    left_out: dict[str, None] = field(default_factory=dict)
    dropped: list[Edit] = field(default_factory=list)


def parse_layout(data: Octets, limits: IntakeLimits) -> Layout:
    """Walk the markers of a JPEG file.

    Raises:
        UndecodableAssetError: truncated, or markers that no encoder writes.
        UnsupportedMediaError: 12 bits a sample, arithmetic, lossless or hierarchical coding.
        AssetTooLargeError: a bound is passed.
    """
    tally = Tally(MediaType.JPEG, limits)
    first = _walk(data, 0, tally)
    end, images, left_out = first.end, 1, dict(first.left_out)
    while first.announces_more:
        # Images may be aligned: the gap is zeros.
        start, _ = strip(data, end, b"\0")
        if data[start : start + 2] != b"\xff\xd8":
            break
        images += 1
        if images > MAX_IMAGES:
            raise AssetTooLargeError(f"{NAME}: expected at most {MAX_IMAGES} images in one file, got more")
        further = _walk(data, start, tally)
        end, left_out = further.end, left_out | further.left_out
        tally.add(end - start)
    if images > 1:
        left_out[f"{images - 1} further picture{'' if images == 2 else 's'} (multi-picture format)"] = None
    return Layout(
        media_type=MediaType.JPEG,
        width=first.width,
        height=first.height,
        frames=1,
        end=end,
        content=Essence(data, first.dropped, first.end),
        orientation=first.orientation or UPRIGHT,
        icc=b"".join(first.icc[number] for number in sorted(first.icc)),
        left_out=tuple(left_out),
    ).check_content()


class Segment(NamedTuple):
    """One marker with what belongs to it: the last has no body.

    Attributes:
        marker: its code.
        fill: where the fill bytes before it begin; at `start` where there are none.
        start: of the marker.
        stop: of its parameters; entropy-coded data that follows is not in it.
    """

    marker: int
    fill: int
    start: int
    stop: int

    def body(self, data: Octets) -> bytes:
        """Return its parameters, 64 KiB at most."""
        return data[self.start + 4 : self.stop]


def read_segments(data: Octets, start: int = 0) -> Iterator[Segment]:
    """Yield the segments of the image at `start`, from after its SOI to its EOI, passing over scans.

    Raises:
        UndecodableAssetError: no marker where one has to be, or the file ends before the image does.
    """
    if data[start : start + 2] != b"\xff\xd8":
        raise UndecodableAssetError(f"{NAME}: expected a start of image at offset {start}, got something else")
    position = start + 2
    while True:
        marker, at = _next_marker(data, position)
        if marker == _EOI:
            yield Segment(marker, position, at, at + 2)
            return
        if marker in _NO_SEGMENT:
            raise UndecodableAssetError(f"{NAME}: expected a segment at offset {at}, got marker {marker:#x}")
        length = read_uint(data, at + 2, 2, NAME)
        read_bytes(data, at + 4, length - 2, NAME)
        stop = at + 2 + length
        yield Segment(marker, position, at, stop)
        position = _end_of_scan(data, stop) if marker == _SOS else stop


def build_segment(marker: int, body: bytes) -> bytes:
    """Return a segment; `body` is at most `MAX_BODY_BYTES` long."""
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


def _walk(data: Octets, start: int, tally: Tally) -> _Stream:
    """Read the image whose SOI is at `start`, to its EOI."""
    stream = _Stream()
    for count, segment in enumerate(read_segments(data, start), 1):
        if segment.start > segment.fill:
            stream.dropped.append(Edit(segment.fill, segment.start))
        if segment.marker == _EOI:
            stream.end = segment.stop
            break
        if count == MAX_SEGMENTS + tally.limits.max_metadata_items:
            raise AssetTooLargeError(f"{NAME}: expected at most {MAX_SEGMENTS} segments beside metadata, got more")
        _read_segment(data, segment, stream, tally)
    if not stream.scans:
        raise UndecodableAssetError(f"{NAME}: expected image data, got an end marker")
    return stream


def _read_segment(data: Octets, segment: Segment, stream: _Stream, tally: Tally) -> None:
    marker, body = segment.marker, segment.body(data)
    if marker in _FRAMES_READ:
        _read_frame(body, stream, tally)
    elif marker == _SOS:
        _count_scan(stream)
    elif marker in _FRAMES_OTHER:
        raise UnsupportedMediaError(f"not taken: {_FRAMES_OTHER[marker]}; expected baseline or progressive coding")
    elif not _is_needed(marker, body):
        tally.add(segment.stop - segment.start)
        stream.dropped.append(Edit(segment.start, segment.stop))
        _read_metadata(marker, body, stream)


def _next_marker(data: Octets, position: int) -> tuple[int, int]:
    """Return the marker expected at `position` and where it starts, past any fill bytes."""
    if read_uint(data, position, 1, NAME) != 0xFF:
        raise UndecodableAssetError(f"{NAME}: expected a marker at offset {position}, got something else")
    at = search(_NO_FILL, data, position, longest=1)
    if at < 0:
        raise UndecodableAssetError(
            f"{NAME}: expected a marker at offset {position}, got the end of the file: truncated"
        )
    return data[at], at - 1


def _read_frame(body: bytes, stream: _Stream, tally: Tally) -> None:
    """Take the size from a frame header (T.81 s B.2.2)."""
    if stream.width:
        raise UndecodableAssetError(f"{NAME}: expected one frame header, got two")
    precision, components = read_uint(body, 0, 1, NAME), read_uint(body, 5, 1, NAME)
    if precision != _PRECISION:
        raise UnsupportedMediaError(f"not taken: {precision}-bit JPEG; expected {_PRECISION} bits a sample")
    if components not in _COMPONENTS:
        raise UnsupportedMediaError(f"not taken: JPEG of {components} components; expected 1, 3 or 4")
    stream.height, stream.width = read_uint(body, 1, 2, NAME), read_uint(body, 3, 2, NAME)
    tally.check_size(stream.width, stream.height)


def _count_scan(stream: _Stream) -> None:
    stream.scans += 1
    if not stream.width:
        raise UndecodableAssetError(f"{NAME}: expected a frame header before image data, got none")
    if stream.scans > MAX_SCANS:
        raise AssetTooLargeError(f"{NAME}: expected at most {MAX_SCANS} scans, got more")


def _end_of_scan(data: Octets, position: int) -> int:
    """Return the offset of the marker that ends the entropy-coded data at `position`."""
    at = search(_NEXT_MARKER, data, position, longest=2)
    if at < 0:
        raise UndecodableAssetError(f"{NAME}: expected an end-of-image marker, got the end of the file: truncated")
    return at


def _is_needed(marker: int, body: bytes) -> bool:
    """Tell what a decoder needs: tables, and the two segments that say how colour is coded."""
    return (
        marker in _TABLES
        or (marker == _APP0 and body.startswith(b"JFIF\0"))
        or (marker == _APP14 and body.startswith(b"Adobe"))
    )


def _read_metadata(marker: int, body: bytes, stream: _Stream) -> None:
    """Note orientation, colour profile, announcements of further images, and what else there is."""
    if marker in {_APP1, _APP2}:
        _note_left_out(body, stream)
    if marker == _APP1 and body.startswith(b"Exif\0\0") and not stream.orientation:
        stream.orientation = parse_orientation(body)
    elif (marker == _APP1 and _GAIN_MAP in body) or (marker == _APP2 and body.startswith(_MULTI_PICTURE)):
        stream.announces_more = True
    elif marker == _APP2 and body.startswith(_ICC_MARK) and len(body) >= len(_ICC_MARK) + 2:
        # ICC.1:2022 s B.4: sequence number, count, then a part of the profile.
        stream.icc.setdefault(body[len(_ICC_MARK)], body[len(_ICC_MARK) + 2 :])


def _note_left_out(body: bytes, stream: _Stream) -> None:
    """Note what telephones add to a picture and what never ships."""
    if body.startswith(_ISO_GAIN_MAP) or any(mark in body for mark in _GAIN_MAP_MARKS):
        stream.left_out["a gain map (HDR brightness)"] = None
    if any(mark in body for mark in _DEPTH_MARKS):
        stream.left_out["a depth map"] = None
    if any(mark in body for mark in _MOTION_MARKS):
        stream.left_out["a motion photo's video"] = None
