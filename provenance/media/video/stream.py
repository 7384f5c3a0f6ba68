"""A clip's pictures one after another, upright, in 8-bit 4:2:0, and its soundtracks as they lie in the file.

Decoders are FFmpeg's, by PyAV. Only the demuxer of the type that was found and a few decoders are let at a file;
nothing is opened but the file itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple

import numpy as np

from provenance.asset import MediaType, Plane
from provenance.errors import AssetTooLargeError, MissingExtraError, UndecodableAssetError, UnsupportedMediaError
from provenance.media.containers.matroska import MKV, WEBM
from provenance.media.containers.movie import MOV, MP4

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

CODECS: Final = frozenset({"h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "mpeg4", "prores", "mjpeg"})
"""Decoders that are let at a file, by FFmpeg's names."""

NEEDS_AV: Final = (
    "clips need PyAV, which is not installed: pip install 'chopmark[video]' (its wheel carries FFmpeg with x264 and "
    "x265, which are GPL)"
)

DEMUXERS: Final = {MP4: "mov", MOV: "mov", WEBM: "matroska", MKV: "matroska"}
# ITU-T H.273 table 3: transfer characteristics 16 (PQ) and 18 (HLG).
_HDR: Final = {16: "PQ", 18: "HLG"}
_CHROMA: Final = 2
# Timestamps before and after this are nonsense: half a year in microseconds still fits.
_MOST_TICKS: Final = 1 << 50


class Planes(NamedTuple):
    """One picture.

    Attributes:
        y: (H, W), H and W even.
        u, v: (H / 2, W / 2).
    """

    y: Plane
    u: Plane
    v: Plane


@dataclass(slots=True)
class Shot:
    """A frame as it was decoded.

    Attributes:
        frame: of PyAV.
        ticks: when it is shown, in the stream's time base; later than the one before it.
        at_s: the same in seconds from the first frame.
    """

    frame: "VideoFrame"
    ticks: int
    at_s: float


@dataclass(slots=True)
class Source:
    """An opened clip.

    Attributes:
        container: of PyAV.
        video: the track that is looked at.
        sounds: the track of sound that is listened to, if there is one.
        left_out: what else the file holds and that will not ship, in words.
        time_base: seconds a tick.
        is_turned_sideways: whether its pictures are turned by a quarter; known once the first was decoded.
    """

    container: "InputContainer"
    video: "VideoStream"
    sounds: tuple["AudioStream", ...]
    left_out: tuple[str, ...]
    time_base: Fraction
    is_turned_sideways: bool = False

    def packets(self, *, with_sound: bool) -> Iterator["Packet[Any]"]:
        """Yield packets as they lie in the file; each track ends with an empty one."""
        packets = self.container.demux(self.video, *(self.sounds if with_sound else ()))
        while True:
            with translating("clip"):
                packet = next(packets, None)
            if packet is None:
                return
            yield packet


def load_av() -> None:
    """Import PyAV and have it say nothing by itself.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import av
    except ImportError as exc:
        raise MissingExtraError(NEEDS_AV) from exc
    av.logging.set_level(None)


@contextmanager
def translating(name: str) -> Iterator[None]:
    """Turn FFmpeg's errors about a file into ours."""
    import av

    try:
        yield
    except (av.error.FFmpegError, ValueError, OverflowError, AssertionError) as exc:
        # FFmpeg's words may quote the file; the kind of its error does not.
        raise UndecodableAssetError(
            f"{name}: expected a whole clip, got {type(exc).__name__}: truncated or damaged"
        ) from exc
    except MemoryError as exc:
        raise AssetTooLargeError(f"{name}: expected to fit in memory") from exc


@contextmanager
def open_clip(file: BinaryIO, media_type: MediaType, *, threads: int = 0) -> Iterator[Source]:
    """Open a file whose structure was checked.

    Args:
        file: read from where it lies.
        media_type: as `kind.check_file` found it.
        threads: for its decoder; 0 is one a core.

    Raises:
        UndecodableAssetError: FFmpeg cannot open it, or it has no pictures.
        UnsupportedMediaError: coded in a way that is not taken, or in high dynamic range.
        MissingExtraError: PyAV is not installed.
    """
    load_av()
    import av

    with translating(media_type.value):
        container = av.open(file, "r", format=DEMUXERS[media_type], options={"enable_drefs": "0"})
    with container:
        yield _choose(container, media_type, threads)


def _choose(container: "InputContainer", media_type: MediaType, threads: int) -> Source:
    import av
    from av.stream import Disposition

    name = media_type.value
    videos = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
    if not videos:
        raise UndecodableAssetError(f"{name}: expected a track of pictures, got none")
    video = next((one for one in videos if one.disposition & Disposition.default), videos[0])
    codec = getattr(video.codec_context, "name", "")  # there is none where nothing decodes it
    if codec not in CODECS:
        raise UnsupportedMediaError(
            f"{name}: expected pictures coded as one of {', '.join(sorted(CODECS))}; got another or an unknown coding"
        )
    check_range(video.codec_context.color_trc, name)
    video.codec_context.thread_type = av.codec.context.ThreadType.AUTO
    video.codec_context.thread_count = threads
    time_base = video.time_base or Fraction(1, 90_000)
    known = tuple(one for one in container.streams.audio if one.codec_context is not None)
    sounds = known[:1]
    covers = len(container.streams.video) - len(videos)
    beside = (
        (len(videos) - 1, "further track of pictures"),
        (covers, "cover picture"),
        (len(container.streams.subtitles), "track of subtitles"),
        (len(container.streams.data) + len(container.streams.attachments), "track of other data"),
        (len(container.chapters()), "chapter"),
        (len(known) - len(sounds), "further track of sound"),
        (len(container.streams.audio) - len(known), "track of sound in an unknown coding"),
    )
    left_out = tuple(f"{count} {what}{'' if count == 1 else 's'}" for count, what in beside if count)
    return Source(container, video, sounds, left_out, time_base)


