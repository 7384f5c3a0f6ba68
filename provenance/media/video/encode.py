"""A clip's file: pictures encoded anew, soundtracks copied packet by packet, labels in its metadata, and no more.

Encoders run with fixed settings, and nothing of time or chance is written. Limits: the same frames make the same
pictures, not always the same bytes: x264 wrote others for the same planes in some sessions, with one thread, too.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from heapq import merge
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from provenance.asset import MediaType
from provenance.errors import ConfigurationError, ProvenanceError, UnsupportedMediaError
from provenance.media.containers.matroska import MKV, WEBM
from provenance.media.containers.movie import MOV, MP4
from provenance.media.sound.decoding import Track
from provenance.media.video.marked_sound import MarkedSound
from provenance.media.video.stream import Source
from provenance.watermarks.chord.embedding import Marker

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream


@dataclass(frozen=True, slots=True)
class Encoder:
    """How pictures are encoded.

    Attributes:
        codec: FFmpeg's name.
        options: of it.
        types: of files that hold what it makes.
        licence: of the library that does it.
    """

    codec: str
    options: Mapping[str, str]
    types: frozenset[MediaType]
    licence: str


Dubbing = tuple[Track, Marker]
"""What a soundtrack says of itself, and what marks it."""

_ISO: Final = frozenset({MP4, MOV, MKV})
# A key frame every two seconds: marks and seeking live by them.
# x264: at the same PSNR (to 0.3 dB) the least of its motion searches takes 19 to 34 % less time and 6 to 7.5 % more
# bits, on three clips of marked frames; what a mark costs in bits no search finds. Whole blocks alone take 7 to 13 %
# less again, and 2 % fewer bits at the same PSNR (to 0.01 dB), on three shots of marked frames (n = 5, busy machine).
ENCODERS: Final[Mapping[str, Encoder]] = {
    "h264": Encoder(
        "libx264",
        {"crf": "19", "preset": "veryfast", "x264-params": "subme=1:me=dia:partitions=none"},
        _ISO,
        "GPL-2.0-or-later",
    ),
    "hevc": Encoder(
        "libx265", {"crf": "21", "preset": "superfast", "x265-params": "log-level=none"}, _ISO, "GPL-2.0-or-later"
    ),
    "av1": Encoder("libsvtav1", {"crf": "26", "preset": "9"}, frozenset({MP4, WEBM, MKV}), "BSD-3-Clause-Clear"),
    "vp9": Encoder(
        "libvpx-vp9",
        {"crf": "24", "b": "0", "deadline": "realtime", "cpu-used": "6", "row-mt": "1"},
        frozenset({MP4, WEBM, MKV}),
        "BSD-3-Clause",
    ),
}
AUTO: Final = "auto"
_KEY_EVERY_S: Final = 2
_MUXERS: Final = {MP4: "mp4", MOV: "mov", WEBM: "webm", MKV: "matroska"}
_THREADS: Final = 2
# FFmpeg writes no keys of its own into MP4 but by this flag, and drops them silently without it.
_MOVIE_FLAGS: Final = "use_metadata_tags+faststart"


def choose_encoder(setting: str, media_type: MediaType, coding: str) -> Encoder:
    """Return what a clip is encoded by: what the setting names, else what it came in by, else what its file can hold.

    Raises:
        ConfigurationError: the setting names no encoder.
        UnsupportedMediaError: a file of this type cannot hold what the setting names.
    """
    if setting != AUTO and setting not in ENCODERS:
        raise ConfigurationError(f"media_options.video.encoder: expected {AUTO} or one of {', '.join(ENCODERS)}")
    usual = {"h264": "h264", "hevc": "hevc", "vp8": "vp9", "vp9": "vp9", "av1": "av1", "libdav1d": "av1"}
    first = usual.get(coding, "h264") if setting == AUTO else setting
    if media_type in ENCODERS[first].types:
        return ENCODERS[first]
    if setting != AUTO:
        raise UnsupportedMediaError(f"{media_type}: cannot hold {setting}, which media_options.video.encoder names")
    return next(encoder for encoder in ENCODERS.values() if media_type in encoder.types)


class Writer:
    """A file that is being written."""

    def __init__(
        self,
        container: "OutputContainer",
        source: Source,
        encoder: Encoder,
        size: tuple[int, int],
        sound: MarkedSound | None,
    ) -> None:
        self._container, self._source = container, source
        rate = source.video.average_rate or Fraction(25)
        stream = cast("VideoStream", container.add_stream(encoder.codec, rate=rate, options=dict(encoder.options)))
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        context, given = stream.codec_context, source.video.codec_context
        context.time_base = source.time_base
        context.gop_size = max(1, round(_KEY_EVERY_S * rate))
        context.thread_count = _THREADS
        context.colorspace, context.color_primaries = given.colorspace, given.color_primaries
        context.color_trc, context.color_range = given.color_trc, given.color_range
        if given.sample_aspect_ratio and not source.is_turned_sideways:
            context.sample_aspect_ratio = given.sample_aspect_ratio
        self._video = stream
        self._marked = sound
        self._sounds: dict[int, Stream] = {
            one.index: container.add_stream_from_template(one, opaque=True) for one in source.sounds if sound is None
        }

    def add(self, frame: "VideoFrame") -> None:
        """Encode the next frame."""
        self._container.mux(self._video.encode(frame))

    def hear(self, packet: "Packet[Any]") -> None:
        """Mark a packet of sound, or copy it as it is."""
        if self._marked is not None:
            self._marked.take(packet)
            return
        if packet.dts is None:
            return
        packet.stream = self._sounds[packet.stream.index]
        self._container.mux(packet)

    def finish(self) -> None:
        """Encode what encoders hold back."""
        if self._marked is not None:
            self._marked.finish()
        self._container.mux(self._video.encode(None))


@contextmanager
def write_clip(
    path: Path,
    media_type: MediaType,
    tags: Mapping[str, str],
    source: Source,
    encoder: Encoder,
    size: tuple[int, int],
    sound: Dubbing | None = None,
) -> Iterator[Writer]:
    """Open a file to be written, and finish it when the block ends.

    Args:
        path: of the new file.
        media_type: of it.
        tags: its metadata.
        source: where sound is copied from.
        encoder: of its pictures.
        size: width and height of them.
        sound: what marks the soundtrack; without it, it is copied.

    Raises:
        ProvenanceError: FFmpeg cannot write it.
    """
    with _open_output(path, media_type, tags) as container:
        marked = None if sound is None else MarkedSound(container, media_type, *sound)
        writer = Writer(container, source, encoder, size, marked)
        yield writer
        writer.finish()


def join_tracks(path: Path, media_type: MediaType, tags: Mapping[str, str], pictures: Source, sounds: Source) -> None:
    """Write a file of one's pictures and another's soundtrack, packet by packet, in their times.

    Raises:
        ProvenanceError: FFmpeg cannot write it.
    """
    with _open_output(path, media_type, tags) as container:
        shown = container.add_stream_from_template(pictures.video, opaque=True)
        heard = {one.index: container.add_stream_from_template(one, opaque=True) for one in sounds.sounds}
        seen = _list_packets(pictures.packets(with_sound=False), {pictures.video.index: shown})
        for packet in merge(seen, _list_packets(sounds.packets(with_sound=True), heard), key=_find_time):
            container.mux(packet)


def _list_packets(packets: "Iterator[Packet[Any]]", streams: "Mapping[int, Stream]") -> "Iterator[Packet[Any]]":
    """Yield those that go to a stream, as they go there."""
    for packet in packets:
        if packet.dts is not None and packet.size and packet.stream.index in streams:
            packet.stream = streams[packet.stream.index]
            yield packet


def _find_time(packet: "Packet[Any]") -> float:
    assert packet.dts is not None, "others are left out"
    return float(packet.dts * packet.time_base)


@contextmanager
def _open_output(path: Path, media_type: MediaType, tags: Mapping[str, str]) -> "Iterator[OutputContainer]":
    import av

    # SVT-AV1 writes to the terminal by itself, whatever FFmpeg is told.
    os.environ.setdefault("SVT_LOG", "-1")
    flags = {"movflags": _MOVIE_FLAGS} if media_type in {MP4, MOV} else {}
    try:
        container = av.open(
            str(path), "w", format=_MUXERS[media_type], container_options={"fflags": "+bitexact", **flags}
        )
        with container:
            container.metadata.update(tags)
            yield container
    except (av.error.FFmpegError, ValueError) as exc:
        raise ProvenanceError(f"{media_type}: expected a clip that can be written, got {type(exc).__name__}") from exc
