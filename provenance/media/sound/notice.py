"""The label that people hear: the rhythm "short-long short-short", Morse for AI, at the start, and at the end if long.

GB 45438-2025 section 4.2.3 allows a spoken notice or this rhythm. It is a plain tone, before the sound and not over it,
so nothing of the sound is lost. A spoken notice, as European guidelines want it, is not made here.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.media.sound.decoding import Samples

TEXT: Final = "AI in Morse: short-long short-short"
LONG_S: Final = 60.0
"""From how long a sound on it is repeated at the end."""

TONE_HZ: Final = 1000.0
_UNIT_S: Final = 0.12
# In units: dot, gap, dash, longer gap, dot, gap, dot.
_UNITS: Final = ((1, 1), (1, 0), (3, 1), (3, 0), (1, 1), (1, 0), (1, 1))
_REST_S: Final = 0.3
_EDGE_S: Final = 0.01
_LEVEL: Final = 0.25
_STEP_S: Final = 0.01
_FRAME_S: Final = 0.03
# Where the notice is looked for, and how alike to its rhythm what is heard must be.
SEARCH_S: Final = 3.0
_LEAST_LIKENESS: Final = 0.8


def make_notice(rate_hz: int, channels: int) -> Samples:
    """Return the notice with a rest on either side, (C, N)."""
    parts = [np.zeros(int(_REST_S * rate_hz)), *(_beep(units * _UNIT_S, rate_hz, on) for units, on in _UNITS)]
    parts.append(np.zeros(int(_REST_S * rate_hz)))
    return np.tile(np.concatenate(parts).astype(np.float32), (channels, 1))


def _beep(duration_s: float, rate_hz: int, on: int) -> NDArray[np.float64]:
    time = np.arange(int(duration_s * rate_hz)) / rate_hz
    edge = np.minimum(1, np.minimum(time, time[-1] - time) / _EDGE_S)
    return np.asarray(on * _LEVEL * edge * np.sin(2 * np.pi * TONE_HZ * time), np.float64)


def hears_notice(samples: Samples, rate_hz: int) -> bool:
    """Say whether the notice is in a few seconds of sound: the tone alone, coming and going in its rhythm."""
    mono = samples.mean(0)
    frame, step = int(_FRAME_S * rate_hz), _STEP_S * rate_hz
    count = int((len(mono) - frame) / step)
    pattern = np.repeat([on for _, on in _UNITS], [round(units * _UNIT_S / _STEP_S) for units, _ in _UNITS])
    if count < len(pattern):
        return False
    places = (np.arange(count) * step).astype(int)[:, None] + np.arange(frame)
    power = np.abs(np.fft.rfft(mono[places] * np.hanning(frame), axis=1)) ** 2
    hertz = np.fft.rfftfreq(frame, 1 / rate_hz)
    tone = np.sqrt(power[:, np.abs(hertz - TONE_HZ) < 80].sum(1))
    others = np.sqrt(power[:, np.abs(hertz - TONE_HZ) >= 160].sum(1))
    if tone.max() < 1e-3:
        return False
    windows = np.lib.stride_tricks.sliding_window_view(tone, len(pattern))
    centred = windows - windows.mean(1, keepdims=True)
    shape = pattern - pattern.mean()
    likeness = centred @ shape / (np.linalg.norm(centred, axis=1) * np.linalg.norm(shape) + 1e-9)
    best = int(likeness.argmax())
    beeps = slice(best, best + len(pattern))
    is_alone = tone[beeps][pattern > 0].mean() > 4 * others[beeps][pattern > 0].mean()
    return bool(likeness[best] > _LEAST_LIKENESS and is_alone)
