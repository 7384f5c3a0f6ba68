"""Marks are laid over pages as they are shown, whichever way they are turned, and nothing that pages leave open matters."""

import io

import numpy as np
import pytest
from pypdf import PdfReader

from provenance.media.pdf.cleaning import clean_pdf
from provenance.media.pdf.font import build_letters
from provenance.media.pdf.orders import LabelOrder, WriteOrder
from provenance.media.pdf.rendering import show_pages
from provenance.media.pdf.writing import grow_page, turn_page, write_marks
from tests.papers import change, paper, stream
from tests.provenance.media.pdf.test_rendering import BOUNDS, frame

LETTERS = build_letters("AI生成")
BOX = (20.0, 30.0, 80.0, 52.0)


def label(strip=0.0, page=0):
    return LabelOrder("AI生成", page, BOX, 11.0, strip, LETTERS.codes, LETTERS.widths)


def write(data, **changes):
    order = WriteOrder(**{"item": "", "label": None, "veil_side": 0, "light": [False] * 9, **changes})
    return write_marks(clean_pdf(data).data, order, LETTERS.program, changes.pop("veil", b""), b"")


def show(data):
    return show_pages(data, **BOUNDS)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_label_stands_upright_where_it_is_ordered(turn):
    plain, made = (show(data)[0] for data in (clean_pdf(paper(turn=turn)).data, write(paper(turn=turn), label=label())))
    assert "AI生成" in made.text.replace("\n", "")
    assert plain.sides == made.sides
    changed = np.argwhere((frame(plain) != frame(made)).any(axis=2))
    scale = made.width / made.sides[0]
    top, left = changed.min(axis=0) / scale
    bottom, right = changed.max(axis=0) / scale
    height = made.sides[1]
    assert np.allclose((left, height - bottom, right, height - top), BOX, atol=2.5)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("strip", [40.0, -40.0])
def test_a_page_grows_by_a_strip_at_the_edge_that_is_up_or_down_as_it_is_shown(turn, strip):
    plain, made = (
        show(data)[0] for data in (clean_pdf(paper(turn=turn)).data, write(paper(turn=turn), label=label(strip)))
    )
    assert made.sides[0] == pytest.approx(plain.sides[0])
    assert made.sides[1] == pytest.approx(plain.sides[1] + 40, abs=0.1)
    scale = made.width / made.sides[0]
    rows = np.flatnonzero((frame(made) < 100).any(axis=(1, 2)))
    before = np.flatnonzero((frame(plain) < 100).any(axis=(1, 2))) * (scale / (plain.width / plain.sides[0]))
    moved = rows[rows < made.height - 60 * scale].min() - before.min()
    assert moved == pytest.approx(40 * scale if strip > 0 else 0, abs=3)


def test_what_a_page_leaves_open_does_not_reach_the_label():
    def break_state(writer):
        page = writer.pages[0]
        found = page["/Contents"].get_object().get_data()
        page[page_key("/Contents")] = writer._add_object(stream(found + b"\nq 0 0 0 0 0 0 cm 7 Tr 0 0 1 1 re W n BT"))

    made = show(write(change(paper(), break_state), label=label()))[0]
    assert "AI生成" in made.text.replace("\n", "")
    scale = made.width / made.sides[0]
    seen = frame(made)[
        int((made.sides[1] - 52) * scale) : int((made.sides[1] - 30) * scale), int(20 * scale) : int(80 * scale)
    ]
    assert seen.min() < 80


def page_key(key):
    from pypdf.generic import NameObject

    return NameObject(key)


def test_a_veil_darkens_paper_by_what_it_says_and_lightens_ink():
    import zlib

    veil = zlib.compress(np.full((10, 10), 3, np.uint8).tobytes())
    order = WriteOrder("", None, 10, [False, True])
    data = clean_pdf(paper(ground=0.0)).data
    dark = write_marks(data, WriteOrder("", None, 10, [True, True]), b"", veil, b"")
    assert frame(show(dark)[0])[5, 5].tolist() == [3, 3, 3]
    made = write_marks(clean_pdf(paper()).data, order, b"", veil, b"")
    first, second = (frame(sheet) for sheet in show(made))
    assert first[5, 5].tolist() == [252, 252, 252]
    assert second[5, 5].tolist() == [255, 255, 255]


def test_metadata_is_written_and_read():
    data = clean_pdf(paper(title="A title")).data
    made = write_marks(data, WriteOrder('{"Label":"1"}', None, 0, [False] * 2), b"", b"", b"<x:xmpmeta/>")
    reader = PdfReader(io.BytesIO(made))
    assert reader.metadata["/AIGC"] == '{"Label":"1"}'
    assert reader.metadata.title == "A title"
    assert reader.trailer["/Root"]["/Metadata"].get_data() == b"<x:xmpmeta/>"
    assert write_marks(data, WriteOrder("", None, 0, [False] * 2), b"", b"", b"").count(b"AIGC") == 0


def test_matrices_put_the_lower_left_corner_where_it_is_shown():
    sides = (10.0, 20.0, 110.0, 220.0)
    assert turn_page(sides, 0)[4:] == (10, 20)
    assert turn_page(sides, 90)[4:] == (110, 20)
    assert turn_page(sides, 180)[4:] == (110, 220)
    assert turn_page(sides, -90)[4:] == (10, 220)
    assert grow_page(sides, 0, 5) == (10, 20, 110, 225)
    assert grow_page(sides, 90, -5) == (10, 20, 115, 220)
