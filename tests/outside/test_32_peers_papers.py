"""PDFs of others' tools, with marks of others in their documented spellings: what `verify` says of each.

Made by reportlab, matplotlib, Pillow and PDFium, changed by pypdf and signed through c2pa by a vendor's certificate: none
of it by ours. Chromium's printer is asked where it is installed.
"""

import io
import json
import subprocess

import pypdfium2
import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject

from provenance.errors import AssetError
from provenance.storage.blob import Blob
from provenance.verify.state import JointState, LayerStatus
from tests.browser import CHROMIUM, NO_CHROMIUM
from tests.outside.forgeries import build_maker, sign
from tests.outside.test_31_peers import AIGC, ITEM, says, xmp
from tests.papers import HOSTILE, annotate, box, change, dictionary, name, paper, plot, stream, text
from tests.sites import build_light_settings, photograph


def inform(data, **said):
    return change(data, lambda writer: writer.add_metadata({f"/{key}": value for key, value in said.items()}))


def pack(data, packet):
    def edit(writer):
        made = writer._add_object(stream(packet, Type=name("Metadata"), Subtype=name("XML")))
        writer.root_object[NameObject("/Metadata")] = made

    return change(data, edit)


def append(data, edit):
    """Add an incremental update, as readers do that save a note: what was there stays, byte for byte."""
    writer, out = PdfWriter(io.BytesIO(data), incremental=True), io.BytesIO()
    edit(writer)
    writer.write(out)
    assert out.getvalue().startswith(data)
    return out.getvalue()


def note(writer):
    annotate(writer, dictionary(Type=name("Annot"), Subtype=name("Text"), Rect=box(0, 0, 9, 9), Contents=text("seen")))


def lock(data, password=""):
    return change(data, lambda writer: writer.encrypt(password, "the owner's", algorithm="AES-256"))


def scan():
    """A page that is a picture alone, as scanners make it."""
    out = io.BytesIO()
    photograph(side=256).save(out, "PDF")
    return out.getvalue()


def save_by_pdfium(data):
    document, out = pypdfium2.PdfDocument(data), io.BytesIO()
    document.save(out)
    document.close()
    return out.getvalue()


def compress(data):
    """Put objects into an object stream, whose cross references are a stream as well (PDF 1.5)."""
    reader = PdfReader(io.BytesIO(data))
    kept = {number: reader.get_object(number) for number in sorted(reader.xref[0])}
    plain = {number: one for number, one in kept.items() if one is not None and not hasattr(one, "get_data")}
    bodies, heads = io.BytesIO(), []
    for number, one in plain.items():
        heads.append(f"{number} {bodies.tell()}")
        one.write_to_stream(bodies)
        bodies.write(b"\n")
    head = (" ".join(heads) + "\n").encode()
    packed = head + bodies.getvalue()
    size = max(kept) + 3
    out, places = io.BytesIO(b"%PDF-1.5\n"), {}
    out.seek(0, io.SEEK_END)

    def put(number, entries, body):
        places[number] = out.tell()
        out.write(
            f"{number} 0 obj\n<<{entries}/Length {len(body)}>>\nstream\n".encode() + body + b"\nendstream\nendobj\n"
        )

    for number, one in kept.items():
        if number not in plain and one is not None:
            places[number] = out.tell()
            out.write(f"{number} 0 obj\n".encode())
            one.write_to_stream(out)
            out.write(b"\nendobj\n")
    holder, table = size - 2, size - 1
    put(holder, f"/Type/ObjStm/N {len(plain)}/First {len(head)}", packed)
    where = out.tell()
    rows = [bytes((0, 0, 0, 0, 0, 255))]
    order = list(plain)
    for number in range(1, size):
        if number in plain:
            rows.append(bytes((2,)) + holder.to_bytes(4) + bytes((order.index(number),)))
        elif number in places or number == table:
            rows.append(bytes((1,)) + (where if number == table else places[number]).to_bytes(4) + b"\0")
        else:
            rows.append(bytes(6))
    trailer = reader.trailer
    known = "".join(
        f"/{key} {trailer.raw_get('/' + key).idnum} 0 R" for key in ("Root", "Info") if "/" + key in trailer
    )
    put(table, f"/Type/XRef/Size {size}/W[1 4 1]{known}", b"".join(rows))
    out.write(f"startxref\n{where}\n%%EOF\n".encode())
    return out.getvalue()


def nest(packet):
    return xmp(elements=f"<TC260:AIGC>{packet}</TC260:AIGC>")


LABELLED = {
    "aigc, document information": lambda: inform(paper(), AIGC=AIGC),
    "aigc, key in lower case": lambda: inform(paper(), aigc=AIGC),
    "aigc, nested json": lambda: inform(paper(), AIGC=json.dumps({"AIGC": ITEM})),
    "aigc, xmp element": lambda: pack(paper(), nest(AIGC)),
    "aigc, xmp attribute": lambda: pack(paper(), xmp(attributes=f'TC260:AIGC="{AIGC.replace(chr(34), "&quot;")}"')),
    "iptc, xmp": lambda: pack(paper(), says("trainedAlgorithmicMedia")),
    "matplotlib": lambda: inform(plot(), AIGC=AIGC),
    "saved by PDFium": lambda: save_by_pdfium(inform(paper(), AIGC=AIGC)),
    "added by an update": lambda: append(paper(), lambda writer: writer.add_metadata({"/AIGC": AIGC})),
    "a note added later": lambda: append(inform(paper(), AIGC=AIGC), note),
    "object streams": lambda: compress(inform(paper(), AIGC=AIGC)),
}
"""Their pages can be looked at, and their labels are read."""

