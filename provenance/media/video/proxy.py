"""A clip made small, to be looked at in a page: its beginning, few frames a second, encoded anew by BSD encoders.

Nothing of the file itself is in it: pictures go through planes, sound through samples.
"""

import io
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Final

import numpy as np

from provenance.asset import Plane
from provenance.media.sound.decoding import Samples, Track
from provenance.media.sound.encoding import build_sound_frame
from provenance.media.video.clip import Clip
from provenance.media.video.stream import Clock, Planes, Shot, build_frame, decode, open_clip, read_planes
from provenance.media.video.survey import shrink
from provenance.storage.blob import Blob

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer

SIDE: Final = 360
"""Longest side."""
MOST_S: Final = 120
FRAMES_A_SECOND: Final = 8

_RATE_HZ: Final = 48_000
_VIDEO: Final = {"deadline": "realtime", "cpu-used": "-16", "b": "400000"}


def build_proxy(clip: Clip, file: Blob) -> bytes:
    """Return the first two minutes of a clip as a small WebM, VP8 with Opus.

    Raises:
        AssetError: it cannot be decoded.
    """
    import av

    made = io.BytesIO()
    with av.open(made, "w", format="webm") as container:
        video = container.add_stream("libvpx", rate=FRAMES_A_SECOND, options=dict(_VIDEO))
        video.pix_fmt, video.codec_context.time_base = "yuv420p", Fraction(1, 1000)
        heard = clip.soundtrack
        audio = None if heard is None else container.add_stream("libopus", _RATE_HZ, layout="mono")
        for number, (shot, planes) in enumerate(_pick(clip, file)):
            if number == 0:
                video.height, video.width = planes.y.shape
            frame = build_frame(planes, Shot(shot.frame, round(1000 * shot.at_s), shot.at_s), Fraction(1, 1000))
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if audio is not None and heard is not None:
            _add_sound(container, audio, heard.track, heard.blocks())
    return made.getvalue()


def _pick(clip: Clip, file: Blob) -> Iterator[tuple[Shot, Planes]]:
    """Yield a few frames a second, made small."""
    next_s = 0.0
    with file.open() as opened, open_clip(opened, clip.media_type) as source:
        clock = Clock(source.time_base, source.video.average_rate)
        for packet in source.packets(with_sound=False):
            for shot in decode(packet, clock, clip.media_type.value):
                if shot.at_s > MOST_S:
                    return
                if shot.at_s >= next_s:
                    next_s = shot.at_s + 0.9 / FRAMES_A_SECOND
                    yield shot, _make_small(read_planes(shot.frame))


def _make_small(planes: Planes) -> Planes:
    y = shrink(planes.y, SIDE)
    height, width = (max(2, side // 2 * 2) for side in y.shape)
    y = np.ascontiguousarray(y[:height, :width])
    u, v = (np.ascontiguousarray(_fit(plane, height // 2, width // 2)) for plane in (planes.u, planes.v))
    return Planes(y, u, v)


def _fit(plane: Plane, height: int, width: int) -> Plane:
    import cv2

    fitted: Plane = cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA)
    return fitted


def _add_sound(container: "OutputContainer", stream: "AudioStream", track: Track, blocks: Iterator[Samples]) -> None:

    import av

    mono = replace(track, channels=1, layout="mono")
    resampler = av.AudioResampler(format="flt", layout="mono", rate=_RATE_HZ, frame_size=960)
    for block in islice(blocks, MOST_S):
        for frame in resampler.resample(build_sound_frame(block.mean(0, keepdims=True), mono)):
            container.mux(stream.encode(frame))
    for frame in resampler.resample(None):
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
