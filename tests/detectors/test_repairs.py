"""Words of a bank in what is no word; and none in what is one."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from detectors.normalisation import cut, fold
from detectors.repairs import Repairs, split_joined

VOCABULARY = {"naked", "nudity", "pistol", "cocaine", "woman", "porn", "rapist", "penis", "sex", "grenade"}


@pytest.fixture(scope="module")
def repairs():
    return Repairs(VOCABULARY)


def readings(repairs, text):
    folded = fold(text)
    return {edge.word for edge in repairs.find(folded.text, *cut(folded))}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("nuedity", "nudity"), ("nudiity", "nudity"), ("nnaakkeedd", "naked"), ("nakked", "naked"), ("nkaed", "naked"),
        ("anked", "naked"), ("nakde", "naked"), ("pitsol", "pistol"), ("coocaine", "cocaine"), ("cocane", "cocaine"),
        ("n*k*d", "naked"), ("p*rn", "porn"), ("s*x", "sex"), ("gr#nade", "grenade"), ("na ked", "naked"), ("pis tol", "pistol"),
        ("wo man", "woman"), ("anakedwomanonabed", "naked"), ("thepistolisonthetable", "pistol"),
    ],
)  # fmt: skip
def test_a_disguise_is_read(repairs, text, word):
    assert word in readings(repairs, text)


@pytest.mark.parametrize(
    "text",
    [
        "therapist",
        "the pen is blue",
        "epistolary",
        "naked",
        "nudge",
        "a * b",
        "**bold**",
        "sax",
        "unfamiliarword",
        "ppp",
    ],
)
def test_what_is_a_word_stays_it(repairs, text):
    assert readings(repairs, text) == set()


def test_joined_words_are_cut_where_they_are_likeliest():
    assert split_joined("anakedwomanonabed", frozenset()) == ("a", "naked", "woman", "on", "a", "bed")
    assert split_joined("xqzvkj", frozenset()) == ()
    assert split_joined("naked", frozenset()) == ()


@given(st.text(alphabet="naked *#_ pornsex", max_size=60))
@example("s**x*axse ddskano")  # "kano" is a word, but none of the vocabulary
def test_edges_lie_within_the_tokens_and_are_words_of_the_vocabulary(text):
    folded = fold(text)
    words, spans = cut(folded)
    edges = list(Repairs(VOCABULARY).find(folded.text, words, spans))
    assert all(0 <= edge.first < edge.last <= len(words) and edge.word in VOCABULARY for edge in edges)
