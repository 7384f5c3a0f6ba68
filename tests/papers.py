"""PDFs for tests: by reportlab, by matplotlib, and with what a PDF may do beside showing pages, by pypdf."""

import io
from functools import cache

from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    TextStringObject,
)
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from tests.letters import sentences
from tests.sites import photograph


@cache
def paper(
    seed=1,
    *,
    pages=2,
    title="",
    size=11,
    sides=A4,
    turn=0,
    picture=False,
    ground=None,
    edge=False,
    said="",
    is_hidden=False,
):
    """Return a PDF of so many pages of sentences."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=sides, invariant=True)
    if title:
        canvas.setTitle(title)
    for number in range(pages):
        if ground is not None:
            canvas.setFillGray(ground)
            canvas.rect(0, 0, *sides, stroke=0, fill=1)
            canvas.setFillGray(1 if ground < 0.5 else 0)
        if picture:
            canvas.drawImage(ImageReader(photograph(side=128)), 72, 72, 200, 200)
        canvas.setFont("Helvetica", size)
        lines = sentences(12, seed * 100 + number)
        for row, line in enumerate(lines):
            canvas.drawString(40, sides[1] - 90 - 1.5 * size * row, line)
        if said:
            line = canvas.beginText(40, 60)
            line.setTextRenderMode(3 if is_hidden else 0)
            line.textLine(said)
            canvas.drawText(line)
        if edge:
            canvas.drawString(0, sides[1] - 24, "an edge that is written on from side to side " * 8)
            canvas.drawString(0, 24, "an edge that is written on from side to side " * 8)
        canvas.showPage()
    canvas.save()
    return (
        change(out.getvalue(), lambda writer: [page.rotate(turn) for page in writer.pages]) if turn else out.getvalue()
    )


@cache
def plot():
    """Return a PDF by matplotlib, whose letters are fonts of type 3."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4))
    axes = figure.subplots()
    axes.plot([1, 2, 3], [2, 1, 3])
    axes.set_title("Boats at low tide, counted every morning of the month")
    axes.set_xlabel("mornings since the storm")
    out = io.BytesIO()
    figure.savefig(out, format="pdf", metadata={"CreationDate": None})
    return out.getvalue()


def change(data, edit):
    """Return a PDF after `edit` of its writer."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    edit(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def dictionary(**entries):
    return DictionaryObject({NameObject(f"/{key}"): value for key, value in entries.items()})


def name(text):
    return NameObject(f"/{text}")


def text(said):
    return TextStringObject(said)


def stream(data, **entries):
    made = DecodedStreamObject()
    made.set_data(data)
    made.update(dictionary(**entries))
    return made


def annotate(writer, annotation):
    page = writer.pages[0]
    known = list(page.get("/Annots", ()))
    page[NameObject("/Annots")] = ArrayObject([*known, writer._add_object(annotation)])


def box(*sides):
    return ArrayObject(NumberObject(side) for side in sides)


def link(address, **more):
    there = dictionary(S=name("URI"), URI=text(address))
    return dictionary(Type=name("Annot"), Subtype=name("Link"), Rect=box(10, 10, 90, 30), A=there, **more)


def _open(action):
    return lambda writer: writer.root_object.__setitem__(NameObject("/OpenAction"), action)


def _script(writer):
    said = dictionary(S=name("JavaScript"), JS=text("app.alert(1)"))
    tree = dictionary(Names=ArrayObject([text("x"), writer._add_object(said)]))
    writer.root_object[NameObject("/Names")] = dictionary(JavaScript=tree)


def _attach(writer):
    writer.add_attachment("invoice.xml", b"<invoice/>")


def _note(**entries):
    made = dictionary(Type=name("Annot"), Rect=box(0, 0, 9, 9), **entries)
    return lambda writer: annotate(writer, made)


def _draw_elsewhere(writer):
    found = writer.pages[0]["/Contents"].get_object()
    found[NameObject("/F")] = text("other.bin")


HOSTILE = {
    "JavaScript": lambda data: change(data, _script),
    "JavaScript on opening": lambda data: change(
        data, _open(dictionary(S=name("JavaScript"), JS=text("app.alert(1)")))
    ),
    "JavaScript of a note": lambda data: change(
        data, _note(Subtype=name("Widget"), A=dictionary(S=name("JavaScript"), JS=text("1")))
    ),
    "starts a program": lambda data: change(data, _open(dictionary(S=name("Launch"), F=text("cmd.exe")))),
    "sends data": lambda data: change(
        data, _note(Subtype=name("Link"), A=dictionary(S=name("SubmitForm"), F=text("x")))
    ),
    "embedded file": lambda data: change(data, _attach),
    "media inside": lambda data: change(data, _note(Subtype=name("RichMedia"))),
    "XFA form": lambda data: change(
        data, lambda writer: writer.root_object.__setitem__(NameObject("/AcroForm"), dictionary(XFA=text("<xdp/>")))
    ),
    "content in another file": lambda data: change(data, _draw_elsewhere),
    "encrypted": lambda data: change(data, lambda writer: writer.encrypt("")),
}
"""What is refused, by a word of the reason."""
