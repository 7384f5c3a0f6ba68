"""Make the file that ships: frame by frame, the watermark, then the label that people see, then the encoder."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple, cast

from provenance.asset import MediaType
from provenance.errors import UndecodableAssetError
from provenance.media.containers.movie import MOV, MP4, build_packet_box
from provenance.media.video.clip import Clip
from provenance.media.video.encode import Dubbing, Encoder, join_tracks, write_clip
from provenance.media.video.overlay import Overlay
from provenance.media.video.shots import CutDetector
from provenance.media.video.stream import Clock, Shot, Source, decode, make_frame, open_clip, show_planes
from provenance.storage.blob import Blob
from provenance.watermarks.chord.scheme import Chord
from provenance.watermarks.clip import USUAL, ClipMark, ShotMark
from provenance.watermarks.tile.mask import Quality

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

Progress = Callable[[float], None]
"""Told how many seconds of the clip are done."""

_FULL_RANGE: Final = 2
_OPEN_FILES: Final = Path("/proc/self/fd")
"""Where Linux has this process's open files by their numbers."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be made of a clip.

    Attributes:
        media_type: of the file that ships.
        encoder: of its pictures.
        tags: its metadata, as the muxer writes it.
        packet: XMP to be put behind it, or b"".
        mark: the watermark, or None.
        payload: of it.
        quality: what it may cost.
        overlay: the label that people see, or None.
        keeps_sound: whether the soundtrack ships.
        sound_mark: the watermark of it; None where it is copied as it is.
    """

    media_type: MediaType
    encoder: Encoder
    tags: Mapping[str, str]
    packet: bytes = b""
    mark: ClipMark | None = None
    payload: int = 0
    quality: Quality = USUAL
    overlay: Overlay | None = None
    keeps_sound: bool = True
    sound_mark: Chord | None = None


class _Marker:
    """Marks frames in their order: a new code with each shot."""

    def __init__(self, wish: Wish) -> None:
        self._wish, self._cuts = wish, CutDetector()
        self._shot: ShotMark | None = None

    def mark(self, shot: Shot, time_base: Fraction) -> "VideoFrame":
        """Return a frame like this one with what was wished for in it."""
        wish, planes = self._wish, show_planes(shot.frame)
        frame, room = make_frame(planes.y.shape, shot, time_base)
        is_full = shot.frame.color_range == _FULL_RANGE
        if wish.mark is not None:
            if self._cuts.is_cut(planes.y) or self._shot is None:
                height, width = planes.y.shape
                self._shot = wish.mark.begin_shot(
                    height, width, wish.payload, quality=wish.quality, is_full_range=is_full
                )
            self._shot.add(planes.y, room.y)
        else:
            room.y[:] = planes.y
        room.u[:], room.v[:] = planes.u, planes.v
        if wish.overlay is not None and wish.overlay.is_shown(shot.at_s):
            wish.overlay.lay_over(room, is_full_range=is_full)
        return frame


def make_file(clip: Clip, original: Blob, wish: Wish) -> Blob:
    """Return the finished file, all but its signature.

    Raises:
        ProvenanceError: it cannot be made.
        UnmarkableError: its frames cannot carry the mark.
    """
    with _open_nameless() as made:
        with original.open() as file, open_clip(file, clip.media_type) as source:
            if not wish.keeps_sound:
                source.sounds = ()
            _write(source, made.path, wish, clip)
        return _finish(made, wish)


def restore_sound(marked: Blob, clip: Clip, original: Blob, wish: Wish) -> Blob:
    """Return a file that `make_file` made, with the soundtrack as it came; its pictures are not encoded again.

    Raises:
        ProvenanceError: it cannot be made.
    """
    with _open_nameless() as made:
        with (
            marked.open() as file,
            open_clip(file, wish.media_type) as pictures,
            original.open() as given,
            open_clip(given, clip.media_type) as sounds,
        ):
            join_tracks(made.path, wish.media_type, wish.tags, pictures, sounds)
        return _finish(made, wish)


def _finish(made: "_Nameless", wish: Wish) -> Blob:
    if wish.packet and wish.media_type in {MP4, MOV}:
        made.file.seek(0, os.SEEK_END)
        made.file.write(build_packet_box(wish.packet))
    return Blob.from_file(made.file)


class _Nameless(NamedTuple):
    """A temporary file, and a path by which FFmpeg opens it as often as it likes."""

    file: BinaryIO
    path: Path


@contextmanager
def _open_nameless() -> Iterator[_Nameless]:
    """Open a file that has no name on disk, so that a process that is killed leaves nothing of a clip behind.

    Where the system cannot open what has no name, it has one until the block ends.
    """
    with tempfile.TemporaryFile(prefix="chopmark-") as file:
        path = _OPEN_FILES / str(file.fileno())
        if path.exists():
            yield _Nameless(file, path)
            return
    with tempfile.NamedTemporaryFile(prefix="chopmark-") as named:
        yield _Nameless(cast("BinaryIO", named), Path(named.name))


def _build_dubbing(wish: Wish, clip: Clip) -> Dubbing | None:
    heard = clip.soundtrack
    if wish.sound_mark is None or heard is None or not wish.keeps_sound:
        return None
    return heard.track, wish.sound_mark.build_marker(heard.track.rate_hz, heard.track.channels, wish.payload)


def _write(source: Source, path: Path, wish: Wish, clip: Clip) -> None:
    name = wish.media_type.value
    clock, marker = Clock(source.time_base, source.video.average_rate), _Marker(wish)
    size = int(clip.facts["width"]), int(clip.facts["height"])
    source.is_turned_sideways = clip.is_turned and size[0] != source.video.width // 2 * 2
    with write_clip(path, wish.media_type, wish.tags, source, wish.encoder, size, _build_dubbing(wish, clip)) as writer:
        for packet in source.packets(with_sound=True):
            if packet.stream.type != "video":
                writer.hear(packet)
                continue
            for shot in decode(packet, clock, name):
                frame = marker.mark(shot, source.time_base)
                if (frame.width, frame.height) != size:
                    raise UndecodableAssetError(f"{name}: expected frames of one size, got several")
                writer.add(frame)
