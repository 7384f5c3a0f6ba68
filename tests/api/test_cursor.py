import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cursor import build_cursor, build_page, parse_cursor
from api.refusals import InvalidRequestError


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=200))
def test_a_cursor_says_where_to_go_on(key):
    assert parse_cursor(build_cursor(key)) == key


@pytest.mark.parametrize("cursor", ["%", "a", "AAAA", "ÄÖ", base64.b64encode(b"a b").decode(), "=" * 9])
def test_others_are_refused(cursor):
    with pytest.raises(InvalidRequestError, match="cursor"):
        parse_cursor(cursor)


def test_the_last_page_leads_nowhere():
    assert parse_cursor("") == ""
    assert build_page(["a", "b"], ["1", "2"], most=2) == {"items": ["a", "b"], "next": None}
    page = build_page(["a", "b", "c"], ["1", "2", "3"], most=2)
    assert (page["items"], parse_cursor(page["next"])) == (["a", "b"], "2")
