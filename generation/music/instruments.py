"""Instruments by additive synthesis: each note is a sum of partials that die away at rates of their own.

Nothing is sampled from recordings. Every note begins and ends at zero, so that none clicks.
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE_HZ: Final = 48_000

Wave = NDArray[np.float32]
"""(N,) samples."""

_HIGHEST_HZ: Final = 15_000.0


def frequency(pitch: float) -> float:
    """Return the frequency of a MIDI number in Hz: 69 is 440."""
    return float(440.0 * 2 ** ((pitch - 69) / 12))


@lru_cache(maxsize=256)
def strike(instrument: str, pitch: float, lasts_s: float) -> Wave:
    """Return a struck or plucked note at full level: ``harp``, ``kalimba`` or ``bells``."""
    partials = {"harp": _harp, "kalimba": _kalimba, "bells": _bells}[instrument](frequency(pitch))
    longest = min(4.0, lasts_s + 1.2)
    time = np.arange(round(longest * RATE_HZ)) / RATE_HZ
    made = np.zeros(len(time))
    for at_hz, level, decay in partials:
        if at_hz < _HIGHEST_HZ:
            made += level * np.exp(-decay * time) * np.sin(2 * np.pi * at_hz * time)
    # A hand lets go after a while; until then it rings.
    made *= np.minimum(1, np.exp(-(time - lasts_s) / 0.35))
    return _round_off(made / max(1e-9, float(np.abs(made).max())), 0.003, 0.05)


@lru_cache(maxsize=128)
def hold(pitch: float, lasts_s: float, place: int) -> Wave:
    """Return a note of the pad at full level: three voices a little out of tune, slow to come and to go."""
    lasts_s = max(lasts_s, 0.4)
    release_s, attack_s = 0.9, min(0.55, 0.45 * lasts_s)
    time = np.arange(round((lasts_s + release_s) * RATE_HZ)) / RATE_HZ
    made, base = np.zeros(len(time)), frequency(pitch)
    for voice, cents in enumerate((-6.0 + 2 * place, 0.5 * place, 6.5 + place)):
        at_hz = base * 2 ** (cents / 1200)
        for partial in range(1, 8):
            if partial * at_hz < 5000:
                swell = 1 + 0.25 * np.sin(2 * np.pi * (0.13 + 0.05 * voice) * time + partial)
                made += swell * np.sin(2 * np.pi * partial * at_hz * time + voice * 2.1 * partial) / partial**1.9
    rise = 0.5 - 0.5 * np.cos(np.pi * np.minimum(1, time / attack_s))
    fall = 0.5 + 0.5 * np.cos(np.pi * np.clip((time - lasts_s) / release_s, 0, 1))
    made *= rise * fall
    return np.asarray(made / max(1e-9, float(np.abs(made).max())), np.float32)


@lru_cache(maxsize=64)
def bow_low(pitch: float, lasts_s: float) -> Wave:
    """Return a note of the bass at full level: round, with a soft beginning."""
    time = np.arange(round((lasts_s + 0.25) * RATE_HZ)) / RATE_HZ
    at_hz = frequency(pitch)
    made = sum(
        level * np.sin(2 * np.pi * partial * at_hz * time) for partial, level in ((1, 1.0), (2, 0.45), (3, 0.16))
    )
    made = made * np.exp(-0.7 * time) * np.minimum(1, np.exp(-(time - lasts_s) / 0.08))
    return _round_off(np.asarray(made) / 1.3, 0.02, 0.06)


@lru_cache(maxsize=8)
def beat(drum: str) -> Wave:
    """Return a soft ``kick`` or a ``shaker``, at full level."""
    if drum == "kick":
        time = np.arange(round(0.35 * RATE_HZ)) / RATE_HZ
        sweep = 46 * time + 62 * 0.035 * (1 - np.exp(-time / 0.035))
        return _round_off(np.sin(2 * np.pi * sweep) * np.exp(-11 * time), 0.004, 0.05)
    time = np.arange(round(0.14 * RATE_HZ)) / RATE_HZ
    noise = np.random.default_rng(5).normal(0, 1, len(time))
    bright = noise - np.convolve(noise, np.ones(9) / 9, mode="same")
    shape = (1 - np.exp(-time / 0.012)) * np.exp(-time / 0.028)
    made = bright * shape
    return _round_off(made / float(np.abs(made).max()), 0.003, 0.03)


Partials = tuple[tuple[float, float, float], ...]
"""Frequency in Hz, level, and how fast it dies, a second."""


def _harp(base: float) -> Partials:
    # A string plucked at a fifth of its length, a little stiff; what is higher dies sooner.
    return tuple(
        (
            base * k * (1 + 0.00012 * k * k) ** 0.5,
            abs(np.sin(np.pi * k / 5)) / k**1.25,
            1.1 + 0.0022 * base + 0.55 * k,
        )
        for k in range(1, 15)
    )


def _kalimba(base: float) -> Partials:
    # A bar that is fixed at one end, tuned: overtones far from the harmonic ones die at once.
    return (
        (base, 1.0, 2.1),
        (2 * base, 0.16, 4.5),
        (5.42 * base, 0.2, 14.0),
        (8.1 * base, 0.07, 26.0),
        (0.5 * base, 0.05, 6.0),
    )


def _bells(base: float) -> Partials:
    return (
        (base, 0.8, 1.1), (1.003 * base, 0.25, 1.3), (2.0 * base, 0.4, 1.9), (3.01 * base, 0.18, 3.0),
        (4.17 * base, 0.12, 4.2), (5.43 * base, 0.06, 6.0),
    )  # fmt: skip


def _round_off(wave: NDArray[np.float64], begin_s: float, end_s: float) -> Wave:
    """Return a wave that begins and ends at zero, in half a cosine each."""
    wave = np.array(wave, np.float64)
    for seconds, is_end in ((begin_s, False), (end_s, True)):
        count = min(len(wave) // 2, round(seconds * RATE_HZ))
        ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(count) / max(1, count))
        if is_end:
            wave[len(wave) - count :] *= ramp[::-1]
        else:
            wave[:count] *= ramp
    return wave.astype(np.float32)
