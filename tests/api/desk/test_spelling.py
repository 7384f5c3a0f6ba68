from datetime import UTC, datetime, timedelta

import pytest

from api.desk.language import load_words
from api.desk.spelling import SHOWN, clean, spell_ago, spell_number, spell_size, spell_span


@pytest.mark.parametrize("char", ["\x00", "\x07", "\x1b", "\x9b", "\u202e", "\u2066", "\ud800", "\ufffe"])
def test_what_could_turn_or_ring_is_shown_as_a_stand_in(char):
    assert clean(f"a{char}b") == "a\ufffdb"


def test_long_text_is_cut_and_lines_stay():
    assert clean("a\nb") == "a\nb"
    assert clean("x" * 10_000) == "x" * SHOWN + "…"


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1400, "1.4 kB"), (2_500_000, "2.5 MB"), (64 << 20, "64 MiB"), (9e12, "9000.0 GB")],
)
def test_sizes(size, text):
    assert spell_size(size) == text


def test_numbers():
    assert (spell_number(None), spell_number(12_000), spell_number(0.98765)) == ("", "12,000", "0.988")
    assert [spell_number(value) for value in (0.0, 3e-05, -2e-4, 0.00123, 60.0, 4321.5)] == [
        "0", "<0.001", ">-0.001", "0.00123", "60", "4,322",
    ]  # fmt: skip


def test_lengths_of_time_by_their_largest_unit():
    words = load_words("en")
    assert [spell_span(words, s) for s in (0, 59, 60, 7200, 200_000)] == ["0 s", "59 s", "1 min", "2 h", "2 days"]
    assert spell_span(load_words("zh"), 7200) == "2 小时"


def test_what_is_no_time_breaks_nothing():
    words = load_words("en")
    assert spell_ago(words, "yester\x07day") == "yester\ufffdday"
    assert spell_ago(words, datetime.now(UTC).isoformat()) == "just now"
    assert spell_ago(words, (datetime.now(UTC) - timedelta(hours=3, minutes=1)).isoformat()) == "3 h ago"
    assert spell_ago(words, "2020-01-01T00:00:00").endswith("days ago")
