"""Lines in time: one after another or when asked for, never over each other, and heard above everything else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.animation.reel import RATE_HZ
from generation.voices.engine import VoiceError
from generation.voices.speech import Line, lay_under, read_line, speak_lines


class Hums:
    """An engine for which each letter takes a twentieth of a second."""

    name, voices, rate_hz = "hums", ("one", "two"), 24_000

    def speak(self, text, voice, seed):
        time = np.arange(len(text) * 1200) / 24_000
        return (0.1 * np.sin(2 * np.pi * (220 if voice == "one" else 330) * time)).astype(np.float32)


def test_lines_follow_each_other_and_voices_stand_apart():
    spoken = speak_lines([Line("a" * 20, "one"), Line("b" * 20, "two"), Line("c" * 20, "one", 4.0)], Hums(), 6.0, 1)
    assert [round(start, 2) for start, _ in spoken.spans] == [0.4, 1.75, 4.0]
    assert spoken.sound.shape == (2, 6 * RATE_HZ)
    first, second = (spoken.sound[:, round(s * RATE_HZ) : round(e * RATE_HZ)] for s, e in spoken.spans[:2])
    assert np.abs(first[0]).mean() > 1.5 * np.abs(first[1]).mean()
    assert np.abs(second[1]).mean() > 1.5 * np.abs(second[0]).mean()
    assert not spoken.sound[:, round(3.2 * RATE_HZ) : round(3.9 * RATE_HZ)].any()


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], "1 to 40 lines"),
        ([Line("a" * 200)], "the lines take"),
        ([Line("a" * 40), Line("b", "", 1.0)], "before the one before it ends"),
    ],
)
def test_what_does_not_fit_is_said(lines, told):
    with pytest.raises(VoiceError, match=told):
        speak_lines(lines, Hums(), 6.0, 1)


def test_everything_else_is_softer_while_somebody_speaks_and_nothing_clips():
    spoken = speak_lines([Line("a" * 40)], Hums(), 5.0, 1)
    music = np.full((2, 5 * RATE_HZ), 0.2, np.float32)
    rest = lay_under(spoken, [music]) - spoken.sound
    assert rest[0, round(1.2 * RATE_HZ)] == pytest.approx(0.2 * 10 ** (-11 / 20), abs=0.005)
    assert rest[0, round(4.5 * RATE_HZ)] == pytest.approx(0.2, abs=0.001)
    assert np.abs(lay_under(spoken, [music * 9])).max() <= 0.901


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("hello there", Line("hello there")),
        ("deep: hello", Line("hello", "deep")),
        ("deep@2.5: hello: you", Line("hello: you", "deep", 2.5)),
        ("At noon: nothing", Line("At noon: nothing")),
    ],
)
def test_lines_as_people_write_them(text, line):
    assert read_line(text) == line


@given(st.text(max_size=60))
def test_whatever_is_written_is_a_line_or_refused(text):
    try:
        line = read_line(text)
    except VoiceError:
        return
    assert line.text.strip()
    assert line.text in text
