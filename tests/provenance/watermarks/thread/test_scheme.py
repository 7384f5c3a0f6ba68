"""Marks between words: read back from what is left, and never anything else than what was woven in."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.errors import PayloadTooLargeError, UnmarkableError, WatermarkError
from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.thread import scheme
from provenance.watermarks.thread.gaps import SYMBOLS, find_gaps
from provenance.watermarks.thread.scheme import LEAST, Thread, place
from tests.letters import chinese, letter, sentences

KEYS = (WatermarkKey("new", bytes(range(32))), WatermarkKey("old", bytes(range(1, 33))))
THREAD = Thread(KEYS)
TEXT = " ".join(sentences(12))
HAN = "".join(chinese(12))


def bare(text):
    return "".join(char for char in text if char not in SYMBOLS)


@settings(max_examples=25)
@given(st.integers(0, 2**64 - 1), st.integers(0, 2**32), st.sampled_from([TEXT, HAN]))
def test_a_third_may_be_lost(payload, seed, text):
    rng = random.Random(seed)
    marked = THREAD.embed(text, payload)
    assert bare(marked) == text
    left = "".join(char for char in marked if char not in SYMBOLS or rng.random() >= 0.3)
    reading = THREAD.extract(left)
    assert (reading.payload, reading.key_id, reading.corrected_bits) == (payload, "new", 0)
    assert reading.false_positive_bound < 1e-8


@settings(max_examples=25)
@given(st.integers(2, 2**32))  # 1 is the text that is marked
def test_what_nobody_wove_in_is_no_mark(seed):
    rng = random.Random(seed)
    text = " ".join(sentences(12, seed))
    scattered = place(text, ((gap.at, rng.choice(SYMBOLS) + rng.choice(SYMBOLS)) for gap in find_gaps(text)))
    assert THREAD.extract(scattered) is None
    marked = THREAD.embed(TEXT, 5)
    carried = [char for char in marked if char in SYMBOLS]
    other = place(text, ((gap.at, "".join(carried[4 * n : 4 * n + 4])) for n, gap in enumerate(find_gaps(text))))
    assert THREAD.extract(other) is None


def test_an_excerpt_and_an_edited_text_are_read():
    long = " ".join(sentences(60))
    marked = THREAD.embed(long, 7)
    assert THREAD.extract(marked[len(marked) // 3 : 2 * len(marked) // 3]).payload == 7
    assert THREAD.extract(marked.replace("harbour", "hospital")).payload == 7
    assert THREAD.extract("\n".join("> " + line for line in marked.upper().split(". "))).payload == 7


def test_one_paragraph_of_a_letter_is_read_under_every_key():
    """With 512 symbols a text, a paragraph of 71 words was not read under one key in four."""
    text = letter().decode()
    sizes = [len(one.split()) for one in text.split("\n\n")[2:]]
    assert sizes == [71, 70, 59]
    rng = random.Random(15)
    for _ in range(40):
        thread, payload = Thread((WatermarkKey("one", rng.randbytes(32)),)), rng.getrandbits(64)
        parts = thread.embed(text, payload).split("\n\n")[2:]
        assert [reading and reading.payload for reading in map(thread.extract, parts)] == [payload] * 3


def test_marks_of_another_density_are_read(monkeypatch):
    """How dense a mark is decides who writes it, and no reader asks: what older releases carry is read as before."""
    for wanted in (300, 512, 1000):
        monkeypatch.setattr(scheme, "WANTED", wanted)
        marked = THREAD.embed(TEXT, wanted)
        monkeypatch.undo()
        assert THREAD.extract(marked).payload == wanted


def test_two_marked_texts_in_one_are_read_by_windows():
    joined = THREAD.embed(" ".join(sentences(80, 3)), 1) + "\n\n" + THREAD.embed(" ".join(sentences(80, 4)), 2)
    assert THREAD.extract(joined).payload in {1, 2}


def test_older_keys_read_and_others_do_not():
    marked = Thread(KEYS[1:]).embed(TEXT, 9)
    assert THREAD.extract(marked).key_id == "old"
    assert Thread((WatermarkKey("else", bytes(32)),)).extract(marked) is None


@pytest.mark.parametrize(("text", "size"), [(TEXT, 50), (HAN, 60)])
def test_the_least_that_users_are_told_is_marked_and_read_whole(text, size):
    least = " ".join(text.split()[:size]) if " " in text else text[:size]
    assert THREAD.extract(THREAD.embed(least, 11)).payload == 11


def test_a_short_text_has_no_room():
    with pytest.raises(UnmarkableError, match=str(LEAST)):
        THREAD.embed("Too short to hold it.", 1)
    with pytest.raises(UnmarkableError):
        THREAD.embed("", 1)
    with pytest.raises(PayloadTooLargeError):
        THREAD.embed(TEXT, 1 << 64)
    with pytest.raises(WatermarkError):
        Thread(())
    assert THREAD.extract("") is None


@settings(max_examples=20)
@given(st.integers(0, 2**64 - 1), st.integers(2, 60), st.integers(1, 8))
def test_what_is_woven_is_read_or_said_to_have_no_room(payload, words, times):
    """A refrain has many places that are one: such a text was marked, and its mark was not read back."""
    text = (" ".join(TEXT.split()[:words]) + "\n") * times
    try:
        marked = THREAD.embed(text, payload)
    except UnmarkableError:
        return
    assert THREAD.extract(marked).payload == payload


def test_a_refrain_is_said_to_have_too_few_places():
    with pytest.raises(UnmarkableError, match="words differ"):
        THREAD.embed("The boats come home and all the bells begin to ring\n" * 40, 1)
