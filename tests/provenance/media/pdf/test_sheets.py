import zlib

import numpy as np

from provenance.fingerprints.shingles import compute_passages
from provenance.media.medium import Worded
from provenance.media.pdf.kind import PDF
from provenance.media.pdf.sheets import Page, Sheets
from provenance.media.view import PICTURE, TEXT
from provenance.storage.blob import Blob
from tests.letters import sentences

FRAME = np.arange(6 * 4 * 3, dtype=np.uint8).reshape(6, 4, 3)


def page(text, links=()):
    return Page(text, links, 4, 6, (40.0, 60.0), zlib.compress(FRAME.tobytes()))


def test_it_is_seen_as_words_and_as_pictures():
    sheets = Sheets(
        Blob.from_bytes(b"x"), (page("one\u200b word", ("https://example.org/",)), page("")), title="A title"
    )
    views = list(sheets.views())
    assert [view.kind for view in views] == [TEXT, PICTURE, PICTURE]
    assert views[0].carrier == "A title\none word\n\nhttps://example.org/"
    assert np.array_equal(views[1].carrier.frame, FRAME)
    assert sheets.facts == {"pages": 2, "characters": 9, "words": 2, "pages_without_words": 1, "mixed_words": 0}
    assert sheets.hidden.invisible == 1
    hiding = Sheets(Blob.from_bytes(b"x"), (page("words", ("https://a.example/\u200b",)),), title="A \u202etitle")
    assert (hiding.hidden.invisible, hiding.hidden.directions) == (1, 1)
    assert sheets.media_type == PDF
    assert sheets.size_bytes > 0


def test_long_words_are_shown_in_parts():
    sheets = Sheets(Blob.from_bytes(b"x"), (page("a" * 20_000),))
    shown = [view.carrier for view in sheets.views() if view.kind == TEXT]
    assert [len(part) for part in shown] == [8_000, 8_000, 8_000, 2_600]  # each begins 2,200 before the last one ends


def test_it_is_found_by_its_words():
    sheets = Sheets(Blob.from_bytes(b"x"), (page(" ".join(sentences(20))),))
    assert isinstance(sheets, Worded)
    assert sheets.passages() == compute_passages(sheets.words)
