import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.errors import WorksError
from provenance.works.naming import build_title, is_same_name, parse_name


@pytest.mark.parametrize(("written", "kept"), [
    ("山田　太郎", "山田 太郎"), ("9:41\u202fAM", "9:41 AM"), ("a\u00a0 \u3000b", "a b"), ("  a  ", "a"),
    ("e\u0301t\u00e9", "été"), ("👩\u200d👧", "👩\u200d👧"), ("क्\u200dष", "क्\u200dष"), ("می\u200cخواهم", "می\u200cخواهم"),
    ("a\u202etxt.exe", "atxt.exe"), ("\ufeffa\u200b\u00adb\u2069", "ab"), ("عنوان\u200f", "عنوان"), ("Ǆ", "Ǆ"), ("", ""),
])  # fmt: skip
def test_names_have_one_spelling(written, kept):
    assert parse_name("title", written, 100) == kept


@pytest.mark.parametrize("written", ["a\x1b[31m", "a\nb", "a\0", "a\x9b", "\ud800"])
def test_controls_are_no_part_of_a_name(written):
    with pytest.raises(WorksError, match="the owner has printable characters only"):
        parse_name("owner", written, 100)


def test_a_name_is_as_long_as_it_is_kept():
    assert parse_name("title", "x" * 5 + " " * 50, 5) == "xxxxx"
    with pytest.raises(WorksError, match="the title is at most 5 characters, got 6"):
        parse_name("title", "x" * 6, 5)


@given(st.text(alphabet=st.characters()))
def test_whatever_a_file_is_called_it_gets_a_title_that_is_a_name(stem):
    title = build_title(stem, 20)
    assert 0 < len(title) <= 20
    assert parse_name("title", title, 20) == title


def test_titles_of_odd_file_names():
    assert build_title("two\nlines", 20) == "two lines"
    assert build_title("caf\udce9", 20) == "caf\N{REPLACEMENT CHARACTER}"
    assert build_title("\u200b\n", 20) == "untitled"


def test_owners_are_the_same_whatever_their_case_and_width():
    assert is_same_name("ＡＢＣ　Studio", "abc studio")
    assert not is_same_name("A. Painter", "B. Painter")
