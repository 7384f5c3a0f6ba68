"""Where marks may stand: never where a character would break something, and known again by letters alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.watermarks.thread.gaps import CONTEXT_LETTERS, SYMBOLS, find_gaps, fold_tail, read_symbols

PROSE = "The well-known harbour master wrote to the choir because boats were late"


@pytest.mark.parametrize(
    "text",
    [
        "see https://example.com/a/b?c=d next",
        "mail me@example.com now",
        "a `code span` and",
        "1. 2. 3. 4.",
        "# - * > | ~",
        "v1.2.3 x86_64 a=b ",
    ],
)
def test_nothing_stands_in_or_behind_what_it_would_break(text):
    for gap in find_gaps(text):
        word = text[: gap.at].split()[-1]
        assert word.strip("([\"'\u2018\u201c*").replace("-", "").isalpha(), word


def test_a_place_is_known_by_letters_alone():
    plain = [gap.context for gap in find_gaps(PROSE)]
    other = [gap.context for gap in find_gaps("\n> " + PROSE.upper().replace(" the ", "\n> \t the  "))]
    assert plain == other
    assert len(plain) > 8


def test_letters_that_join_take_no_joiners():
    assert {gap.slots for gap in find_gaps("\u0643\u062a\u0627\u0628 " * 8)} == {3}
    assert {gap.slots for gap in find_gaps("letter " * 8)} == {4}


def test_characters_without_spaces_have_places_between_them():
    gaps = list(find_gaps("\u6d77\u8fb9\u7684\u5c0f\u9547\u5728\u6e05\u6668"))
    assert [gap.at for gap in gaps] == [3, 4, 5, 6, 7]
    assert all(gap.is_narrow for gap in gaps)


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_tail_of_two_parts_is_that_of_both(one, other):
    assert fold_tail(fold_tail("", one), other) == fold_tail("", one + other)
    assert len(fold_tail("", one)) <= CONTEXT_LETTERS


@given(st.text(alphabet="ab \n.,\u6d77\u8fb9" + SYMBOLS, max_size=80))
def test_symbols_change_no_context(text):
    bare = "".join(char for char in text if char not in SYMBOLS)
    contexts = [context for context, _ in read_symbols(text)]
    assert len(contexts) == len(text) - len(bare)
    assert set(contexts) <= {fold_tail("", bare[:at]) for at in range(len(bare) + 1)}


@pytest.mark.parametrize(
    "words",
    [
        "\u092e\u091b\u0941\u0906\u0930\u0947 \u0938\u0942\u0930\u091c \u0928\u093f\u0915\u0932\u0928\u0947 \u0938\u0947 \u092a\u0939\u0932\u0947 ",
        "\u0e0a\u0e32\u0e27\u0e1b\u0e23\u0e30\u0e21\u0e07 \u0e40\u0e14\u0e47\u0e01\u0e46 \u0e27\u0e34\u0e48\u0e07\u0e40\u0e25\u0e48\u0e19 ",
        "\u0bae\u0bc0\u0ba9\u0bb5\u0bb0\u0bcd\u0b95\u0bb3\u0bcd \u0b95\u0b9f\u0bb2\u0bc1\u0b95\u0bcd\u0b95\u0bc1\u0b9a\u0bcd ",
        "\u0db8\u0dca\u200d\u0dbb\u0dd3 \u0dbd\u0d82\u0d9a\u0dcf\u0dc0\u0dda ",
        "\u0631\u0648\u0632 \u0645\u06cc\u200c\u0631\u0648\u0646\u062f ",
    ],
    ids=["hindi", "thai", "tamil", "sinhala with a joiner", "persian with a non-joiner"],
)
def test_vowel_signs_and_joiners_are_part_of_a_word(words):
    gaps = list(find_gaps(words * 3))
    assert {words[(gap.at % len(words)) :][:1] for gap in gaps} == {" "}
    assert len(gaps) >= 3 * words.count(" ") - 1
    assert {gap.slots for gap in gaps} == {3}


def test_words_of_korean_stand_between_spaces():
    gaps = list(find_gaps("\uc5b4\ubd80\ub4e4\uc740 \ud574\uac00 \ub728\uae30 \uc804\uc5d0 \ubc14\ub2e4\ub85c"))
    assert not any(gap.is_narrow for gap in gaps)
