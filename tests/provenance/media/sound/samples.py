"""Files of sound in every type that is taken, made by FFmpeg from one melody."""

import io
from functools import cache

import numpy as np
import pytest

from provenance.media.sound.kind import FLAC, M4A, MP3, OGG, WAV
from provenance.storage.blob import Blob
from tests.sounds import RATE_HZ, melody

av = pytest.importorskip("av", reason="needs the extra video")

TYPES = {WAV: ("wav", "pcm_s16le"), FLAC: ("flac", "flac"), MP3: ("mp3", "libmp3lame"), M4A: ("ipod", "aac"),
         OGG: ("ogg", "libopus")}  # fmt: skip


@cache
def encode(media_type, duration_s=6.0, seed=1, *, channels=1, tags=(), bit_rate=96_000):
    """Return a file's bytes."""
    form, codec = TYPES[media_type]
    file = io.BytesIO()
    rate = 48_000 if codec == "libopus" else RATE_HZ
    layout = "mono" if channels == 1 else "stereo"
    with av.open(file, "w", format=form, options={"movflags": "use_metadata_tags"} if form == "ipod" else {}) as out:
        out.metadata.update(tags)
        stream = out.add_stream(codec, rate=rate, layout=layout)
        stream.bit_rate = bit_rate
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(melody(duration_s, seed, channels=channels)), format="fltp", layout=layout
        )
        frame.sample_rate = RATE_HZ
        resampler = av.AudioResampler(format=stream.format, layout=layout, rate=rate, frame_size=1024)
        for made in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(made))
        out.mux(stream.encode(None))
    return file.getvalue()


def blob(media_type, *args, **options):
    return Blob.from_bytes(encode(media_type, *args, **options))
