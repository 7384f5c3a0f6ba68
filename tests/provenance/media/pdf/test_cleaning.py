"""What comes along of a PDF, what stays behind, and what is refused."""

import io
from contextlib import suppress

import pytest
from pypdf import PdfReader
from pypdf.generic import ArrayObject, FloatObject, NameObject, NumberObject

from provenance.errors import AssetError, AssetTooLargeError, UndecodableAssetError
from provenance.media.pdf import cleaning
from provenance.media.pdf.cleaning import clean_pdf, list_pages, measure_box, open_pdf, read_said
from tests.papers import (
    HOSTILE,
    annotate,
    box,
    change,
    dictionary,
    link,
    name,
    paper,
    plot,
    stream,
    text,
)


def test_what_nobody_sees_in_a_title_does_not_ship():
    hiding = paper(title="A \u202eletter\U000e0041")
    assert PdfReader(io.BytesIO(hiding)).metadata.title == "A \u202eletter\U000e0041"
    cleaned = clean_pdf(hiding)
    assert PdfReader(io.BytesIO(cleaned.data)).metadata.title == "A letter"
    assert cleaned.said.title != "A letter", "as it was, for the record"


def words(data):
    return [page.extract_text().split() for page in PdfReader(io.BytesIO(data)).pages]


@pytest.mark.parametrize(
    "data", [paper(), paper(picture=True), plot(), paper(turn=90)], ids=["words", "picture", "plot", "turned"]
)
def test_pages_come_along_as_they_are(data):
    cleaned = clean_pdf(data)
    assert words(cleaned.data) == words(data)
    assert clean_pdf(data).data == cleaned.data, "the same each time"
    again = clean_pdf(cleaned.data)
    assert words(again.data) == words(data)


@pytest.mark.parametrize("what", HOSTILE)
def test_what_does_more_than_show_pages_is_refused_with_the_reason(what):
    with pytest.raises(UndecodableAssetError) as caught:
        clean_pdf(HOSTILE[what](paper()))
    assert what.split()[0].lower() in str(caught.value).lower()


def test_a_manifest_of_others_is_no_reason_and_stays_behind():
    def attach(writer):
        held = writer._add_object(stream(b"jumb", Type=name("EmbeddedFile")))
        spec = dictionary(Type=name("Filespec"), AFRelationship=name("C2PA_Manifest"), EF=dictionary(F=held))
        writer.root_object[NameObject("/AF")] = ArrayObject([writer._add_object(spec)])

    cleaned = clean_pdf(change(paper(), attach))
    assert b"C2PA_Manifest" not in cleaned.data
    assert b"EmbeddedFile" not in cleaned.data


def test_what_is_no_page_stays_behind_and_is_named():
    def edit(writer):
        writer.add_outline_item("A chapter", 0)
        writer.root_object[NameObject("/OCProperties")] = dictionary()
        writer.root_object[NameObject("/AcroForm")] = dictionary(Fields=ArrayObject())
        writer.add_metadata({"/Author": "Somebody Private", "/Title": "A\n title"})
        writer._add_object(text("an object that nothing needs"))
        annotate(
            writer, dictionary(Type=name("Annot"), Subtype=name("Text"), Rect=box(0, 0, 9, 9), Contents=text("a note"))
        )

    cleaned = clean_pdf(change(paper(), edit))
    assert set(cleaned.left_out) >= {
        "bookmarks of the PDF",
        "layers: all of them are shown of the PDF",
        "forms of the PDF",
        "annotations of the PDF",
        "author, dates and other document information of the PDF",
    }
    for gone in (b"A chapter", b"Somebody Private", b"nothing needs", b"a note", b"OCProperties"):
        assert gone not in cleaned.data
    assert (cleaned.said.title, cleaned.said.items) == ("A title", ())
    assert PdfReader(io.BytesIO(cleaned.data)).metadata.title == "A title"


def test_links_to_addresses_are_written_anew_and_others_stay_behind():
    def edit(writer):
        annotate(writer, link("https://example.org/a?b=c", T=text("x")))
        annotate(writer, link("file:///etc/passwd"))
        annotate(writer, link("https://example.org/" + "a" * 4000))

    cleaned = clean_pdf(change(paper(), edit))
    assert cleaned.links == (("https://example.org/a?b=c",), ())
    assert "annotations of the PDF" in cleaned.left_out
    kept = PdfReader(io.BytesIO(cleaned.data)).pages[0]["/Annots"]
    assert [set(one.get_object()) for one in kept] == [{"/Type", "/Subtype", "/Rect", "/Border", "/A"}]


