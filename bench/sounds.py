"""Sounds to mark and change: of a folder, and composed from photographs."""

import hashlib
from collections.abc import Iterator, Sequence
from math import gcd
from pathlib import Path
from typing import Any

import av
import numpy as np
from scipy.signal import resample_poly

from bench.pictures import photographs

LEAST_S, MOST_S = 14.0, 16.0

Samples = np.ndarray
"""(C, N) float32."""
Sound = tuple[str, Samples, int]
"""Name, samples and rate in Hz; what is speech has that in its name."""


def load_sounds(folder: Path) -> Iterator[Sound]:
    """Yield name, samples and rate of each sound in a folder that is long enough: its first 16 s."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        file: Any
        with av.open(str(path)) as file:
            track = file.streams.audio[0]
            layout = "mono" if track.channels == 1 else "stereo"
            fit, parts, count = av.AudioResampler(format="fltp", layout=layout, rate=track.rate), [], 0
            for frame in file.decode(track):
                parts += [part.to_ndarray() for part in fit.resample(frame)]
                count += frame.samples
                if count >= MOST_S * track.rate:
                    break
        samples = np.concatenate(parts, axis=1).astype(np.float32)
        if samples.shape[1] >= LEAST_S * track.rate:
            yield path.stem, samples, track.rate


def compose(pieces: int, seed: int) -> Iterator[Sound]:
    """Yield composed pieces, other ones for each seed a hundred apart."""
    from generation.music.mix import make_music
    from generation.music.mood import read_mood

    pictures = photographs()
    for number in range(pieces):
        mood = read_mood(np.asarray(pictures[number % len(pictures)][1].convert("RGB")), ())
        yield f"composed {number}", np.asarray(make_music(mood, MOST_S, seed + number), np.float32), 48_000


def choose_other(sounds: Sequence[Sound], name: str, rate_hz: int) -> Samples:
    """Return (1, N) of another sound at a rate: music for speech, and speech for what is none, where there is some."""
    others = [item for item in sounds if ("speech" in item[0]) != ("speech" in name)] or sounds
    _, other, other_hz = others[hashlib.sha256(name.encode()).digest()[8] % len(others)]
    shared = gcd(rate_hz, other_hz)
    made: Samples = resample_poly(other.mean(0, keepdims=True), rate_hz // shared, other_hz // shared, axis=1)
    return made
