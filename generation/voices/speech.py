"""Lines for voices, laid out in time: one after another, or when they are asked for, and never beyond the clip."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from generation.animation.reel import RATE_HZ, Sound
from generation.voices.engine import Engine, Mono, VoiceError

_SPELLED: Final = re.compile(r"(?P<voice>[a-z]{2,20})(?:@(?P<at>\d{1,4}(?:\.\d{1,3})?))?:\s*(?P<words>\S.*)", re.DOTALL)
MOST_LINES: Final = 40
MOST_CHARACTERS: Final = 500
_FIRST_S: Final = 0.4
_GAP_S: Final = 0.35
_LEVEL: Final = 10 ** (-19 / 20)
"""Root mean square of what is spoken, where it is: as loud as broadcasts are."""
_UNDER: Final = 10 ** (-11 / 20)
"""What else is heard is so much softer while somebody speaks."""
_RAMP_S: Final = 0.15


@dataclass(frozen=True, slots=True)
class Line:
    """One line.

    Attributes:
        text: as it is to be spoken.
        voice: who speaks; "" for the engine's usual voice.
        at_s: when it begins; None for after the line before.
    """

    text: str
    voice: str = ""
    at_s: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be spoken."""
        if not self.text.strip() or len(self.text) > MOST_CHARACTERS:
            raise VoiceError(f"expected a line of 1 to {MOST_CHARACTERS} signs, got {len(self.text)}")
        if self.at_s is not None and not 0 <= self.at_s <= 3600:
            raise VoiceError(f"expected a line to begin at 0 s or later, got {self.at_s:g}")


@dataclass(frozen=True, slots=True)
class Spoken:
    """Lines as they are heard.

    Attributes:
        sound: (2, N), each voice from its own place.
        spans: from when to when each is heard, in seconds.
    """

    sound: Sound
    spans: tuple[tuple[float, float], ...]


def read_line(text: str) -> Line:
    """Return the line that ``VOICE: words`` or ``VOICE@SECONDS: words`` or words alone spell."""
    found = _SPELLED.fullmatch(text.strip())
    if found is None:
        return Line(text.strip())
    return Line(found["words"], found["voice"], float(found["at"]) if found["at"] else None)


def speak_lines(lines: Sequence[Line], engine: Engine, seconds: float, seed: int) -> Spoken:
    """Return lines as they are spoken in a clip of so many seconds.

    Raises:
        VoiceError: too many, of unknown voices, over each other, or longer than the clip; the message says how long.
    """
    if not 1 <= len(lines) <= MOST_LINES:
        raise VoiceError(f"expected 1 to {MOST_LINES} lines, got {len(lines)}")
    sound, free = np.zeros((2, round(seconds * RATE_HZ)), np.float32), _FIRST_S
    spans: list[tuple[float, float]] = []
    order = list(dict.fromkeys(line.voice or engine.voices[0] for line in lines))
    for number, line in enumerate(lines):
        voice = line.voice or engine.voices[0]
        said = resample(engine.speak(line.text, voice, seed + number), engine.rate_hz)
        start = free if line.at_s is None else line.at_s
        if start < (spans[-1][1] if spans else 0.0):
            raise VoiceError(f"line {number + 1} begins at {start:.1f} s, before the one before it ends")
        end = start + len(said) / RATE_HZ
        if end > seconds:
            raise VoiceError(f"the lines take {end:.1f} s, and the clip {seconds:g}: make it longer")
        at = round(start * RATE_HZ)
        said = said * np.float32(_LEVEL / max(float(np.sqrt(np.mean(np.square(said)))), 1e-6))
        sides = _find_sides(order.index(voice), len(order))
        sound[:, at : at + len(said)] += (sides[:, None] * said)[:, : sound.shape[1] - at]
        spans.append((start, end))
        free = end + _GAP_S
    return Spoken(sound, tuple(spans))


def lay_under(spoken: Spoken, others: Sequence[Sound]) -> Sound:
    """Return everything that is heard: voices, and the rest softer while they speak; no sample beyond full scale."""
    count = spoken.sound.shape[1]
    loud = np.ones(count, np.float32)
    for start, end in spoken.spans:
        loud[round(max(0.0, start - _RAMP_S) * RATE_HZ) : round((end + _RAMP_S) * RATE_HZ)] = _UNDER
    size = round(_RAMP_S * RATE_HZ)
    summed = np.cumsum(np.concatenate([np.full(size, loud[0]), loud]), dtype=np.float64)
    loud = ((summed[size:] - summed[:-size]) / size).astype(np.float32)
    heard = spoken.sound.copy()
    for other in others:
        part = other[:, :count]
        heard[:, : part.shape[1]] += part * loud[: part.shape[1]]
    peak = float(np.abs(heard).max())
    return heard / np.float32(peak / 0.9) if peak > 0.9 else heard


def _find_sides(index: int, count: int) -> Sound:
    """Return how loud a voice is left and right: one in the middle, several a little apart."""
    place = 0.0 if count == 1 else 0.5 * (2 * index / (count - 1) - 1)
    angle = (place + 1) * np.pi / 4
    return np.asarray((np.cos(angle), np.sin(angle)), np.float32) * np.float32(np.sqrt(2))


def resample(said: Mono, rate_hz: int) -> Mono:
    """Return one channel at `RATE_HZ`."""
    from scipy.signal import resample_poly

    common = int(np.gcd(rate_hz, RATE_HZ))
    return np.asarray(resample_poly(said, RATE_HZ // common, rate_hz // common), np.float32)
