"""Notes to sound: placed between left and right, in a room, as loud as broadcasts are, and never beyond full scale.

Loudness is that of ITU-R BS.1770-4 for two channels: K-weighting, blocks of 0.4 s, both gates.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generation.music.instruments import RATE_HZ, Wave, beat, bow_low, hold, strike
from generation.music.mood import Mood
from generation.music.score import Note, compose

Stereo = NDArray[np.float32]
"""(2, N) at `RATE_HZ`."""

VERSION: Final = "2"
"""Changes whenever the same request would sound otherwise."""
LOUDNESS: Final = -16.0
"""LUFS that music is brought to, as podcasts and clips on the web are."""
PEAK: Final = 10 ** (-1.5 / 20)
"""No sample is beyond; encoders overshoot a little."""
_BUS: Final = {"lead": 0.9, "plucks": 0.75, "pad": 0.5, "bass": 0.8, "kick": 0.75, "shaker": 0.42}
_SENT: Final = {"lead": 0.32, "plucks": 0.28, "pad": 0.3, "bass": 0.04, "kick": 0.06, "shaker": 0.15}
"""How much of each part goes into the room."""
_ROOM_S: Final = 1.9
_FADE_S: Final = 0.9


def make_music(mood: Mood, seconds: float, seed: int) -> Stereo:
    """Return music of exactly so many seconds; one request always gives the same samples on one machine."""
    return mix(compose(mood, seconds, seed), mood, seconds)


def mix(notes: Sequence[Note], mood: Mood, seconds: float) -> Stereo:
    """Return the sound of notes."""
    from scipy.signal import fftconvolve

    count = round(seconds * RATE_HZ)
    dry, sent = np.zeros((2, count), np.float32), np.zeros((2, count), np.float32)
    for note in notes:
        wave, start = _play(note, mood), round(note.at_s * RATE_HZ)
        wave = wave[: max(0, count - start)]
        angle = (note.place * 0.7 + 1) * np.pi / 4
        sides = np.asarray((np.cos(angle), np.sin(angle)), np.float32)[:, None] * np.float32(
            note.level * _BUS[note.part]
        )
        placed = sides * wave
        dry[:, start : start + len(wave)] += placed
        sent[:, start : start + len(wave)] += placed * np.float32(_SENT[note.part])
    wet = np.stack([fftconvolve(side, room)[:count] for side, room in zip(sent, _build_room(), strict=True)])
    sound = dry + wet.astype(np.float32)
    sound -= sound.mean(axis=1, keepdims=True)
    sound *= _fade(count)
    return master(sound)


def master(sound: Stereo) -> Stereo:
    """Return a sound at `LOUDNESS`, its peaks held below `PEAK`; silence stays silent."""
    for _ in range(3):  # a limiter takes some loudness away, which is given back
        loudness = measure_loudness(sound)
        if not np.isfinite(loudness):
            return sound
        sound = limit(sound * np.float32(10 ** ((LOUDNESS - loudness) / 20)))
    return sound


def limit(sound: Stereo) -> Stereo:
    """Return a sound none of whose samples is beyond `PEAK`: turned down smoothly before each that would be."""
    from scipy.ndimage import maximum_filter1d, uniform_filter1d

    span = round(0.006 * RATE_HZ)
    peaks = maximum_filter1d(np.abs(sound).max(axis=0), 2 * span + 1)
    gain = np.minimum(1, PEAK / np.maximum(peaks, 1e-9))
    gain = uniform_filter1d(gain, span)
    return np.asarray(sound * gain, np.float32)


def measure_loudness(sound: Stereo) -> float:
    """Return loudness in LUFS; minus infinity where nothing is heard. Shorter than 0.4 s counts as one block."""
    from scipy.signal import lfilter

    # BS.1770-4 annex 1, tables 1 and 2: coefficients at 48 kHz.
    shelf = lfilter(
        (1.53512485958697, -2.69169618940638, 1.19839281085285), (1, -1.69065929318241, 0.73248077421585), sound
    )
    heard = lfilter((1.0, -2.0, 1.0), (1, -1.99004745483398, 0.99007225036621), shelf)
    span, hop = round(0.4 * RATE_HZ), round(0.1 * RATE_HZ)
    starts = range(0, max(1, heard.shape[1] - span + 1), hop)
    power = np.asarray([(heard[:, start : start + span] ** 2).mean(axis=1).sum() for start in starts])
    kept = power[_to_lufs(power) > -70]
    if not len(kept):
        return -np.inf
    kept = kept[_to_lufs(kept) > _to_lufs(kept.mean()) - 10]
    return float(_to_lufs(kept.mean()))


def _to_lufs(power: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    return np.asarray(-0.691 + 10 * np.log10(np.maximum(power, 1e-12)))


def _play(note: Note, mood: Mood) -> Wave:
    lasts_s = round(note.lasts_s, 2)
    if note.part in {"kick", "shaker"}:
        return beat(note.part)
    if note.part == "bass":
        return bow_low(note.pitch, lasts_s)
    if note.part == "pad":
        return hold(note.pitch, lasts_s, round(note.place * 2))
    return strike(mood.lead if note.part == "lead" else "harp", note.pitch, lasts_s)


def _build_room() -> tuple[Wave, Wave]:
    """Return how a small hall answers, left and right: early echoes, then noise that dies, the high part sooner."""
    from scipy.signal import lfilter

    rng, time = np.random.default_rng(3), np.arange(round(_ROOM_S * RATE_HZ)) / RATE_HZ
    made = []
    for side in range(2):
        noise = rng.normal(0, 1, len(time))
        dull = lfilter((0.12,), (1, -0.88), noise) * 2.4
        tail = noise * np.exp(-time * 9.0) * 0.5 + dull * np.exp(-time * 3.6)
        tail *= 1 - np.exp(-time / 0.02)
        for delay_s, level in ((0.013, 0.5), (0.021, 0.4), (0.034, 0.32), (0.047, 0.25)):
            tail[round((delay_s + 0.0017 * side) * RATE_HZ)] += level * 12
        made.append((tail * 0.035).astype(np.float32))
    return made[0], made[1]


def _fade(count: int) -> Wave:
    """Return what lets a piece end in silence."""
    ramp = np.ones(count, np.float32)
    last = min(count // 3, round(_FADE_S * RATE_HZ))
    if last:
        ramp[count - last :] = 0.5 + 0.5 * np.cos(np.pi * (np.arange(last) + 1) / last)
    return ramp
