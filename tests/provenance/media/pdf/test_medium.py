"""What the medium makes of a grant, and what it says of a file that is not its own."""

from dataclasses import replace

import pytest

from provenance.asset import AssetId, Digest
from provenance.errors import UndecodableAssetError, UnmarkableError
from provenance.grant import Grant, MarkKind, Obligation
from provenance.labels.aigc import AigcItem, build_aigc
from provenance.media.limits import IntakeLimits
from provenance.media.medium import Claims, Kit, Orders, Provider
from provenance.media.pdf.medium import MOST_READ_BACK, PdfMedium, build_medium
from provenance.storage.blob import Blob
from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.tile2.scheme import Tile2
from tests.papers import HOSTILE, change, paper

KEYS = (WatermarkKey("own", bytes(range(32))),)
TILE = Tile2(KEYS)
MEDIUM = build_medium(Kit(KEYS, TILE, {"tile2": TILE}))
LIMITS = IntakeLimits()


def orders(data, *kinds, required=False, **parameters):
    found = tuple(
        Obligation(kind, parameters if kind is MarkKind.EXPLICIT_LABEL else {}, required=required) for kind in kinds
    )
    grant = Grant(AssetId("a"), Digest("0" * 64), "d", (), found, 7)
    return Orders(AssetId("a"), grant, 7 << 8 | 1, Provider("somebody"), {}, Blob.from_bytes(data))


def make(data, *kinds, medium=MEDIUM, **parameters):
    content = medium.take(Blob.from_bytes(data), Claims(), LIMITS)
    made = medium.mark(content, orders(data, *kinds, **parameters))
    return made, medium.show(made.file, made)


@pytest.mark.parametrize("ground", [0.0, 0.5])
def test_dark_pages_and_grey_ones_bear_the_mark(ground):
    made, shown = make(paper(ground=ground), MarkKind.WATERMARK, MarkKind.EXPLICIT_LABEL)
    assert shown.marks[MarkKind.WATERMARK].facts == {
        "payload": f"{7 << 8 | 1:016x}",
        "pages_read": 2,
        "pages_looked_at": 2,
    }
    assert shown.marks[MarkKind.EXPLICIT_LABEL].is_made
    assert shown.problem == ""
    assert MEDIUM.read_mark(MEDIUM.take(made.file, Claims(), LIMITS)).reading.payload == 7 << 8 | 1


def test_of_many_pages_some_are_read_back():
    _, shown = make(paper(pages=12), MarkKind.WATERMARK)
    assert shown.marks[MarkKind.WATERMARK].facts["pages_looked_at"] == MOST_READ_BACK


@pytest.mark.parametrize("turn", [90, 180])
def test_turned_pages_with_a_label_at_the_end(turn):
    made, shown = make(
        paper(turn=turn), MarkKind.WATERMARK, MarkKind.EXPLICIT_LABEL, text="AI合成", text_position="end"
    )
    assert all(shown.marks[kind].is_made for kind in (MarkKind.WATERMARK, MarkKind.EXPLICIT_LABEL))
    pages = MEDIUM.take(made.file, Claims(), LIMITS).pages
    assert ["AI合成" in page.text.replace("\n", "") for page in pages] == [False, True]


def test_a_page_that_is_written_on_from_side_to_side_grows():
    made, shown = make(paper(edge=True), MarkKind.EXPLICIT_LABEL)
    assert shown.marks[MarkKind.EXPLICIT_LABEL].is_made
    first, second = MEDIUM.take(made.file, Claims(), LIMITS).pages
    assert first.sides[1] > second.sides[1] + 20


def test_an_item_that_came_in_lives_on_and_is_the_only_one():
    theirs = build_aigc(AigcItem("them", "t-1"))
    data = change(paper(), lambda writer: writer.add_metadata({"/AIGC": theirs}))
    made, shown = make(data, MarkKind.AIGC_METADATA)
    assert shown.marks[MarkKind.AIGC_METADATA].is_made
    (one,) = MEDIUM.read_labels(made.file).aigc
    assert (one.place, one.item.content_producer, one.item.content_propagator) == (
        "pdf information",
        "them",
        "somebody",
    )


def test_without_a_scheme_the_mark_is_missing_and_told():
    _, shown = make(paper(), MarkKind.WATERMARK, medium=PdfMedium(None, {}))
    assert shown.marks[MarkKind.WATERMARK].facts == {
        "problem": "no watermark scheme is enabled",
        "pages_read": 0,
        "pages_looked_at": 2,
    }


class Idle(Tile2):
    def embed(self, frame, payload):
        return frame.copy()


def test_a_scheme_that_lays_nothing_over_paper_fails_what_is_required_alone():
    medium = PdfMedium(Idle(KEYS), {})
    _, shown = make(paper(), MarkKind.WATERMARK, medium=medium)
    assert not shown.marks[MarkKind.WATERMARK].is_made
    content = medium.take(Blob.from_bytes(paper()), Claims(), LIMITS)
    with pytest.raises(UnmarkableError, match="lays nothing over paper"):
        medium.mark(content, orders(paper(), MarkKind.WATERMARK, required=True))


def test_a_label_that_cannot_be_written_is_told():
    content = MEDIUM.take(Blob.from_bytes(paper()), Claims(), LIMITS)
    with pytest.raises(UnmarkableError, match=r"U\+1F916"):
        MEDIUM.mark(content, orders(paper(), MarkKind.EXPLICIT_LABEL, text="AI \U0001f916"))


def test_a_file_without_words_is_pictures():
    with pytest.raises(UndecodableAssetError, match="hand in its pages as pictures"):
        MEDIUM.take(Blob.from_bytes(_blank()), Claims(), LIMITS)


def _blank():
    return change(paper(pages=1), lambda writer: writer.pages[0].pop("/Contents"))


def test_a_strangers_file_is_looked_at_or_told_why_not():
    seen = MEDIUM.look(Blob.from_bytes(paper()), LIMITS)
    assert (seen.problem, len(seen.content.pages)) == (None, 2)
    for data in (HOSTILE["JavaScript"](paper()), _blank(), b"%PDF-1.7 and no more"):
        seen = MEDIUM.look(Blob.from_bytes(data), LIMITS)
        assert seen.content is None
        assert isinstance(seen.problem, UndecodableAssetError)
    assert MEDIUM.weigh(Blob.from_bytes(paper()), LIMITS) == LIMITS.max_pixels
    assert MEDIUM.weigh(Blob.from_bytes(paper()), replace(LIMITS, max_bytes=9)) == 0
    assert MEDIUM.read_labels(Blob.from_bytes(b"%PDF-1.7 and no more")).problems
