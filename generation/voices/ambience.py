"""What is heard around: rain, sea, wind or a room, out of filtered noise that swells; no recording of anything."""

from typing import Final

import numpy as np

from generation.animation.reel import RATE_HZ, Sound
from generation.voices.engine import VoiceError

KINDS: Final = ("rain", "sea", "wind", "room")
_LEVELS: Final = {"rain": -34.0, "sea": -31.0, "wind": -33.0, "room": -48.0}
"""Root mean square, dB under full scale."""
# Name to the band that is heard, in Hz.
_BANDS: Final = {"rain": (900.0, 9000.0), "sea": (60.0, 1400.0), "wind": (90.0, 900.0), "room": (50.0, 320.0)}
# How many seconds a swell takes, and how deep it is.
_SWELLS: Final = {"rain": (5.0, 0.15), "sea": (8.0, 0.8), "wind": (4.0, 0.65), "room": (9.0, 0.05)}
_FADE_S: Final = 0.8
_DROPS_A_SECOND: Final = 60


def make_ambience(kind: str, seconds: float, seed: int) -> Sound:
    """Return so many seconds of it, (2, N); one request always gives the same samples on one machine.

    Raises:
        VoiceError: there is no such kind.
    """
    from scipy.signal import butter, sosfilt

    if kind not in KINDS:
        raise VoiceError(f"expected ambience out of {', '.join(KINDS)}; got {kind[:40]!r}")
    count, random = round(seconds * RATE_HZ), np.random.default_rng([seed, 7, KINDS.index(kind)])
    noise = random.normal(0, 1, (2, count))
    heard = sosfilt(butter(2, _BANDS[kind], "bandpass", fs=RATE_HZ, output="sos"), noise, axis=1)
    if kind == "rain":
        heard += _fall(count, random) * float(np.std(heard)) * 3
    period, depth = _SWELLS[kind]
    time = np.arange(count) / RATE_HZ
    phases = random.uniform(0, 2 * np.pi, 3)
    swell = sum(
        np.sin(2 * np.pi * time / (period * factor) + phase)
        for factor, phase in zip((1, 1.7, 0.6), phases, strict=True)
    )
    heard *= 1 + depth * swell / 3
    heard *= 10 ** (_LEVELS[kind] / 20) / max(float(np.sqrt(np.mean(np.square(heard)))), 1e-9)
    ramp = np.clip(np.minimum(time, time[::-1]) / _FADE_S, 0, 1)
    return np.asarray(heard * ramp, np.float32)


def _fall(count: int, random: np.random.Generator) -> np.ndarray:
    """Return drops: short decays at random places."""
    drops = np.zeros((2, count))
    decay = np.exp(-np.arange(400) / 60) * random.normal(0, 1, 400)
    for at in random.integers(0, max(1, count - 400), round(count / RATE_HZ * _DROPS_A_SECOND)):
        drops[:, at : at + 400] += decay[: count - at] * random.uniform(0.2, 1.0, (2, 1))
    return drops
