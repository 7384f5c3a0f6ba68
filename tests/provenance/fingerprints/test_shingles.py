"""Codes of texts: alike for alike words, far apart for others, and digests that only the same letters have."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.fingerprints.shingles import (
    CODE_BITS,
    LEAST_SHINGLES,
    RADIUS_BITS,
    compute_code,
    compute_passages,
    distance_bits,
    hash_letters,
    is_phrase,
    list_shingles,
)
from tests.letters import chinese, sentences

ENGLISH, HAN = " ".join(sentences(14)), "".join(chinese(14))


def distance(one, other):
    return distance_bits(compute_code(one).value, compute_code(other).value)


@pytest.mark.parametrize("text", [ENGLISH, HAN])
def test_a_few_changed_words_leave_it_near(text):
    rng = random.Random(3)
    changed = "".join("x" if rng.random() < 0.004 else char for char in text)
    assert 0 < distance(text, changed) <= RADIUS_BITS
    assert distance(text, text.upper().replace(" ", "\n")) == 0


def test_other_texts_are_far():
    texts = [" ".join(sentences(14, seed)) for seed in range(6)] + ["".join(chinese(14, seed)) for seed in range(6)]
    pairs = [(a, b) for at, a in enumerate(texts) for b in texts[at + 1 :]]
    assert min(distance(a, b) for a, b in pairs) > RADIUS_BITS


def test_few_words_have_no_code():
    assert compute_code(" ".join("abcdefghi"[:LEAST_SHINGLES])) is None
    assert compute_code(" ".join("abcdefghi"[: LEAST_SHINGLES + 1])) is not None
    assert compute_passages("two words").codes == ()


@given(st.text(max_size=200))
def test_any_text_has_a_digest_and_maybe_a_code(text):
    assert len(hash_letters(text)) == 32
    code = compute_code(text)
    assert (code is None) == (len(list_shingles(text)) < LEAST_SHINGLES)
    assert code is None or len(code.value) * 8 == CODE_BITS


@pytest.mark.parametrize(("one", "other"), [
    ("take 1.5 mg", "take 15 mg"), ("minus -5 degrees", "minus 5 degrees"), ("50 % off", "50% off now"), ("a b", "a c"),
    ("on 2026-11-29", "on 20261129"), ("5%", "5"),
])  # fmt: skip
def test_other_numbers_are_other_letters(one, other):
    assert hash_letters(one) != hash_letters(other)


@pytest.mark.parametrize(("one", "other"), [
    ("Hello, world!", "hello   WORLD"), ("**bold** words", "bold words"), ("\uff21\uff11", "a1"), ("1. first", "1 first"),
])  # fmt: skip
def test_form_is_no_letter(one, other):
    assert hash_letters(one) == hash_letters(other)


def test_a_passage_has_a_code_of_its_own():
    paragraphs = [" ".join(sentences(4, seed)) for seed in range(5)]
    whole = compute_passages("\n\n".join(paragraphs))
    assert len(whole.codes) == 6
    assert compute_passages(paragraphs[2]).codes[0].value == whole.codes[3].value


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", True), ("Yes.", True), ("It opens at nine.", True), ("\u4eca\u5929\u5f88\u597d", True), ("a b c d e f g h", True),
     ("a b c d e f g h i", False), ("yes " * 30, False), (ENGLISH, False), (HAN[:20], False)],
)  # fmt: skip
def test_a_phrase_is_too_short_for_a_code_whatever_it_says(text, expected):
    assert is_phrase(text) is expected
    assert not expected or compute_code(text) is None
