"""MP4 and QuickTime: the boxes of a movie (ISO/IEC 14496-12), without decoding.

Says what tracks there are, before anything that decodes is asked, and where labels lie. Samples are not looked at:
their tables may lie, and whoever decodes bounds what comes out of them.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from provenance.asset import MediaType
from provenance.errors import AssetTooLargeError, UndecodableAssetError
from provenance.media.containers.base import Tally, read_bytes, read_uint
from provenance.media.containers.bmff import Box, read_boxes
from provenance.media.limits import IntakeLimits
from provenance.storage.octets import Octets

MP4: Final = MediaType.add("video/mp4", extension=".mp4")
MOV: Final = MediaType.add("video/quicktime", extension=".mov")

MOST_TRACKS: Final = 32
"""Encoders write one to four; a file with thousands wants to exhaust whoever opens it."""

# Adobe XMP specification part 3, s1.2.7: the identifier of the uuid box that holds a packet.
XMP_UUID: Final = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")

_TOP_LEVEL: Final = frozenset({
    b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide", b"uuid", b"moof", b"mfra", b"sidx", b"ssix",
    b"pdin", b"prft", b"emsg", b"meta", b"udta", b"jumb", b"pnot", b"PICT",
})  # fmt: skip
# What holds boxes of a movie and is descended into, with how many bytes come before the first of them.
_HOLDERS: Final = frozenset({b"trak", b"mdia", b"minf", b"stbl"})
_MOVIE_BOXES: Final = 20_000
# ISO/IEC 14496-12 s8.4.3.3, and what QuickTime calls the rest.
_KINDS: Final = {b"vide": "video", b"soun": "audio", b"sbtl": "subtitle", b"subt": "subtitle", b"text": "subtitle"}
_MOST_XMP_BYTES: Final = 1 << 20
_MOST_VALUE_BYTES: Final = 1 << 16
_MOST_KEYS: Final = 1024


@dataclass(slots=True)
class Track:
    """One track as its headers state it.

    Attributes:
        kind: video, audio, subtitle, or "" for any other.
        coding: the first sample entry's four characters.
        width, height: of that entry; 0 where it has none.
        timescale: units a second.
        duration: in those units.
    """

    kind: str = ""
    coding: bytes = b""
    width: int = 0
    height: int = 0
    timescale: int = 0
    duration: int = 0


@dataclass(frozen=True, slots=True)
class Movie:
    """What a file's boxes say about it.

    Attributes:
        tracks: in their order.
        end: offset of the first byte after the last box.
        is_fragmented: whether samples lie in fragments (moof).
    """

    tracks: tuple[Track, ...]
    end: int
    is_fragmented: bool


def parse_movie(data: Octets, limits: IntakeLimits, media_type: MediaType) -> Movie:
    """Walk the boxes of a movie.

    Raises:
        UndecodableAssetError: truncated, boxes that contradict themselves, or no movie header.
        AssetTooLargeError: too many boxes or tracks, or a track's picture is too large.
    """
    name, tally = media_type.value, Tally(media_type, limits)
    tracks: list[Track] = []
    end, movies, is_fragmented = 0, 0, False
    for box in read_file(data, name):
        end = box.stop
        if box.kind == b"moov":
            movies += 1
            tracks += _read_tracks(data, box, name)
        is_fragmented = is_fragmented or box.kind == b"moof"
    if movies != 1:
        raise UndecodableAssetError(f"{name}: expected one movie header (moov), got {movies}: truncated or damaged")
    for track in tracks:
        if track.kind == "video" and (track.width or track.height):
            tally.check_size(track.width, track.height)
    return Movie(tuple(tracks), end, is_fragmented)


def read_file(data: Octets, name: str) -> Iterator[Box]:
    """Yield the boxes at the top of a file, and stop at what is none of them.

    Raises:
        UndecodableAssetError: a box is longer than the file.
        AssetTooLargeError: there are too many.
    """
    position = 0
    for _ in range(_MOVIE_BOXES):
        if data[position + 4 : position + 8] not in _TOP_LEVEL:
            return
        box = next(read_boxes(data, position, len(data), name))
        yield box
        position = box.stop
    raise AssetTooLargeError(f"{name}: expected at most {_MOVIE_BOXES} boxes, got more")


def find_packets(data: Octets, name: str) -> tuple[bytes, ...]:
    """Return the XMP packets of a movie: in a uuid box, or in QuickTime's user data."""
    packets = []
    for box in read_file(data, name):
        if box.kind == b"uuid" and data[box.start : min(box.stop, box.start + 16)] == XMP_UUID:
            packets.append(data[box.start + 16 : min(box.stop, box.start + 16 + _MOST_XMP_BYTES + 1)])
        elif box.kind == b"moov":
            for user in _children(data, box, name, b"udta"):
                packets += [
                    data[one.start : min(one.stop, one.start + _MOST_XMP_BYTES + 1)]
                    for one in _children(data, user, name, b"XMP_")
                ]
    return tuple(packets)