def test_what_shows_something_else_at_other_times_is_taken_out():
    def edit(writer):
        writer.pages[0]["/Resources"][NameObject("/Properties")] = dictionary(MC0=dictionary(Type=name("OCG")))
        for image in writer.pages[0]["/Resources"]["/XObject"].values():
            image.get_object()[NameObject("/Alternates")] = ArrayObject([dictionary(Image=stream(b"other"))])

    changed = change(paper(picture=True), edit)
    assert b"Alternates" in changed
    cleaned = clean_pdf(changed)
    assert b"Alternates" not in cleaned.data
    assert b"OCG" not in cleaned.data


def test_only_what_is_shown_of_a_page_is_its_box():
    def crop(writer):
        writer.pages[0][NameObject("/CropBox")] = box(100, 100, 400, 900)

    page = PdfReader(io.BytesIO(clean_pdf(change(paper(), crop)).data)).pages[0]
    assert [float(side) for side in page["/MediaBox"]][:3] == [100, 100, 400]
    assert "/CropBox" not in page


@pytest.mark.parametrize("sides", [(0, 0, 10, 10), (0, 0, 20_000, 500), (0, 0, 10**30, 9), (0, 0, 99), "no box"])
def test_pages_that_nobody_shows_are_refused(sides):
    found = text(sides) if isinstance(sides, str) else ArrayObject(FloatObject(side) for side in sides)
    with pytest.raises(UndecodableAssetError):
        measure_box({"/MediaBox": found})
    with pytest.raises(UndecodableAssetError):
        clean_pdf(change(paper(), lambda writer: writer.pages[0].__setitem__(NameObject("/MediaBox"), found)))


def test_a_tree_of_pages_has_an_end(monkeypatch):
    node = dictionary(Type=name("Pages"))
    node[NameObject("/Kids")] = ArrayObject([node])
    with pytest.raises(AssetTooLargeError):
        list(list_pages({"/Pages": node}))
    leaf = dictionary(Type=name("Page"), MediaBox=box(0, 0, 99, 99))
    wide = dictionary(Type=name("Pages"), Kids=ArrayObject([leaf] * 1000))
    with pytest.raises(AssetTooLargeError, match="1000: hand it in by parts"):
        list(list_pages({"/Pages": wide}))
    deep = leaf
    for _ in range(12):  # every level shows the one below twice: 4,096 pages out of 13 objects
        deep = dictionary(Type=name("Pages"), Kids=ArrayObject([deep, deep]))
    with pytest.raises(AssetTooLargeError):
        list(list_pages({"/Pages": deep}))
    with pytest.raises(UndecodableAssetError, match="got none"):
        list(list_pages({}))
    monkeypatch.setattr(cleaning, "MOST_OBJECTS", 5)
    with pytest.raises(AssetTooLargeError, match="at most 5 objects"):
        clean_pdf(paper())


def test_what_pages_share_they_inherit():
    inner = dictionary(Type=name("Pages"), Rotate=NumberObject(90), Kids=ArrayObject([dictionary(Type=name("Page"))]))
    outer = dictionary(Type=name("Pages"), MediaBox=box(0, 0, 99, 99), Kids=ArrayObject([inner]))
    (page,) = list_pages({"/Pages": outer})
    assert (page["/Rotate"], measure_box(page)) == (90, (0, 0, 99, 99))


def test_metadata_is_read_and_bounded():
    def edit(writer):
        writer.add_metadata({"/AIGC": '{"Label":"1"}', "/aigc": "x" * 100_000})
        writer.root_object[NameObject("/Metadata")] = writer._add_object(stream(b"<x:xmpmeta/>", Type=name("Metadata")))

    said = read_said(open_pdf(change(paper(), edit)))
    assert said.items[0] == '{"Label":"1"}'
    assert len(said.items[1]) == 32_768
    assert said.xmp == b"<x:xmpmeta/>"


def test_a_file_without_its_end_or_with_something_behind_it_is_refused():
    data = paper()
    for damaged in (data[:-20], data + b"PK\x05\x06" + bytes(18), data + b"\xff" * 9, b"%PDF-1.7\n%%EOF"):
        with pytest.raises(UndecodableAssetError):
            clean_pdf(damaged)
    assert clean_pdf(data + b"\r\n \0").data


def test_no_damage_is_an_error_of_somebody_else():
    data = paper()
    for at in range(0, len(data) - 10, 131):
        with suppress(AssetError):
            assert clean_pdf(data[:at] + b"/Kids[<<" + data[at + 8 :]).links
