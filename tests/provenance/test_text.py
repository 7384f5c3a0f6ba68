import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.text import is_safe, respell, show

SCOTLAND = "\U0001f3f4" + "".join(chr(0xE0000 + ord(letter)) for letter in "gbsct") + "\U000e007f"
BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def is_raw(char):
    """Whether a terminal would act on `char`: controls, controls of direction, ends of lines, surrogates."""
    return (
        unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}
        or unicodedata.bidirectional(char) in BIDI
        or char in "\u061c\u200e\u200f\u2060\ufeff"
    )


@given(st.text())
def test_nothing_that_a_terminal_acts_on_is_shown(text):
    assert not any(map(is_raw, show(text)))


@given(st.text())
def test_what_was_shown_is_safe(text):
    assert is_safe(show(text))
    assert is_safe(text) == (show(text) == text)


@pytest.mark.parametrize("code", [*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
def test_no_control_of_either_set_and_no_direction_is_shown(code):
    assert show(f"a{chr(code)}b") == f"a\\x{code:02x}b" if code < 0x80 else f"a\\u{code:04x}b"


@pytest.mark.parametrize(
    "text",
    [
        "山田\u3000太郎",
        "Stéfan\u00a0van der Walt",
        "👩\u200d🚀",
        "🧑🏽\u200d🎨",
        "❤\ufe0f\u200d🔥",
        "1\ufe0f⃣",
        "क\u094d\u200dष",
        "می\u200cخواهم",
        "辻\U000e0100",
        SCOTLAND,
        f"a{SCOTLAND}b{SCOTLAND}",
    ],
)
def test_what_people_write_is_shown_as_it_is(text):
    assert show(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202egpj.exe", "a\\u202egpj.exe"),
        ("pay\u200dpal", "pay\\u200dpal"),
        (SCOTLAND[1:2] + "a", "\\U000e0067a"),
        (SCOTLAND[:-1], "\U0001f3f4" + "".join(f"\\U000e00{ord(letter):02x}" for letter in "gbsct")),
        (SCOTLAND[:2] + SCOTLAND[2:3] * 3 + SCOTLAND[-1], "\U0001f3f4\\U000e0067" + "\\U000e0062" * 3 + "\\U000e007f"),
        ("\u200d🚀", "\\u200d🚀"),
        ("a\ufe0f\ufe0fb", "a\ufe0f\\ufe0fb"),
        ("\ufe0fa", "\\ufe0fa"),
        ("a\u034fb", "a\\u034fb"),
        ("\u3164", "\\u3164"),
        ("🏴\U000e0067", "🏴\\U000e0067"),
        ("a\udcffb", "a\\xffb"),
        ("\x9b2J", "\\u009b2J"),
        ("a\u2028b", "a\\u2028b"),
        ("\ue000", "\\ue000"),
    ],
)
def test_what_hides_or_moves_is_spelled(text, shown):
    assert show(text) == shown


def test_the_spelling_is_the_callers():
    assert respell("a\x1b[2Jb", lambda _: "?") == "a?[2Jb"
