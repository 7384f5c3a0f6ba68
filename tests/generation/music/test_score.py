import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.music.mood import LEADS, MODES, Mood
from generation.music.score import TAIL_S, compose

moods = st.builds(
    Mood, st.integers(0, 11), st.sampled_from(list(MODES)), st.floats(60, 115), st.floats(0, 1), st.floats(0, 1),
    st.sampled_from(LEADS),
)  # fmt: skip


@given(moods, st.floats(1, 40), st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_every_note_is_of_the_scale_and_within_the_piece(mood, seconds, seed):
    notes = compose(mood, seconds, seed)
    scale = {(mood.tonic + step) % 12 for step in MODES[mood.mode]}
    for note in notes:
        assert 0 <= note.at_s < seconds
        assert note.lasts_s > 0
        assert 0 <= note.level <= 1
        if note.part not in {"kick", "shaker"}:
            assert note.pitch % 12 in scale
            assert 28 <= note.pitch <= 100


@given(moods, st.floats(3, 60), st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_it_ends_at_home(mood, seconds, seed):
    notes = compose(mood, seconds, seed)
    last = max((note for note in notes if note.part == "bass"), key=lambda note: note.at_s)
    assert last.pitch % 12 == mood.tonic
    assert seconds - last.at_s == pytest.approx(min(TAIL_S, 0.35 * seconds), abs=0.05)


def test_a_seed_is_a_piece_and_phrases_come_back():
    mood = Mood(7, "lydian", 90, 0.5, 0.5, "harp")
    assert compose(mood, 30, 1) == compose(mood, 30, 1)
    assert compose(mood, 30, 1) != compose(mood, 30, 2)
    lead = [note for note in compose(mood, 45, 1) if note.part == "lead"]
    assert len({note.pitch for note in lead}) >= 4
    beat_s = 60 / 90
    first = [note.pitch for note in lead if note.at_s < 15 * beat_s]
    assert len(first) >= 8
    parts = {note.part for note in compose(mood, 45, 1)}
    assert parts == {"lead", "plucks", "pad", "bass", "kick", "shaker"}
