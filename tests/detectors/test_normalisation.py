"""Folding: every disguise leads to one word, and every folded character knows where it came from."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.normalisation import build_edges, build_tokens, build_words, fold, fold_character

VOCABULARY = {"pistol", "sex", "gun", "ass", "kill", "uzi", "枪", "手"}


def readings(text):
    return {edge.word for edge in build_edges(fold(text), VOCABULARY)}


@pytest.mark.parametrize(
    "disguised",
    [
        "pistol", "PISTOL", "p1st0l", "P!$t0l", "pi$tol", "p i s t o l", "p.i.s.t.o.l", "p-i-s-t-o-l", "p_i_s_t_o_l",
        "p 1 s t 0 l", "pis-tol", "pis.tol", "pis*tol", "piiistol", "pistolll", "ｐｉｓｔｏｌ", "рistоl", "ріѕтоӏ",
        "pi\u200bst\u200dol", "p\u00adistol", "p\u202eistol", "pístöl", "𝓅𝒾𝓈𝓉𝑜𝓁", "𝐩𝐢𝐬𝐭𝐨𝐥", "ⓟⓘⓢⓣⓞⓛ", "🅟🅘🅢🅣🅞🅛", "🄿🄸🅂🅃🄾🄻",
        "🇵🇮🇸🇹🇴🇱", "ᴘɪꜱᴛᴏʟ", "(pistol:1.3)", "[pistol]", "pistol!", "'pistol'", "x p i s t o l y", "p\u0336i\u0336s\u0336t\u0336o\u0336l\u0336",
    ],
)  # fmt: skip
def test_disguises_lead_to_the_word(disguised):
    assert "pistol" in readings(disguised)


@pytest.mark.parametrize(
    "harmless",
    ["pistachio", "epistolary", "pi stolen", "455", "class", "a s", "1911", "s, e", "gunther", "begun", "5 3 8"],
)
def test_other_words_stay_other_words(harmless):
    assert readings(harmless) == set()


def test_three_spelled_letters_are_a_word_only_by_themselves():
    assert readings("s e x") == {"sex"}
    assert readings("q s e x q") == set()


def test_han_characters_are_tokens_and_traditional_ones_fold():
    assert build_words("手槍AK47") == ("手", "枪", "ak47")


def test_tokens_know_their_place_in_the_unfolded_text():
    text = "ﬁre \u200bﬂame 手槍"
    tokens = build_tokens(fold(text))
    assert [(token.word, text[token.start : token.end]) for token in tokens] == [
        ("fire", "ﬁre"),
        ("flame", "ﬂame"),
        ("手", "手"),
        ("枪", "槍"),
    ]


def test_sentence_marks_part_tokens():
    assert [token.follows for token in build_tokens(fold("a b, c。手 枪；枪"))] == [
        True,
        True,
        False,
        False,
        True,
        False,
    ]


@given(st.text(max_size=200))
def test_fold_is_stable_and_keeps_offsets_in_order(text):
    folded = fold(text)
    assert len(folded.origin) == len(folded.text)
    assert list(folded.origin) == sorted(folded.origin)
    assert all(0 <= offset < len(text) for offset in folded.origin)
    assert all(0 <= token.start < token.end <= len(text) for token in build_tokens(folded))


@given(st.characters())
def test_a_folded_character_folds_to_itself(character):
    folded = fold_character(character)
    assert "".join(map(fold_character, folded)) == folded


@given(st.text(alphabet=string.printable + "手枪槍\u200b𝓅", max_size=120))
def test_edges_lie_within_the_tokens(text):
    tokens = build_tokens(fold(text))
    assert all(0 <= edge.first < edge.last <= len(tokens) for edge in build_edges(fold(text), VOCABULARY))


@given(st.text(alphabet=string.ascii_lowercase + " .,-", max_size=80))
def test_ascii_shortcut_agrees_with_the_long_way(text):
    long_way = fold(text + "é")
    assert long_way.text == fold(text).text + "e"
