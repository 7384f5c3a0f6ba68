"""Frames: a museum, a campaign or a stage makes the words of some categories doubtful, in any language of the lists."""

import pytest

from detectors.frames import find_framed, load_frames
from detectors.term_bank import load_term_bank


def framed():
    """Every category that anything frames."""
    frames = load_frames()
    listed = (frames.whole, frames.begun, frames.phrases, frames.inside)
    return {name for entries in listed for names in entries.values() for name in names}


NEVER = {"sexual", "minors", "real_person", "political", "characters", "logos"}


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Bronze-age swords in a MUSEUM", "weapons"),
        ("quit  smoking week", "tobacco"),
        ("школьная лекция о вреде наркотиков", "drugs"),
        ("历史博物馆里的大炮", "weapons"),
        ("博物館の刀", "weapons"),
        ("รูปปั้นเปลือยในพิพิธภัณฑ์", "nudity"),
        ("حملة ضد التدخين", "tobacco"),
        ("नशामुक्ति अभियान", "drugs"),
        ("Kinder mit Spielzeugpistolen", "weapons"),
        ("урок первой помощи", "gore"),
        ("an anti-drug rally", "drugs"),
        ("cours de tir à l\u2019arc au lycée, escrime", "weapons"),
    ],
)
def test_a_frame_is_found(text, category):
    assert category in find_framed(text)


@pytest.mark.parametrize("text", ["", "a man with a gun", "a toyota", "propane and a timer", "boycotts"])
def test_a_part_of_another_word_is_no_frame(text):
    assert find_framed(text) == frozenset()


def test_nothing_frames_what_concerns_children_sex_or_people():
    assert not NEVER & framed()


def test_each_framed_category_is_one_of_the_banks():
    assert framed() <= set(load_term_bank().categories)


def test_what_ends_openly_is_no_longer_than_what_is_looked_for():
    assert max(map(len, load_frames().begun)) <= 16
