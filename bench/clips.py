"""What a clip costs in the gate, beside a plain transcode of it by PyAV with the same encoder: processor time, no network.

The gate looks through a clip, marks and encodes it, and looks through what it made: a plain transcode decodes and
encodes once. All runs in this process, so that its processor time is all there is.
"""

import io
import time
from collections.abc import Callable, Iterator
from fractions import Fraction

import av
import numpy as np
from PIL import Image

from bench.pictures import photographs
from provenance.media.containers.movie import MP4
from provenance.media.video.encode import ENCODERS
from provenance.media.video.marking import Wish, make_file
from provenance.media.video.overlay import build_overlay
from provenance.media.video.stream import open_clip
from provenance.media.video.survey import Survey, look_through
from provenance.media.video.surveyors import SURVEYORS
from provenance.storage.blob import Blob
from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.clip import ClipMark, FrameOfShot

WIDTH, HEIGHT, RATE = 1280, 720, 30


def draw_frames(picture: Image.Image, count: int) -> Iterator[np.ndarray]:
    """Yield frames of a camera that moves over a picture, with the noise that cameras have."""
    random = np.random.default_rng(1)
    whole = np.asarray(picture.convert("RGB").resize((WIDTH + 2 * count, HEIGHT + count), Image.Resampling.LANCZOS))
    for at in range(count):
        frame = whole[at : at + HEIGHT, 2 * at : 2 * at + WIDTH].astype(np.int16)
        noise = random.normal(0, 1.5, (HEIGHT, WIDTH, 1)).round().astype(np.int16)
        yield np.clip(frame + noise, 0, 255).astype(np.uint8)


def encode(frames: Iterator[np.ndarray]) -> bytes:
    """Return an MP4 of frames."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as made:
        video = made.add_stream("libx264", rate=RATE, options={"crf": "19", "preset": "veryfast"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for frame in frames:
            made.mux(video.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        made.mux(video.encode(None))
    return file.getvalue()


def transcode(data: bytes) -> bytes:
    """Decode and encode a clip, as the gate's encoder is set."""
    file, encoder = io.BytesIO(), ENCODERS["h264"]
    with av.open(io.BytesIO(data)) as given, av.open(file, "w", format="mp4") as made:
        source = given.streams.video[0]
        source.codec_context.thread_count = 1
        video = made.add_stream(encoder.codec, rate=source.average_rate, options=dict(encoder.options))
        video.width, video.height, video.pix_fmt = source.width, source.height, "yuv420p"
        video.codec_context.time_base, video.codec_context.thread_count = source.time_base or Fraction(1, 90_000), 2
        for frame in given.decode(source):
            frame.pict_type = 0
            made.mux(video.encode(frame))
        made.mux(video.encode(None))
    return file.getvalue()


def look(data: bytes) -> Survey:
    """Look through a clip as the gate does, in this process."""
    survey = Survey(16_000_000, 600.0, "clip")
    with open_clip(io.BytesIO(data), MP4, threads=1) as source:
        look_through(source, survey, "clip")
    return survey


def timed(call: Callable[[], object]) -> tuple[float, object]:
    """Return processor seconds of a call, and what it returns."""
    started = time.process_time()
    made = call()
    return time.process_time() - started, made


def main(picture: Image.Image, seconds: int = 3) -> None:
    """Print what each step costs for a clip of so many seconds, as a share of a plain transcode."""
    data = encode(draw_frames(picture, seconds * RATE))
    original, mark = Blob.from_bytes(data), ClipMark((WatermarkKey("bench", bytes(range(32))),))
    clip = SURVEYORS.survey(original, MP4, most_pixels=16_000_000, most_seconds=600.0)
    overlay = build_overlay(WIDTH, HEIGHT, {"text": "AI生成"})
    wish = Wish(MP4, ENCODERS["h264"], {}, mark=mark, payload=1, overlay=overlay)
    make_file(clip, original, wish)  # what is compiled at first use
    plain_s, _ = timed(lambda: transcode(data))
    look_s, _ = timed(lambda: look(data))
    make_s, made = timed(lambda: make_file(clip, original, wish))
    assert isinstance(made, Blob)
    again_s, survey = timed(lambda: look(made.read(1 << 30)))
    assert isinstance(survey, Survey)
    frames = [FrameOfShot(item["pixels"], item["shot"], item["is_key"]) for item in survey.planes.items]
    read_s, reading = timed(lambda: mark.read(frames))
    assert reading is not None, "the mark reads"
    total_s = look_s + make_s + again_s + read_s
    print("| step | CPU s a second of 720p30 | share of a plain transcode |\n|---|---|---|")
    rows = {
        "plain transcode": plain_s, "look through it": look_s, "mark, label, encode": make_s,
        "look through what was made": again_s, "read the mark": read_s, "all of the gate": total_s,
    }  # fmt: skip
    for name, spent_s in rows.items():
        print(f"| {name} | {spent_s / seconds:.2f} | {spent_s / plain_s:.2f} |")
    SURVEYORS.close()


if __name__ == "__main__":
    main(dict(photographs())["coffee"])
