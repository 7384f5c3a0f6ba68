"""The running order: what is heard when, in words that a page cannot take for markup."""

from html.parser import HTMLParser

import pytest

from api.running_order import Line, clock, tell_summary, write_page, write_text

LINES = [
    Line(1, "Opening <b>", "clip", 75.0, "released", "a-1", "01-opening.mp4"),
    Line(2, "A held one", "picture", 0.0, "held", why="a person has to look & decide"),
    Line(3, "Finale", "music", 30.0, "released", "a-3", "03-finale.wav"),
]


def test_text_has_times_of_what_was_released():
    text = write_text("The gala", LINES, "poster.png")
    assert "3 pieces, 1:45 in all: 2 released, 1 held" in text
    rows = [line for line in text.splitlines() if line[:3].strip().isdigit()]
    assert [row.split()[1] for row in rows] == ["0:00", "-", "1:15"]
    assert "a person has to look" in text
    assert "poster.png" in text


def test_a_page_holds_the_same_and_no_markup_of_titles():
    seen = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            seen.append(tag)

        def handle_data(self, data):
            seen.append(data)

    Reader().feed(write_page("The <i>gala</i>", LINES, "poster.png"))
    assert "b" not in seen
    assert "i" not in seen
    assert seen.count("tr") == 4
    assert any("Opening <b>" in one for one in seen)


@pytest.mark.parametrize(("seconds", "told"), [(0, "0:00"), (59.6, "1:00"), (3599, "59:59"), (9000, "2:30:00")])
def test_clock(seconds, told):
    assert clock(seconds) == told


def test_one_piece_is_one_piece():
    assert tell_summary(LINES[:1]) == "1 piece, 1:15 in all: 1 released"
