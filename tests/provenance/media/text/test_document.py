import json
from dataclasses import replace

import pytest

from provenance.media.text.document import Document, Part, Role
from provenance.media.text.kind import HTML, MARKDOWN, PLAIN, SRT, VTT
from provenance.media.text.text import parse_document

ITEM = '{"Label":"1","ContentProducer":"a --> b <!-- \\u6d77","ProduceID":"x"}'


def test_words_leave_syntax_out_and_keep_its_line_ends():
    parts = (Part("<p>", Role.SYNTAX, "\n"), Part("one & two"), Part("<b>", Role.SYNTAX, ""), Part("three", Role.KEPT))
    page = Document(HTML, parts, lang="en", title="A <title>")
    assert page.words == "\none & twothree"
    assert page.shown == "A <title>\n\none & twothree"
    assert "<p>one &amp; two<b>three" in page.spell()
    assert "<title>A &lt;title&gt;</title>" in page.spell()


@pytest.mark.parametrize(("media_type", "text"), [
    (MARKDOWN, "# A\n\nsome words\n"), (HTML, "<p>some words</p>"), (VTT, "WEBVTT\n\n00:01.000 --> 00:02.000\nhi\n"),
])  # fmt: skip
def test_an_item_is_written_where_its_kind_has_a_place_and_read_back(media_type, text):
    spelled = replace(parse_document(text, media_type), aigc=ITEM).spell()
    again = parse_document(spelled, media_type)
    assert again.aigc_items == 1
    assert json.loads(again.aigc.replace("--&gt;", "-->")) == json.loads(ITEM)
    assert ITEM[:12] not in again.words


@pytest.mark.parametrize("media_type", [PLAIN, SRT])
def test_without_a_place_it_is_spelled_in_what_nobody_sees(media_type):
    spelled = Document(media_type, (Part("words\n"),), aigc="{}").spell()
    assert spelled.startswith("words\ufeff")
    assert spelled.endswith("\n")
    assert "{}" not in spelled