def check_range(curve: int | None, name: str) -> None:
    """Refuse high dynamic range, which 8 bits cannot keep.

    Raises:
        UnsupportedMediaError: it is that.
    """
    if curve in _HDR:
        raise UnsupportedMediaError(
            f"{name}: expected standard dynamic range, got {_HDR[curve]}: map its tones before, as the gate does not"
        )


class Clock:
    """Makes one rising time out of whatever a file says."""

    def __init__(self, time_base: Fraction, usual: Fraction | None) -> None:
        """Count in `time_base`; frames without a time are `usual` apart."""
        self._time_base = time_base
        self._step = max(1, round(1 / ((usual or Fraction(25)) * time_base)))
        self._first: int | None = None
        self._last = 0

    def read(self, frame: "VideoFrame") -> Shot:
        """Return a frame with its time.

        Raises:
            UndecodableAssetError: that time is out of all bounds.
        """
        ticks = frame.pts
        if ticks is not None and abs(ticks) > _MOST_TICKS:
            raise UndecodableAssetError("clip: expected times within half a year, got others: damaged")
        if self._first is None:
            self._first = self._last = ticks or 0
        else:
            # Two frames cannot be shown at once, none before the one before it.
            self._last = self._last + self._step if ticks is None else max(ticks, self._last + 1)
        return Shot(frame, self._last, float((self._last - self._first) * self._time_base))


def decode(packet: "Packet[Any]", clock: Clock, name: str) -> Iterator[Shot]:
    """Yield the frames of a packet of pictures.

    Raises:
        UndecodableAssetError: it is damaged.
        UnsupportedMediaError: a frame is transparent or of high dynamic range.
    """
    with translating(name):
        frames = packet.decode()
    for frame in frames:
        if frame.is_corrupt:
            raise UndecodableAssetError(f"{name}: expected whole frames, got a damaged one")
        check_range(frame.color_trc, name)
        if any(component.is_alpha for component in frame.format.components):
            raise UnsupportedMediaError(f"{name}: expected an opaque clip, got one with transparency: flatten it")
        yield clock.read(frame)


def show_planes(frame: "VideoFrame") -> Planes:
    """Return an upright frame's planes; an odd last row or column is left out.

    They are its own memory, which decoders go on reading: nothing may be written to them.
    """
    if frame.format.name not in {"yuv420p", "yuvj420p"}:
        frame = frame.reformat(format="yuv420p")
    height, width = frame.height // _CHROMA * _CHROMA, frame.width // _CHROMA * _CHROMA
    y, u, v = map(_lay_out, frame.planes, _list_sizes(height, width))
    turns = frame.rotation // 90 % 4
    return Planes(np.rot90(y, turns), np.rot90(u, turns), np.rot90(v, turns)) if turns else Planes(y, u, v)


def read_planes(frame: "VideoFrame") -> Planes:
    """Return a copy of an upright frame's planes, which may be written to; as `show_planes`."""
    y, u, v = (np.array(plane, order="C") for plane in show_planes(frame))
    return Planes(y, u, v)


def build_frame(planes: Planes, like: Shot, time_base: Fraction) -> "VideoFrame":
    """Return a frame of these planes, shown when `like` was."""
    frame, room = make_frame(planes.y.shape, like, time_base)
    for plane, part in zip(planes, room, strict=True):
        part[:] = plane
    return frame


def make_frame(size: tuple[int, ...], like: Shot, time_base: Fraction) -> tuple["VideoFrame", Planes]:
    """Return a frame of (height, width), shown when `like` was, and its planes, which are to be written to."""
    import av

    height, width = size
    frame = av.VideoFrame(width, height, "yuv420p")
    frame.pts, frame.time_base = like.ticks, time_base
    # BT.601 or 709 and the like go on as they were; a range that was full was narrowed, or is said to be full.
    frame.colorspace, frame.color_range = like.frame.colorspace, like.frame.color_range
    y, u, v = map(_lay_out, frame.planes, _list_sizes(height, width))
    return frame, Planes(y, u, v)


def _list_sizes(height: int, width: int) -> tuple[tuple[int, int], ...]:
    return (height, width), *((height // _CHROMA, width // _CHROMA),) * 2


def _lay_out(plane: Any, size: tuple[int, int]) -> Plane:  # noqa: ANN401 - PyAV's plane
    """Return the memory of a plane as (rows, columns) of this size."""
    whole = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    return whole[: size[0], : size[1]]
