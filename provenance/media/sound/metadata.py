"""Implicit labels in files of sound: one AIGC item, where GB 45438 and TC260-PG-202510A want it.

MP3 holds it as an ID3v2 text (TXXX) called ``AIGC``, WAV as a chunk of that name, FLAC and OGG as a Vorbis comment, M4A
as a metadata item. Some muxers drop names that they do not know, so what is written is read back.
"""

from typing import Final

from provenance.asset import MediaType
from provenance.errors import AssetError, LabelError
from provenance.labels.aigc import MAX_ITEM_CHARS, parse_aigc
from provenance.labels.implicit import FoundAigc, FoundLabels
from provenance.media.sound.decoding import open_track
from provenance.media.sound.kind import FLAC, M4A, MP3, OGG, WAV
from provenance.storage.blob import Blob
from provenance.storage.octets import Octets

KEY: Final = "AIGC"
PLACES: Final = {
    WAV: "wav chunk",
    FLAC: "vorbis comment",
    MP3: "id3 text",
    M4A: "mp4 item",
    OGG: "vorbis comment",
}
_SHOWN_CHARS: Final = 2048
_MAX_CHUNKS: Final = 4096


def read_sound_labels(file: Blob, media_type: MediaType) -> FoundLabels:
    """Return what a file's metadata says; damage becomes a problem, never an error."""
    try:
        texts = _find_chunks(file.octets()) if media_type == WAV else _find_tags(file, media_type)
    except AssetError as exc:
        return FoundLabels(problems=(str(exc),))
    found = tuple(_parse(PLACES[media_type], text) for text in texts)
    problems = [f"{one.place}: {one.problem}" for one in found if one.problem]
    if len(found) > 1:
        problems.append(f"{len(found)} AIGC items where one is allowed")
    return FoundLabels(aigc=found, places=tuple({one.place for one in found}), problems=tuple(problems))


def _find_tags(file: Blob, media_type: MediaType) -> list[str]:
    with open_track(file, media_type) as (_, _, track):
        return [text for name, text in track.tags.items() if name.upper() == KEY]


def _find_chunks(data: Octets) -> list[str]:
    texts, position = [], 12
    for _ in range(_MAX_CHUNKS):
        head = data[position : position + 8]
        if len(head) < 8:
            break
        size = int.from_bytes(head[4:], "little")
        if head[:4] == KEY.encode():
            body = data[position + 8 : position + 8 + min(size, 4 * MAX_ITEM_CHARS)]
            texts.append(body.rstrip(b"\0").decode("utf-8", "replace"))
        position += 8 + size + size % 2
    return texts


def _parse(place: str, text: str) -> FoundAigc:
    try:
        return FoundAigc(place, text[:_SHOWN_CHARS], parse_aigc(text))
    except LabelError as exc:
        return FoundAigc(place, text[:_SHOWN_CHARS], None, str(exc))
