import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.music.mood import LEADS, MODES, read_mood


def flat(*colour):
    return np.full((32, 32, 3), colour, np.uint8)


@settings(max_examples=25, deadline=None)
@given(st.tuples(*[st.integers(0, 255)] * 3), st.lists(st.text(max_size=20), max_size=3))
def test_every_picture_has_a_mood(colour, words):
    mood = read_mood(flat(*colour), words)
    assert 0 <= mood.tonic < 12
    assert mood.mode in MODES
    assert 50 <= mood.tempo <= 120
    assert 0 <= mood.energy <= 1
    assert mood.lead in LEADS
    assert mood.key.endswith(mood.mode)


def test_light_is_brighter_than_dark():
    order = list(MODES)
    assert order.index(read_mood(flat(240, 240, 230)).mode) < order.index(read_mood(flat(20, 20, 30)).mode)


def test_hues_go_round_the_circle_of_fifths_from_red_as_c():
    assert read_mood(flat(255, 0, 0)).tonic == 0
    assert (
        len({read_mood(flat(*colour)).tonic for colour in ((255, 0, 0), (255, 128, 0), (0, 255, 0), (0, 0, 255))}) == 4
    )


@pytest.mark.parametrize(("quick", "slow"), [("a birthday party", "a quiet night"), ("rockets", "a sleeping moon")])
def test_words_move_it(quick, slow):
    grey = flat(128, 120, 110)
    assert read_mood(grey, [quick]).tempo > read_mood(grey, [slow]).tempo


def test_words_of_chinese_say_what_those_of_english_do():
    grey = flat(128, 128, 128)
    for chinese, english in (
        ("安静的夜晚", "a quiet night"),
        ("生日蛋糕", "a birthday cake"),
        ("雪中的公交车", "a bus in the snow"),
    ):
        assert read_mood(grey, [chinese]) == read_mood(grey, [english])
