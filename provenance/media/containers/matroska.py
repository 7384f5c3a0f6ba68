"""Matroska and WebM: the elements of a segment (RFC 8794 EBML, RFC 9559 Matroska), without decoding."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from provenance.asset import MediaType
from provenance.errors import AssetTooLargeError, UndecodableAssetError
from provenance.media.containers.base import Tally, read_bytes
from provenance.media.containers.movie import MOST_TRACKS, Track
from provenance.media.limits import IntakeLimits
from provenance.storage.octets import Octets

WEBM: Final = MediaType.add("video/webm", extension=".webm")
MKV: Final = MediaType.add("video/matroska", extension=".mkv")

MAGIC: Final = b"\x1aE\xdf\xa3"

# RFC 9559 s5.1: ids of the elements that are looked into or at.
_EBML, _SEGMENT, _CLUSTER, _TRACKS, _TRACK, _VIDEO, _TAGS, _TAG, _SIMPLE = (
    0x1A45DFA3, 0x18538067, 0x1F43B675, 0x1654AE6B, 0xAE, 0xE0, 0x1254C367, 0x7373, 0x67C8,
)  # fmt: skip
_DOC_TYPE, _TRACK_TYPE, _CODEC, _WIDTH, _HEIGHT, _NAME, _STRING = 0x4282, 0x83, 0x86, 0xB0, 0xBA, 0x45A3, 0x4487
_ALPHA: Final = 0x53C0
_HOLDERS: Final = frozenset({_SEGMENT, _TRACKS, _TRACK, _VIDEO, _TAGS, _TAG, _SIMPLE})
_KINDS: Final = {1: "video", 2: "audio", 17: "subtitle"}
_MOST_ELEMENTS: Final = 500_000
_MOST_DEPTH: Final = 8
_MOST_TEXT_BYTES: Final = 1 << 20


class Element(NamedTuple):
    """An element: its id, where it begins and where its content lies; `stop` is the holder's where it says no size."""

    id: int
    at: int
    start: int
    stop: int
    is_open: bool


@dataclass(slots=True)
class Segment:
    """What a file's elements say about it.

    Attributes:
        doc_type: webm or matroska.
        tracks: in their order.
        tags: (name, text) of each simple tag.
        has_alpha: whether a track says that it has transparency beside its pictures.
        end: offset of the first byte after the last element.
    """

    doc_type: str = ""
    tracks: list[Track] = field(default_factory=list)
    tags: list[tuple[str, str]] = field(default_factory=list)
    has_alpha: bool = False
    end: int = 0


def parse_segment(data: Octets, limits: IntakeLimits, media_type: MediaType) -> Segment:
    """Walk the elements of a file.

    Raises:
        UndecodableAssetError: truncated, elements that contradict themselves, or no tracks.
        AssetTooLargeError: too many elements or tracks, or a track's picture is too large.
    """
    name, tally, found = media_type.value, Tally(media_type, limits), Segment()
    for element in read_elements(data, name):
        found.end = max(found.end, element.stop)
        _note(data, element, found, name)
        if len(found.tracks) > MOST_TRACKS:
            raise AssetTooLargeError(f"{name}: expected at most {MOST_TRACKS} tracks, got more")
    for track in found.tracks:
        if track.kind == "video":
            tally.check_size(track.width, track.height)
    if not found.tracks:
        raise UndecodableAssetError(f"{name}: expected tracks, got none: truncated or damaged")
    return found


def sniff_doc_type(head: bytes) -> str:
    """Return what kind of Matroska a file says that it is, by its first bytes; "" for none."""
    if not head.startswith(MAGIC):
        return ""
    try:
        size, start = _read_size(head, 4, "EBML")
        for element in _read_row(head, start, min(len(head), start + size), "EBML"):
            if element.id == _DOC_TYPE:
                return head[element.start : element.stop].rstrip(b"\0").decode("ascii", "replace")
    except UndecodableAssetError:
        return ""
    return ""


