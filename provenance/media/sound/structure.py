"""Walk a sound file's container before anything decodes it: whole, bounded, and what is in it beside the sound.

A decoder reads on over damage and follows what a file says of itself; so what is cut off, nested without end or longer
than the file is refused here. Sources: RIFF (Microsoft 1991), RFC 9639 (FLAC), RFC 3533 (OGG), ISO/IEC 14496-12, ID3v2.
"""

from typing import Final

from provenance.asset import MediaType
from provenance.errors import AssetTooLargeError, UndecodableAssetError
from provenance.media.containers.base import Tally, check_span, read_bytes
from provenance.media.containers.bmff import Box, read_boxes
from provenance.media.limits import IntakeLimits
from provenance.media.sound.kind import FLAC, M4A, MP3, OGG, WAV, measure_id3, sniff_sound
from provenance.storage.octets import Octets

MAX_TRACKS: Final = 16
_SOUND_CHUNKS: Final = frozenset({b"fmt ", b"data", b"fact", b"ds64", b"JUNK", b"PAD "})
# What containers nest in containers of their own.
_RIFF_LISTS: Final = frozenset({b"LIST", b"RIFF"})
_HOLDERS: Final = frozenset({b"moov", b"trak", b"mdia", b"minf", b"dinf", b"stbl", b"udta", b"edts", b"mvex"})
MAX_DEPTH: Final = 8
_HEAD_BYTES: Final = 4096
_STREAMINFO: Final = 34


def find_type(data: Octets) -> MediaType:
    """Return the type of a sound file, looking behind an ID3 tag.

    Raises:
        UndecodableAssetError: it is none.
    """
    head = data[:_HEAD_BYTES]
    found = sniff_sound(head)
    if found == MP3 and head[:3] == b"ID3":
        start = measure_id3(head)
        found = FLAC if data[start : start + 4] == b"fLaC" else MP3
    if found is None:
        raise UndecodableAssetError("expected sound, got something else")
    return found


def check_structure(data: Octets, media_type: MediaType, limits: IntakeLimits) -> None:
    """Walk a file.

    Raises:
        UndecodableAssetError: truncated, or parts that contradict themselves.
        AssetTooLargeError: more parts, tracks, levels or metadata than a sound has.
    """
    tally = Tally(media_type, limits)
    {WAV: _walk_wav, FLAC: _walk_flac, MP3: _walk_mp3, M4A: _walk_m4a, OGG: _walk_ogg}[media_type](data, tally)


def _walk_wav(data: Octets, tally: Tally) -> None:
    name, kinds = tally.media_type.value, []
    is_large = data[:4] == b"RF64"
    stop = len(data) if is_large else 8 + int.from_bytes(read_bytes(data, 4, 4, name), "little")
    check_span(data, 0, stop, name)
    position = 12
    while position + 8 <= stop:
        head = read_bytes(data, position, 8, name)
        kind, size = head[:4], int.from_bytes(head[4:], "little")
        if is_large and kind == b"data" and size == 0xFFFFFFFF:
            size = stop - position - 8
        check_span(data, position + 8, size, name)
        kinds.append(kind)
        if kind not in _SOUND_CHUNKS:
            tally.add(size)
        if kind in _RIFF_LISTS:
            _check_lists(data, position + 8, size, 1, tally)
        position += 8 + size + size % 2
    if kinds.count(b"fmt ") != 1 or kinds.count(b"data") != 1:
        raise UndecodableAssetError(f"{name}: expected one format and one data chunk, got {len(kinds)} other chunks")


def _check_lists(data: Octets, start: int, size: int, depth: int, tally: Tally) -> None:
    """Follow lists in lists, a few levels deep."""
    name = tally.media_type.value
    if depth > MAX_DEPTH:
        raise AssetTooLargeError(f"{name}: expected lists at most {MAX_DEPTH} deep, got more")
    position, stop = start + 4, start + size
    while position + 8 <= stop:
        head = read_bytes(data, position, 8, name)
        inner = int.from_bytes(head[4:], "little")
        tally.add(0)
        if head[:4] in _RIFF_LISTS:
            _check_lists(data, position + 8, min(inner, stop - position - 8), depth + 1, tally)
        position += 8 + inner + inner % 2


def _walk_flac(data: Octets, tally: Tally) -> None:
    name, position, is_last, number = tally.media_type.value, measure_id3(data[:10]), False, 0
    tally.grow(position)
    if data[position : position + 4] != b"fLaC":
        raise UndecodableAssetError(f"{name}: expected the mark of FLAC, got something else")
    position += 4
    while not is_last:
        head = read_bytes(data, position, 4, name)
        is_last, kind, size = bool(head[0] & 0x80), head[0] & 0x7F, int.from_bytes(head[1:], "big")
        if number == 0 and (kind, size) != (0, _STREAMINFO):
            raise UndecodableAssetError(f"{name}: expected stream information first, got block {kind}")
        check_span(data, position + 4, size, name)
        tally.add(size)
        position, number = position + 4 + size, number + 1


def _walk_mp3(data: Octets, tally: Tally) -> None:
    name, start = tally.media_type.value, measure_id3(data[:10])
    tally.grow(start)
    check_span(data, start, 4, name)


def _walk_m4a(data: Octets, tally: Tally) -> None:
    name, kinds = tally.media_type.value, []
    for box in read_boxes(data, 0, len(data), name):
        kinds.append(box.kind)
        if box.kind not in {b"mdat", b"free", b"skip", b"moov"}:
            tally.add(box.stop - box.start)
        if box.kind == b"moov":
            tracks = _count_tracks(data, box, 1, tally)
            if not 1 <= tracks <= MAX_TRACKS:
                raise AssetTooLargeError(f"{name}: expected 1 to {MAX_TRACKS} tracks, got {tracks}")
    if kinds.count(b"moov") != 1 or b"mdat" not in kinds:
        raise UndecodableAssetError(f"{name}: expected one movie box and media data, got neither or several")


def _count_tracks(data: Octets, holder: Box, depth: int, tally: Tally) -> int:
    if depth > MAX_DEPTH:
        raise AssetTooLargeError(f"{tally.media_type.value}: expected boxes at most {MAX_DEPTH} deep, got more")
    count = 0
    for box in read_boxes(data, holder.start, holder.stop, tally.media_type.value):
        tally.add(0)
        count += box.kind == b"trak"
        if box.kind in _HOLDERS:
            count += _count_tracks(data, box, depth + 1, tally)
    return count


def _walk_ogg(data: Octets, tally: Tally) -> None:
    """Walk every page: whole, of few streams, and the stream's last page there (RFC 3533 section 6)."""
    name, position, serials, ends, size = tally.media_type.value, 0, set(), set(), len(data)
    while position < size:
        head = read_bytes(data, position, 27, name)
        if head[:4] != b"OggS":
            raise UndecodableAssetError(f"{name}: expected a page at {position}, got something else: damaged")
        length = 27 + head[26] + sum(read_bytes(data, position + 27, head[26], name))
        check_span(data, position, length, name)
        serials.add(head[14:18])
        if head[5] & 0x04:
            ends.add(head[14:18])
        if len(serials) > MAX_TRACKS:
            raise AssetTooLargeError(f"{name}: expected at most {MAX_TRACKS} streams, got more")
        position += length
    if ends != serials:
        raise UndecodableAssetError(f"{name}: expected the last page of each stream, got none: truncated")
