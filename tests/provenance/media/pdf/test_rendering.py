import zlib

import numpy as np
import pytest

from provenance.errors import AssetTooLargeError, UndecodableAssetError
from provenance.media.pdf import rendering
from provenance.media.pdf.rendering import LEAST_SIDE, SIDE, show_pages
from tests.papers import paper, plot

BOUNDS = {"most_pages": 200, "most_pixels": 40_000_000}


def frame(sheet):
    return np.frombuffer(zlib.decompress(sheet.pixels), np.uint8).reshape(sheet.height, sheet.width, 3)


def test_each_page_has_its_words_and_its_look():
    first, second = show_pages(paper(picture=True), **BOUNDS)
    assert first.text.count("\n") == 11
    assert "\r" not in first.text
    assert first.text != second.text
    assert max(first.width, first.height) == SIDE
    seen = frame(first)
    assert seen[:20].min() == 255, "paper"
    assert seen[600:850, 100:300].std() > 20, "the photograph"
    assert abs(first.sides[0] - 595.28) < 0.1


def test_a_turned_page_is_shown_turned():
    (sheet,) = show_pages(paper(pages=1, turn=90), **BOUNDS)
    assert sheet.width > sheet.height
    assert sheet.sides[0] > sheet.sides[1]


def test_letters_of_type_3_fonts_are_words():
    (sheet,) = show_pages(plot(), **BOUNDS)
    assert "Boats at low tide" in sheet.text


def test_all_pages_together_keep_within_the_bound():
    sheets = show_pages(paper(pages=9), most_pages=200, most_pixels=1_000_000)
    assert sum(sheet.width * sheet.height for sheet in sheets) <= 1_000_000
    assert max(sheets[0].width, sheets[0].height) == 333
    (least,) = show_pages(paper(pages=1), most_pages=1, most_pixels=1)
    assert max(least.width, least.height) == LEAST_SIDE
    (words,) = show_pages(paper(pages=1), most_pages=1, most_pixels=0)
    assert (words.width, words.height, zlib.decompress(words.pixels)) == (0, 0, b"")
    assert words.text


def test_more_than_is_taken_is_refused(monkeypatch):
    with pytest.raises(AssetTooLargeError, match="1 to 3 pages, got 4"):
        show_pages(paper(pages=4), most_pages=3, most_pixels=1_000_000)
    monkeypatch.setattr(rendering, "MOST_CHARACTERS", 100)
    with pytest.raises(AssetTooLargeError, match="at most 100 characters"):
        show_pages(paper(), **BOUNDS)


def test_what_pdfium_does_not_read_is_refused():
    for data in (b"", b"%PDF-1.7", b"%PDF-1.7\n%%EOF", paper()[:200]):
        with pytest.raises(UndecodableAssetError):
            show_pages(data, **BOUNDS)
