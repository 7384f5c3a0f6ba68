"""Clips made in tests: a photograph under a moving camera, encoded by whatever a test wants."""

import io
from fractions import Fraction
from functools import lru_cache

import av
import numpy as np

from tests.sites import photograph
from tests.sounds import melody


def frames(count=12, *, width=320, height=240, name="astronaut.png", pace=1.0):
    """Yield (H, W, 3) frames of a slow pan over a photograph, `pace` rows and twice as many columns a frame."""
    whole = np.asarray(photograph(name, side=max(width, height) + 4 * count))
    for number in range(count):
        at = int(number * pace)
        yield np.ascontiguousarray(whole[at : at + height, 2 * at : 2 * at + width])


@lru_cache(maxsize=32)
def clip(
    count=12, *, kind="mp4", codec="libx264", name="astronaut.png", rate=12, width=320, height=240, sound=False, crf="18",
    options=(), tags=(), turn=0, pace=1.0,
):  # fmt: skip
    """Return a clip's bytes; its `sound` is a tone, or "music"."""
    file = io.BytesIO()
    with av.open(file, "w", format=kind, container_options={"fflags": "+bitexact", **dict(options)}) as container:
        container.metadata.update(dict(tags))
        speed = {"libsvtav1": {"preset": "12"}, "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "b": "0"}}
        video = container.add_stream(
            codec, rate=rate, options={"crf": crf, **speed.get(codec, {"preset": "ultrafast"})}
        )
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        if turn:
            video.set_display_rotation(turn)
        audio = (
            container.add_stream("aac" if kind != "webm" else "libopus", rate=48_000, layout="mono") if sound else None
        )
        for picture in frames(count, width=width, height=height, name=name, pace=pace):
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(video.encode(None))
        if audio is not None:
            _add_sound(container, audio, count / rate, is_music=sound == "music")
    return file.getvalue()


def _add_sound(container, stream, seconds, *, is_music):
    time = np.arange(int(48_000 * seconds)) / 48_000
    samples = (0.2 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    if is_music:
        samples = melody(seconds, 9, 48_000)[0]
    for start in range(0, len(samples), 960):
        block = samples[None, start : start + 960]
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, start, Fraction(1, 48_000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