def read_elements(data: Octets, name: str) -> Iterator[Element]:
    """Yield every element but those inside clusters, from the file's start on, each holder before what it holds.

    Raises:
        UndecodableAssetError: an element is longer than what holds it.
        AssetTooLargeError: there are too many, or they lie too deep.
    """
    waiting = [_read_row(data, 0, len(data), name)]
    for _ in range(_MOST_ELEMENTS):
        while waiting and (element := next(waiting[-1], None)) is None:
            waiting.pop()
        if not waiting:
            return
        assert element is not None
        yield element
        if element.id in _HOLDERS or element.id == _EBML or (element.id == _CLUSTER and element.is_open):
            if len(waiting) >= _MOST_DEPTH:
                raise AssetTooLargeError(f"{name}: expected elements at most {_MOST_DEPTH} deep, got deeper")
            waiting.append(_read_row(data, element.start, element.stop, name))
    raise AssetTooLargeError(f"{name}: expected at most {_MOST_ELEMENTS} elements, got more")


def _note(data: Octets, element: Element, found: Segment, name: str) -> None:
    """Take down what one element says."""
    size = element.stop - element.start
    if element.id == _TRACK:
        found.tracks.append(Track())
    elif element.id == _SIMPLE:
        found.tags.append(("", ""))
    elif element.id in {_NAME, _STRING} and found.tags and size <= _MOST_TEXT_BYTES:
        text = data[element.start : element.stop].rstrip(b"\0").decode("utf-8", "replace")
        key, value = found.tags[-1]
        found.tags[-1] = (text, value) if element.id == _NAME else (key, text)
    elif element.id == _DOC_TYPE:
        found.doc_type = data[element.start : min(element.stop, element.start + 16)].decode("ascii", "replace")
    elif found.tracks and element.id in {_TRACK_TYPE, _CODEC, _WIDTH, _HEIGHT, _ALPHA}:
        track = found.tracks[-1]
        if element.id == _CODEC:
            track.coding = data[element.start : min(element.stop, element.start + 32)]
            return
        value_of = int.from_bytes(read_bytes(data, element.start, min(size, 8), name), "big")
        if element.id == _TRACK_TYPE:
            track.kind = _KINDS.get(value_of, "")
        elif element.id == _ALPHA:
            found.has_alpha = found.has_alpha or value_of > 0
        elif element.id == _WIDTH:
            track.width = value_of
        else:
            track.height = value_of


def _read_row(data: Octets, start: int, stop: int, name: str) -> Iterator[Element]:
    """Yield the elements that fill ``data[start:stop]``; an open one takes all that is left."""
    while start < stop:
        at = start
        lead = data[start]
        width = 9 - lead.bit_length()
        if width > 4:
            # Padding and what follows the file is judged by whoever asked where it ends.
            return
        number = int.from_bytes(read_bytes(data, start, width, name), "big")
        size, start = _read_size(data, start + width, name)
        if size < 0:
            yield Element(number, at, start, stop, is_open=True)
            return
        if start + size > stop:
            raise UndecodableAssetError(
                f"{name}: expected an element of at most {stop - start} bytes at offset {at}, got {size}: "
                "truncated or damaged"
            )
        yield Element(number, at, start, start + size, is_open=False)
        start += size


def _read_size(data: Octets, at: int, name: str) -> tuple[int, int]:
    """Return an element's size, -1 where it says none (RFC 8794 s6.2), and where its content begins."""
    lead = read_bytes(data, at, 1, name)[0]
    width = 9 - lead.bit_length()
    if width > 8:
        raise UndecodableAssetError(f"{name}: expected an element's size at offset {at}, got none: damaged")
    value = int.from_bytes(read_bytes(data, at, width, name), "big") & (1 << 7 * width) - 1
    return (-1 if value == (1 << 7 * width) - 1 else value), at + width
