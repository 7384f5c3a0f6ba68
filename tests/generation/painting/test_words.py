"""Words that the painter knows, in both languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.painting.words import parse_words


@pytest.mark.parametrize(
    ("prompt", "features", "weather", "time"),
    [
        ("A lighthouse by the SEA at sunset", {"sea"}, set(), "dusk"),
        ("snowy mountains above a lake", {"mountains", "sea"}, {"snow"}, ""),
        ("城市夜景", {"city"}, set(), "night"),
        ("森林里的雾", {"forest"}, {"fog"}, ""),
        ("ＢＯＡＴ in the rain", {"boat"}, {"rain"}, ""),
        ("seashell, treeless, hillside", set(), set(), ""),
        ("", set(), set(), ""),
    ],
)
def test_scenes(prompt, features, weather, time):
    motif = parse_words(prompt)
    assert (motif.features, motif.weather, motif.time) == (features, weather, time)


def test_colours_come_in_the_order_named():
    red, blue = parse_words("red").colours + parse_words("blue").colours
    assert parse_words("red and blue").colours == (red, blue)
    assert parse_words("blue and red").colours == (blue, red)
    assert parse_words("crimson scarlet").colours == (red,)
    assert parse_words("蓝色的山").colours == (blue,)


def test_abstract_is_no_scene():
    assert parse_words("an abstract pattern").is_abstract
    assert parse_words("抽象").is_abstract
    assert not parse_words("a hill").is_abstract


@given(st.text(max_size=200))
def test_any_text_is_taken(prompt):
    parse_words(prompt)