def find_texts(data: Octets, key: str, name: str) -> tuple[str, ...]:
    """Return the texts of one key in a movie's metadata (QuickTime File Format, "Metadata": keys and ilst)."""
    found: list[str] = []
    for movie in (box for box in read_file(data, name) if box.kind == b"moov"):
        holders = [movie, *_children(data, movie, name, b"udta"), *_children(data, movie, name, b"trak")]
        for meta in (meta for holder in holders for meta in _children(data, holder, name, b"meta")):
            found += _read_texts(data, meta, key, name)
    return tuple(found)


def build_packet_box(packet: bytes) -> bytes:
    """Return the uuid box that holds an XMP packet, to be put behind the last box of a file."""
    return (24 + len(packet)).to_bytes(4, "big") + b"uuid" + XMP_UUID + packet


def _read_tracks(data: Octets, movie: Box, name: str) -> list[Track]:
    """Return what each track of a movie header is; every box that is descended into is counted."""
    tracks: list[Track] = []
    waiting = [(movie, Track())]
    left = _MOVIE_BOXES
    while waiting:
        holder, track = waiting.pop()
        for box in read_boxes(data, holder.start, holder.stop, name):
            left -= 1
            if left < 0:
                raise AssetTooLargeError(f"{name}: expected at most {_MOVIE_BOXES} boxes in its header, got more")
            if box.kind == b"moov":
                raise UndecodableAssetError(f"{name}: expected one movie header, got one inside another")
            if box.kind == b"trak":
                tracks.append(Track())
                if len(tracks) > MOST_TRACKS:
                    raise AssetTooLargeError(f"{name}: expected at most {MOST_TRACKS} tracks, got more")
                waiting.append((box, tracks[-1]))
            elif box.kind in _HOLDERS:
                waiting.append((box, track))
            else:
                _note(data, box, track, name)
    return tracks


def _note(data: Octets, box: Box, track: Track, name: str) -> None:
    """Take down what one box says of its track."""
    if box.kind == b"hdlr" and not track.kind:
        track.kind = _KINDS.get(read_bytes(data, box.start + 8, 4, name), "")
    elif box.kind == b"mdhd":
        # ISO/IEC 14496-12 s8.4.2: two times of 4 or 8 bytes come before the scale.
        is_long = read_uint(data, box.start, 1, name) == 1
        track.timescale = read_uint(data, box.start + (20 if is_long else 12), 4, name)
        track.duration = read_uint(data, box.start + (24 if is_long else 16), 8 if is_long else 4, name)
    elif box.kind == b"stsd" and box.stop - box.start >= 16:
        track.coding = read_bytes(data, box.start + 12, 4, name)
        # s12.1.3: of a visual sample entry, width and height follow 24 bytes after its head.
        if track.kind == "video" and box.stop - box.start >= 44:
            track.width = read_uint(data, box.start + 40, 2, name)
            track.height = read_uint(data, box.start + 42, 2, name)


def _children(data: Octets, holder: Box, name: str, kind: bytes) -> list[Box]:
    """Return the boxes of a kind in another; what follows broken ones is passed over, since labels are only claims."""
    found: list[Box] = []
    start = holder.start
    # A meta box of ISO has version and flags before its boxes, one of QuickTime has none.
    if holder.kind == b"meta" and data[start + 4 : start + 8] != b"hdlr":
        start += 4
    with suppress(UndecodableAssetError, AssetTooLargeError):
        found.extend(box for box in read_boxes(data, start, holder.stop, name) if box.kind == kind)
    return found


def _read_texts(data: Octets, meta: Box, key: str, name: str) -> Iterator[str]:
    """Yield the texts under a key of one metadata box."""
    numbers: dict[int, str] = {}
    for keys in _children(data, meta, name, b"keys"):
        position, count = keys.start + 8, min(read_uint(data, keys.start + 4, 4, name), _MOST_KEYS)
        for number in range(1, count + 1):
            size = read_uint(data, position, 4, name)
            if size < 8 or position + size > keys.stop:
                break
            numbers[number] = data[position + 8 : position + min(size, 264)].decode("utf-8", "replace")
            position += size
    wanted = {number for number, text in numbers.items() if text == key}
    for items in _children(data, meta, name, b"ilst"):
        for item in read_boxes(data, items.start, items.stop, name):
            if int.from_bytes(item.kind, "big") in wanted:
                for box in _children(data, item, name, b"data"):
                    yield data[box.start + 8 : min(box.stop, box.start + 8 + _MOST_VALUE_BYTES)].decode(
                        "utf-8", "replace"
                    )
