"""Pages that anybody can read, whatever is in the texts, and that come out the same twice."""

import re
import zlib
from base64 import a85decode

from policies.audit.case_file import load_case
from policies.audit.case_pages import MOST_CHARS, build_pages, list_tables
from provenance.asset import AssetId


def drawn_in(pdf):
    """Return the drawing instructions of a PDF's pages."""
    parts = re.findall(rb"/ASCII85Decode /FlateDecode[^>]*>>\s*stream\s*(.*?)endstream", pdf, re.DOTALL)
    return b"\n".join(zlib.decompress(a85decode(part.strip().removesuffix(b"~>"))) for part in parts)


def test_every_fact_of_a_case_is_on_its_pages(docket):
    here = docket.here
    case = load_case(here, AssetId(docket.copied))
    tables = list_tables(case, None, here.log.checkpoint(), docket.vkey)
    assert [name for name, _, _ in tables] == [
        "Asset",
        "Decisions",
        "Why",
        "What detectors answered",
        "What that rests on",
        "Policies that decided",
        "Entries of the ledger",
        "Proof",
    ]
    pdf = build_pages(tables, {}, case.asset.id)
    assert pdf == build_pages(tables, {}, case.asset.id)
    said = drawn_in(pdf)
    assert case.asset.id.encode() in said
    assert b"House rules 4" in said


def test_hostile_texts_stay_texts():
    evil = ["<b>bold</b> & <img src=x>", "\u202ereversed", "x" * 10_000, "\x00\x1b[31m", "生成 한국 مرحبا", "\ud800"]
    pdf = build_pages([("Texts", ("", ""), [("text", one) for one in evil])], {}, "x")
    said = drawn_in(pdf)
    assert b"<b>bold</b> & <img src=x>" in said
    assert said.count(b"x" * 50) < MOST_CHARS / 50
    assert rb"\\u202e" in said
    assert b"ChopmarkLabelSans" in pdf
