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
