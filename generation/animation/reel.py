"""A clip's file, written frame by frame: pictures and sound in step, at any length in the memory of some frames."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Frame
from provenance.errors import GenerationError
from provenance.media.video.encode import ENCODERS
from provenance.media.video.stream import Planes, load_av
from provenance.storage.blob import Blob

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

Sound = NDArray[np.float32]
"""(2, N) at `RATE_HZ`, -1 to 1."""

RATE_HZ: Final = 48_000
AUTO: Final = "h264"

# The gate encodes once more, so that this may cost bits.
_CRF: Final = {"h264": "15", "hevc": "17", "av1": "18", "vp9": "17"}
_TICKS: Final = 90_000
_AAC_BITS: Final = 192_000
_BLOCK: Final = 1024
_THREADS: Final = 2


class Still(NamedTuple):
    """One frame of a reel.

    Attributes:
        planes: 8-bit 4:2:0, of narrow range.
        at_s: when it is shown.
    """

    planes: Planes
    at_s: float


@dataclass(frozen=True, slots=True)
class Colours:
    """What a file says of its colours, by ITU-T H.273: matrix, primaries, transfer."""

    matrix: int = 6
    primaries: int = 1
    transfer: int = 1


OWN_COLOURS: Final = Colours()
"""BT.601's matrix, which `to_planes` uses, with the primaries and the curve of BT.709."""


def to_planes(frame: Frame) -> Planes:
    """Return a picture of even sides as planes of narrow range, by the matrix of BT.601."""
    import cv2

    height, width = frame.shape[:2]
    packed = cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420).reshape(-1)
    luma, chroma = height * width, height * width // 4
    return Planes(
        packed[:luma].reshape(height, width),
        packed[luma : luma + chroma].reshape(height // 2, width // 2),
        packed[luma + chroma :].reshape(height // 2, width // 2),
    )


def to_frame(planes: Planes) -> Frame:
    """Return the picture of planes, the other way round."""
    import cv2

    height, width = planes.y.shape
    packed = np.concatenate([plane.reshape(-1) for plane in planes]).reshape(height * 3 // 2, width)
    return np.asarray(cv2.cvtColor(packed, cv2.COLOR_YUV2RGB_I420), np.uint8)


def stills(frames: Iterable[Frame], rate: float, *, after_s: float = 0.0) -> Iterator[Still]:
    """Yield pictures as frames of a reel, `rate` a second from `after_s` on."""
    for index, frame in enumerate(frames):
        yield Still(to_planes(frame), after_s + index / rate)


def write_reel(
    frames: Iterable[Still],
    rate: Fraction | int,
    size: tuple[int, int],
    *,
    sound: Sound | None = None,
    encoder: str = AUTO,
    colours: Colours = OWN_COLOURS,
) -> Blob:
    """Return an MP4 file of these frames.

    Args:
        frames: in the order of their times.
        rate: how many a second, about.
        size: width and height, both even.
        sound: from the first frame on, or None.
        encoder: one of those of clips: h264, hevc, av1 or vp9.
        colours: what the file says of them.

    Raises:
        GenerationError: there is no such encoder, or FFmpeg cannot write it.
        MissingExtraError: PyAV is not installed.
    """
    load_av()
    import av

    if encoder not in ENCODERS:
        raise GenerationError(f"expected an encoder out of {', '.join(ENCODERS)}; got {encoder[:40]!r}")
    os.environ.setdefault("SVT_LOG", "-1")
    # Without a name: a process that is killed leaves nothing of it.
    with tempfile.TemporaryFile(prefix="chopmark-") as file:
        try:
            with av.open(file, "w", format="mp4", container_options={"fflags": "+bitexact"}) as container:
                video = _add_video(container, Fraction(rate), size, encoder, colours)
                track = None if sound is None else _Track(container, sound)
                for still in frames:
                    container.mux(video.encode(_build(still, colours)))
                    if track is not None:
                        track.go_to(still.at_s)
                container.mux(video.encode(None))
                if track is not None:
                    track.finish()
        except (av.error.FFmpegError, ValueError) as exc:
            raise GenerationError(f"expected a clip that can be written, got {type(exc).__name__}") from exc
        return Blob.from_file(file)


def _build(still: Still, colours: Colours) -> "VideoFrame":
    import av

    height, width = still.planes.y.shape
    packed = np.concatenate([plane.reshape(-1) for plane in still.planes]).reshape(height * 3 // 2, width)
    frame = av.VideoFrame.from_ndarray(packed, format="yuv420p")
    frame.pts, frame.time_base = round(still.at_s * _TICKS), Fraction(1, _TICKS)
    frame.colorspace, frame.color_range = colours.matrix, 1
    return frame


def _add_video(
    container: "OutputContainer", rate: Fraction, size: tuple[int, int], encoder: str, colours: Colours
) -> "VideoStream":
    made = ENCODERS[encoder]
    options = {**made.options, "crf": _CRF[encoder]}
    stream = cast("VideoStream", container.add_stream(made.codec, rate=rate, options=options))
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.time_base = Fraction(1, _TICKS)
    context.gop_size = max(1, round(2 * rate))
    context.thread_count = _THREADS
    context.colorspace, context.color_primaries = colours.matrix, colours.primaries
    context.color_trc, context.color_range = colours.transfer, 1
    return stream


class _Track:
    """Sound that is encoded as far as the pictures are."""

    def __init__(self, container: "OutputContainer", sound: Sound) -> None:
        self._container, self._sound, self._at = container, sound, 0
        self._stream = container.add_stream("aac", rate=RATE_HZ)
        self._stream.codec_context.layout = "stereo"
        self._stream.codec_context.bit_rate = _AAC_BITS

    def go_to(self, seconds: float) -> None:
        """Encode what is heard up to a time."""
        while self._at < min(self._sound.shape[1], round(seconds * RATE_HZ)):
            self._encode()

    def finish(self) -> None:
        """Encode the rest."""
        while self._at < self._sound.shape[1]:
            self._encode()
        self._container.mux(self._stream.encode(None))

    def _encode(self) -> None:
        import av

        block = np.zeros(
            (2, _BLOCK), np.float32
        )  # a whole one each time: FFmpeg's AAC reads past the end of a short one
        part = self._sound[:, self._at : self._at + _BLOCK]
        block[:, : part.shape[1]] = part
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, self._at, Fraction(1, RATE_HZ)
        self._at += block.shape[1]
        self._container.mux(self._stream.encode(frame))
