"""A piece as notes: phrases that answer each other, a motif that is varied, and a cadence that ends it where it should.

The form is A A' B A'' of phrases of four chords, as often as the length needs; the last chord but one leads home, and
the tonic falls on the beat at which the picture comes to rest. A seed chooses what is played, within these rules.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from generation.music.mood import MODES, Mood

_LOWEST: Final = 31
"""G1: below that small loudspeakers are silent."""
TAIL_S: Final = 2.2
"""How long the last chord rings at most."""

# Degrees of chords, 0 the tonic; each begins a phrase, the last of a phrase leads on.
_PHRASES: Final = {
    "major": ((0, 4, 5, 3), (0, 3, 0, 4), (0, 5, 3, 4), (0, 2, 3, 4)),
    "minor": ((0, 5, 2, 6), (0, 3, 5, 6), (0, 6, 5, 6), (0, 2, 5, 3)),
}
_BRIDGES: Final = {"major": ((3, 4, 2, 5), (5, 3, 1, 4)), "minor": ((5, 6, 2, 3), (3, 6, 0, 5))}
_HOME: Final = {"lydian": 4, "ionian": 4, "mixolydian": 6, "dorian": 3, "aeolian": 6}
"""The chord before the last one."""
# Rhythms of a motif in beats of a bar of four.
_RHYTHMS: Final = (
    (0.0, 1.0, 2.0, 3.0), (0.0, 1.5, 2.0, 3.0), (0.0, 0.5, 1.0, 2.0), (0.0, 2.0, 2.5, 3.0), (0.0, 1.0, 1.5, 2.5),
    (0.5, 1.0, 2.0, 3.5),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Note:
    """One note.

    Attributes:
        at_s, lasts_s: when and how long it is held.
        pitch: MIDI number; of a drum, which one it is.
        level: 0 to 1.
        part: ``lead``, ``plucks``, ``pad``, ``bass``, ``kick`` or ``shaker``.
        place: -1 left to 1 right.
    """

    at_s: float
    lasts_s: float
    pitch: float
    level: float
    part: str
    place: float = 0.0


@dataclass(frozen=True, slots=True)
class _Bar:
    at_s: float
    lasts_s: float
    chord: int
    kind: str  # A, B or home
    number: int  # within its phrase


def compose(mood: Mood, seconds: float, seed: int) -> tuple[Note, ...]:
    """Return the notes of a piece of so many seconds, its last chord ringing out at the end."""
    rng = np.random.default_rng([seed, 11])
    bars, beat_s = _lay_bars(mood, seconds, rng)
    notes: list[Note] = []
    notes += _play_pad(mood, bars)
    notes += _play_bass(mood, bars, beat_s)
    notes += _play_plucks(mood, bars, beat_s, rng)
    notes += _play_lead(mood, bars, beat_s, rng)
    if mood.energy > 0.35:
        notes += _play_drums(mood, bars, beat_s)
    # Nobody plays like a clock.
    return tuple(
        Note(max(0.0, one.at_s + float(rng.normal(0, 0.005))), one.lasts_s, one.pitch,
             float(np.clip(one.level * rng.normal(1, 0.06), 0, 1)), one.part, one.place)
        for one in sorted(notes, key=lambda one: (one.at_s, one.part, one.pitch))
    )  # fmt: skip


def _lay_bars(mood: Mood, seconds: float, rng: np.random.Generator) -> tuple[tuple[_Bar, ...], float]:
    """Return bars that end exactly where the last chord begins; the tempo gives way a little."""
    tail_s = min(TAIL_S, 0.35 * seconds)
    body_s = seconds - tail_s
    beats = 4 if body_s * mood.tempo / 60 >= 11 else 2
    count = max(2, round(body_s * mood.tempo / 60 / beats))
    bar_s = body_s / count
    kind = "minor" if mood.mode in {"dorian", "aeolian"} else "major"
    main = _PHRASES[kind][int(rng.integers(len(_PHRASES[kind])))]
    bridge = _BRIDGES[kind][int(rng.integers(len(_BRIDGES[kind])))]
    bars = []
    for index in range(count):
        is_bridge = index // 4 % 4 == 2
        chord = (bridge if is_bridge else main)[index % 4]
        if index == count - 1:
            chord = _HOME[mood.mode]
        bars.append(_Bar(index * bar_s, bar_s, chord, "B" if is_bridge else "A", index % 4))
    return (*bars, _Bar(body_s, tail_s, 0, "home", 0)), bar_s / beats


def _pitch(mood: Mood, degree: int, octave: int) -> int:
    """Return the MIDI number of a degree of the scale, which may lie above or below it."""
    scale = MODES[mood.mode]
    tonic = mood.tonic if mood.tonic <= 6 else mood.tonic - 12
    return 12 * (octave + 1) + tonic + scale[degree % 7] + 12 * (degree // 7)


def _play_pad(mood: Mood, bars: tuple[_Bar, ...]) -> list[Note]:
    """Play chords whose voices move as little as they can."""
    notes, before = [], [_pitch(mood, degree, 4) for degree in (0, 2, 4)]
    for bar in bars:
        tones = [_pitch(mood, bar.chord + step, 4) for step in (0, 2, 4)]
        ways = [[tone + 12 * (index < turn) - 12 * low for index, tone in enumerate(tones)]
                for turn in range(3) for low in (0, 1)]  # fmt: skip
        voices = min(ways, key=lambda way: sum(abs(a - b) for a, b in zip(sorted(way), before, strict=True)))
        before = sorted(voices)
        for place, pitch in zip((-0.5, 0.5, 0.0), before, strict=True):
            notes.append(Note(bar.at_s, bar.lasts_s * 1.04, pitch, 0.16 + 0.16 * mood.warmth, "pad", place))
    return notes


def _play_bass(mood: Mood, bars: tuple[_Bar, ...], beat_s: float) -> list[Note]:
    notes = []
    for bar in bars:
        root, fifth = _pitch(mood, bar.chord, 2), _pitch(mood, bar.chord + 4, 2)
        fifth -= 12 if fifth >= _LOWEST + 12 else 0
        beats = round(bar.lasts_s / beat_s) if bar.kind != "home" else 0
        if beats >= 4 and mood.energy > 0.3:
            notes.append(Note(bar.at_s, 1.8 * beat_s, root, 0.42, "bass"))
            notes.append(Note(bar.at_s + 2 * beat_s, 1.8 * beat_s, fifth, 0.34, "bass"))
        else:
            notes.append(Note(bar.at_s, bar.lasts_s, root, 0.42, "bass"))
    return notes


def _play_plucks(mood: Mood, bars: tuple[_Bar, ...], beat_s: float, rng: np.random.Generator) -> list[Note]:
    """Play broken chords: one figure for the piece, turned over in the bridge."""
    figures = ((0, 2, 4, 7), (0, 4, 2, 4), (0, 4, 7, 4), (4, 2, 0, 2))
    figure = figures[int(rng.integers(len(figures)))]
    step_s = beat_s / (2 if mood.energy > 0.25 else 1)
    notes = []
    for bar in bars:
        if bar.kind == "home":
            for index, step in enumerate((0, 2, 4, 7)):
                notes.append(Note(bar.at_s + 0.055 * index, bar.lasts_s, _pitch(mood, step, 4), 0.4, "plucks", 0.3))
            continue
        turned = figure[::-1] if bar.kind == "B" else figure
        for index in range(round(bar.lasts_s / step_s)):
            level = (0.34 if index % 4 == 0 else 0.23) + 0.05 * mood.energy
            pitch = _pitch(mood, bar.chord + turned[index % 4], 3 if bar.number % 2 else 4)
            notes.append(
                Note(bar.at_s + index * step_s, 1.5 * step_s, pitch, level, "plucks", 0.35 if index % 2 else -0.35)
            )
    return notes


def _play_lead(mood: Mood, bars: tuple[_Bar, ...], beat_s: float, rng: np.random.Generator) -> list[Note]:
    """Play a motif over each chord: strong beats on its tones, others on the way; an answer in every second bar."""
    rhythm = _RHYTHMS[int(rng.integers(len(_RHYTHMS)))]
    shape = np.cumsum(rng.choice((-1, 1, 1, 2, -2), size=len(rhythm)))
    shape = shape - shape[0]
    notes: list[Note] = []
    last = 4
    for bar in bars:
        if bar.kind == "home":
            notes.append(Note(bar.at_s, bar.lasts_s, _pitch(mood, 7 * round(last / 7), 5), 0.6, "lead", 0.0))
            continue
        beats = bar.lasts_s / beat_s
        answer = -shape if bar.number % 2 else shape
        if bar.kind == "B":
            answer = answer[::-1] - answer[-1]
        times = [time for time in rhythm if time < beats - 0.01]
        if bar.number == 3 and len(times) > 2:  # a phrase breathes at its end
            times = times[:2]
        near = _find_tone(bar.chord, last)
        for index, time in enumerate(times):
            degree = near + int(answer[index])
            if time == int(time) and int(time) % 2 == 0:  # strong beats
                degree = _find_tone(bar.chord, degree)
            degree = int(np.clip(degree, -2, 10))
            until = times[index + 1] if index + 1 < len(times) else beats
            level = 0.58 if index == 0 else 0.48
            notes.append(
                Note(bar.at_s + time * beat_s, (until - time) * beat_s, _pitch(mood, degree, 5), level, "lead")
            )
            last = degree
    return notes


def _find_tone(chord: int, degree: int) -> int:
    """Return the tone of a chord that is nearest to a degree, the lower one of two."""
    tones = (chord + step + 7 * octave for step in (0, 2, 4) for octave in (-1, 0, 1))
    return min(tones, key=lambda one: (abs(one - degree), one))


def _play_drums(mood: Mood, bars: tuple[_Bar, ...], beat_s: float) -> list[Note]:
    notes = []
    for index, bar in enumerate(bars):
        if bar.kind == "home" or (index == 0 and len(bars) > 4):  # the beat comes in with the second bar
            continue
        beats = round(bar.lasts_s / beat_s)
        for beat in range(beats):
            at_s = bar.at_s + beat * beat_s
            if beat % 2 == 0:
                notes.append(Note(at_s, 0.3, 36, 0.3 + 0.25 * mood.energy, "kick"))
            notes.append(Note(at_s + beat_s / 2, 0.1, 80, 0.14 + 0.16 * mood.energy, "shaker", 0.4))
            if mood.energy > 0.6:
                notes.append(Note(at_s, 0.1, 80, 0.1, "shaker", -0.4))
    return notes