METADATA_ALONE = {
    "an attachment": lambda: HOSTILE["embedded file"](inform(paper(), AIGC=AIGC)),
    "a script": lambda: HOSTILE["JavaScript"](inform(paper(), AIGC=AIGC)),
    "a form": lambda: HOSTILE["XFA form"](inform(paper(), AIGC=AIGC)),
    "a scan": lambda: inform(scan(), AIGC=AIGC),
    "a scan, xmp": lambda: pack(scan(), says("trainedAlgorithmicMedia")),
    "printing is forbidden": lambda: lock(inform(paper(), AIGC=AIGC)),
}
"""The gate takes none of these, and its pages are looked at by nobody: what its metadata says is told all the same."""

PLAIN = {
    "reportlab": paper,
    "matplotlib": plot,
    "PDFium": lambda: save_by_pdfium(paper()),
    "object streams": lambda: compress(paper()),
}
UNREAD = {
    "a password": (lambda: lock(inform(paper(), AIGC=AIGC), "secret"), "encrypted"),
    "a scan without a label": (scan, "pictures"),
    "an attachment without a label": (lambda: HOSTILE["embedded file"](paper()), "embedded file"),
    "cut off": (lambda: inform(paper(), AIGC=AIGC)[:-300], "an end"),
    "a page of HTML behind it": (lambda: inform(paper(), AIGC=AIGC) + b"<html>more</html>" * 80, "an end"),
}


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    from api.wiring import open_site

    settings = build_light_settings(tmp_path_factory.mktemp("papers") / "home", media=("picture", "text", "pdf"))
    with open_site(settings) as site:

        def verify(data):
            found = site.verifier.verify(Blob.from_bytes(data))
            return found, {layer.name: layer for layer in found.layers}

        yield verify


@pytest.mark.parametrize("made", LABELLED)
def test_a_label_of_others_is_told_as_what_it_is(ask, made):
    found, layers = ask(LABELLED[made]())
    assert found.state is JointState.LABEL_ONLY
    assert layers["implicit_label"].status is LayerStatus.FOUND, layers["implicit_label"].text
    assert layers["fingerprint"].status is LayerStatus.ABSENT


@pytest.mark.parametrize("made", METADATA_ALONE)
def test_where_pages_cannot_be_looked_at_the_label_is_told_and_what_nobody_saw(ask, made):
    found, layers = ask(METADATA_ALONE[made]())
    assert found.state is JointState.LABEL_ONLY
    assert layers["implicit_label"].status is LayerStatus.FOUND, layers["implicit_label"].text
    assert layers["fingerprint"].status is layers["watermark"].status is LayerStatus.NOT_CHECKED
    assert "not looked at" in found.summary


@pytest.mark.parametrize("made", PLAIN)
def test_what_says_nothing_of_ai_is_not_called_ai(ask, made):
    found, _ = ask(PLAIN[made]())
    assert found.state is JointState.NONE_FOUND


@pytest.mark.parametrize("made", UNREAD)
def test_what_cannot_be_read_says_why(ask, made):
    build, said = UNREAD[made]
    with pytest.raises(AssetError, match=said):
        ask(build())


def test_a_vendors_manifest_is_judged_and_an_update_breaks_it(ask):
    maker = build_maker()
    signed = sign(maker, paper(), media_type="application/pdf", source_type="trainedAlgorithmicMedia")
    found, layers = ask(signed)
    assert found.state is JointState.MANIFEST_UNTRUSTED
    assert "Vendor" in " ".join(layer.text for layer in layers.values())
    changed, _ = ask(append(signed, note))
    assert changed.state is JointState.TAMPERED


def test_two_items_and_a_faulty_one_are_told(ask):
    _, layers = ask(pack(inform(paper(), AIGC=AIGC), nest(AIGC)))
    assert "2 AIGC items" in json.dumps(layers["implicit_label"].detail)
    _, layers = ask(inform(paper(), AIGC='{"Label":"AIGC"}'))
    assert layers["implicit_label"].status is LayerStatus.FAILED


@pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)
def test_a_page_that_a_browser_printed_has_no_mark(ask, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<p>" + "The boats come home before the storm. " * 20)
    out = tmp_path / "page.pdf"
    asked = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--print-to-pdf={out}", page.as_uri()]
    subprocess.run(asked, check=True, capture_output=True, timeout=120, cwd=tmp_path)
    found, _ = ask(out.read_bytes())
    assert found.state is JointState.NONE_FOUND
    marked, _ = ask(inform(out.read_bytes(), AIGC=AIGC))
    assert marked.state is JointState.LABEL_ONLY
