import pytest

from provenance.media.limits import IntakeLimits
from provenance.media.pdf.font import build_letters
from provenance.media.pdf.placing import is_dark, place_label, shows_label
from provenance.media.pdf.readers import READERS
from provenance.storage.blob import Blob
from tests.papers import paper

LETTERS = build_letters("AI生成")


def take(data):
    return READERS.take(Blob.from_bytes(data), IntakeLimits())


def test_it_stands_on_the_first_page_or_the_last_where_nothing_is():
    sheets = take(paper(pages=3))
    first, last = (place_label(sheets, "AI生成", where, LETTERS) for where in ("start", "end"))
    assert (first.page, last.page) == (0, 2)
    assert first.box[1] > 0.9 * sheets.pages[0].sides[1]
    assert last.box[3] < 0.1 * sheets.pages[0].sides[1]
    assert first.strip == last.strip == 0
    assert first.size >= 10.5


def test_where_the_edge_is_full_the_page_grows():
    sheets = take(paper(edge=True))
    above, below = (place_label(sheets, "AI生成", where, LETTERS) for where in ("start", "end"))
    assert above.strip > 20
    assert above.box[1] > sheets.pages[0].sides[1]
    assert below.strip < -20


def test_a_narrow_page_has_smaller_letters():
    sheets = take(paper(pages=1, sides=(60, 200), size=6))
    placed = place_label(sheets, "AI生成", "start", LETTERS)
    assert placed.box[2] <= 60
    assert placed.size < 20


def test_a_label_counts_where_its_words_and_its_ink_are_there():
    sheets = take(paper())
    assert not shows_label(sheets, place_label(sheets, "AI生成", "start", LETTERS)), "neither"
    word = paper().decode("latin-1") and sheets.pages[0].text.split()[0]
    blank = place_label(sheets, word, "start", build_letters(word))
    assert not shows_label(sheets, blank), "the word is on the page, and no ink in its place"


@pytest.mark.parametrize(("ground", "dark"), [(None, False), (0.9, False), (0.05, True)])
def test_dark_pages_are_told(ground, dark):
    assert is_dark(take(paper(pages=1, ground=ground)).pages[0]) is dark
