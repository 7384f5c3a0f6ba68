"""What becomes of a marked sound on its way: codecs, noise, rooms, filters, cuts, other speeds, and other sounds over it.

All take and give (C, N) float32 at the rate they say. Speech and music are mixed with each other; see `mix`.
"""

import io
from collections.abc import Iterator
from fractions import Fraction
from math import gcd
from typing import Any

import av
import numpy as np
from scipy.signal import butter, fftconvolve, resample_poly, sosfilt

from bench.sounds import Samples

CODECS = {
    "Opus 24": ("libopus", "ogg", 24_000),
    "Opus 48": ("libopus", "ogg", 48_000),
    "AAC 64": ("aac", "adts", 64_000),
    "MP3 64": ("libmp3lame", "mp3", 64_000),
    "MP3 32": ("libmp3lame", "mp3", 32_000),
}
SPEEDS = {"speed 0.8": (5, 4), "speed 0.9": (10, 9), "speed 1.03": (100, 103), "speed 1.25": (4, 5)}
STRETCHES = {"stretch 0.9": 0.9, "stretch 1.1": 1.1}
LEFT_OUT_S = 1.2
"""How much is left out where a sound is cut and joined."""
TIMED = (*SPEEDS, *STRETCHES)
"""Names of edits after which a sound runs at another speed."""


def change(
    marked: Samples, rate_hz: int, at: int, length_s: float, other: Samples, seed: int
) -> Iterator[tuple[str, Samples]]:
    """Yield what becomes of so many seconds of a marked sound from a sample on, under each edit.

    Args:
        marked: (C, N), with a quarter more and `LEFT_OUT_S` behind what is taken.
        rate_hz: of all.
        at: first sample that is taken.
        length_s: how long what comes out is.
        other: (1, M) of another kind, laid over it.
        seed: of noise and room.
    """
    random, count = np.random.default_rng(seed), int(length_s * rate_hz)
    part = marked[:, at : at + count]
    loudness = float(np.sqrt((part**2).mean()))
    yield "none", part
    for name, (codec, kind, bit_rate) in CODECS.items():
        yield name, recode(part, rate_hz, codec, kind, bit_rate)
    yield "white noise at 20 dB", part + random.normal(0, loudness / 10, part.shape)
    yield "room (0.35 s)", np.stack([fftconvolve(channel, build_room(rate_hz, random))[:count] for channel in part])
    late = int(0.2 * rate_hz)
    yield "echo", part + 0.5 * np.pad(part, ((0, 0), (late, 0)))[:, :count]
    yield "low-pass 4 kHz", sosfilt(butter(8, min(4000, 0.45 * rate_hz), fs=rate_hz, output="sos"), part)
    up, down = 8000 // gcd(rate_hz, 8000), rate_hz // gcd(rate_hz, 8000)
    yield "8 kHz", resample_poly(resample_poly(part, up, down, axis=1), down, up, axis=1)[:, :count]
    yield "threefold gain, clipped", np.clip(3 * part, -0.7 * np.abs(part).max(), 0.7 * np.abs(part).max())
    yield "another sound over it, 6 dB softer", mix(part, other, 0.5)
    yield "another sound over it, as loud", mix(part, other, 1.0)
    half, far = count // 2, at + count // 2 + int(LEFT_OUT_S * rate_hz)
    yield "cut in the middle and joined", np.concatenate([part[:, :half], marked[:, far : far + half]], axis=1)
    for name, (up, down) in SPEEDS.items():
        yield name, resample_poly(marked[:, at : at + count * down // up + 1], up, down, axis=1)
    for name, tempo in STRETCHES.items():
        yield name, stretch(marked[:, at : at + int(count * tempo) + 1], rate_hz, tempo)


def mix(part: Samples, other: Samples, gain: float) -> Samples:
    """Return a sound with another over it, repeated as need be, as loud as it times a gain."""
    count = part.shape[1]
    laid = np.tile(other, (1, -(-count // other.shape[1])))[:, :count]
    mixed: Samples = part + laid * gain * np.sqrt((part**2).mean() / (laid**2).mean())
    return mixed


def build_room(rate_hz: int, random: np.random.Generator) -> Samples:
    """Return the impulse response of a room: what arrives first, and half as much power that fades by 60 dB in 0.35 s."""
    count = rate_hz // 2
    tail = random.normal(0, 1, count) * 10 ** (-3 * np.arange(count) / rate_hz / 0.35)
    tail *= 0.5 / np.sqrt((tail**2).sum())
    tail[0] = 1.0
    return tail


def recode(samples: Samples, rate_hz: int, codec: str, kind: str, bit_rate: int) -> Samples:
    """Return samples after a lossy codec; Opus works at 48 kHz."""
    made: Any
    given: Any
    file, layout = io.BytesIO(), "mono" if len(samples) == 1 else "stereo"
    inner = 48_000 if codec == "libopus" else rate_hz
    with av.open(file, "w", format=kind) as made:
        stream = made.add_stream(codec, rate=inner, layout=layout)
        stream.bit_rate = bit_rate
        stream.codec_context.open(strict=False)
        size = stream.codec_context.frame_size or None
        fit = av.AudioResampler(format=stream.format.name, layout=layout, rate=inner, frame_size=size)
        for part in (*fit.resample(_frame(np.clip(samples, -1, 1), rate_hz)), *fit.resample(None)):
            made.mux(stream.encode(part))
        made.mux(stream.encode(None))
    file.seek(0)
    with av.open(file) as given:
        back = av.AudioResampler(format="flt", layout=layout, rate=rate_hz)
        parts = [part for frame in given.decode(audio=0) for part in back.resample(frame)] + back.resample(None)
    decoded: Samples = np.concatenate([part.to_ndarray().reshape(-1, len(samples)).T for part in parts], axis=1)
    return decoded


def stretch(samples: Samples, rate_hz: int, tempo: float) -> Samples:
    """Return samples that run so many times faster and sound as high as before."""
    graph: Any = av.filter.Graph()
    layout = "mono" if len(samples) == 1 else "stereo"
    source = graph.add_abuffer(format="flt", sample_rate=rate_hz, layout=layout, time_base=Fraction(1, rate_hz))
    tempo_filter, sink = graph.add("atempo", str(tempo)), graph.add("abuffersink")
    source.link_to(tempo_filter)
    tempo_filter.link_to(sink)
    graph.configure()
    source.push(_frame(samples, rate_hz))
    source.push(None)
    parts = []
    while True:
        try:
            parts.append(sink.pull().to_ndarray().reshape(-1, len(samples)).T)
        except (av.error.EOFError, av.error.BlockingIOError):
            return np.concatenate(parts, axis=1)


def _frame(samples: Samples, rate_hz: int) -> av.AudioFrame:
    flat = np.ascontiguousarray(samples.T.reshape(1, -1), np.float32)
    frame = av.AudioFrame.from_ndarray(flat, format="flt", layout="mono" if len(samples) == 1 else "stereo")
    frame.sample_rate, frame.pts, frame.time_base = rate_hz, 0, Fraction(1, rate_hz)
    return frame
