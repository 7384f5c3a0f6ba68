"""Marks in a PDF: a label on its first or last page, a veil over every page, and what its metadata says.

Runs in a process of its own (`provenance.media.pdf.process`), over files that `provenance.media.pdf.cleaning` wrote.
What a page showed becomes one form, so that nothing it leaves open reaches what is laid over it.
"""

import io
from collections.abc import Sequence
from typing import Any, Final

from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    StreamObject,
    TextStringObject,
)

from provenance.media.pdf.cleaning import translating
from provenance.media.pdf.orders import LabelOrder, WriteOrder

_INK, _PAPER, _EDGE = 0.0, 1.0, 0.35
_TO_UNICODE: Final = """/CIDInit /ProcSet findresource begin
12 dict begin begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def /CMapType 2 def
1 begincodespacerange <0000> <FFFF> endcodespacerange
{count} beginbfchar
{pairs}
endbfchar
endcmap CMapName currentdict /CMap defineresource pop end end
"""


def write_marks(data: bytes, order: WriteOrder, program: bytes, veil: bytes, xmp: bytes) -> bytes:
    """Return a file with marks.

    Args:
        data: the file.
        order: what is to be written.
        program: font of the label.
        veil: opacity of each pixel of the veil, deflated.
        xmp: packet of the metadata, b"" for none.
    """
    with translating():
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
        laid = _Laid(writer, order, program, veil)
        for number, page in enumerate(writer.pages):
            laid.lay(page, number)
        if order.item:
            writer.add_metadata({"/AIGC": order.item})
        if xmp:
            packet = DecodedStreamObject()
            packet.set_data(xmp)
            packet[NameObject("/Type")], packet[NameObject("/Subtype")] = NameObject("/Metadata"), NameObject("/XML")
            writer.root_object[NameObject("/Metadata")] = writer._add_object(packet)  # noqa: SLF001 - its only way
        out = io.BytesIO()
        writer.write(out)
        return out.getvalue()


_FONT_NAME: Final = NameObject("/CHPMRK+LabelSans-Bold")
# Flags: symbolic, since its codes are its own; the rest as the label font has it.
_DESCRIPTOR: Final = {
    "Type": NameObject("/FontDescriptor"),
    "FontName": _FONT_NAME,
    "Flags": NumberObject(4),
    "FontBBox": ArrayObject(NumberObject(side) for side in (-1000, -1000, 2000, 2000)),
    "ItalicAngle": NumberObject(0),
    "Ascent": NumberObject(880),
    "Descent": NumberObject(-120),
    "CapHeight": NumberObject(733),
    "StemV": NumberObject(140),
}


class _Laid:
    """Lays marks over pages; what several pages share is written once."""

    def __init__(self, writer: PdfWriter, order: WriteOrder, program: bytes, veil: bytes) -> None:
        self._writer, self._order = writer, order
        self._font = None if order.label is None else self._build_font(order.label, program)
        self._veils = self._build_veils(veil) if order.veil_side else {}

    def _add(self, value: Any) -> Any:  # noqa: ANN401 - of pypdf
        return self._writer._add_object(value)  # noqa: SLF001 - its only way

    def lay(self, page: DictionaryObject, number: int) -> None:
        """Lay over one page what is ordered for it."""
        left, bottom, right, top = (float(side) for side in page["/MediaBox"])
        turn = int(page.get("/Rotate", 0))
        label = self._order.label if self._order.label and self._order.label.page == number else None
        drawn, resources = ["q /Shown Do Q"], DictionaryObject()
        objects = DictionaryObject({NameObject("/Shown"): self._wrap(page)})
        if self._veils:
            width, height = (right - left, top - bottom) if turn % 180 == 0 else (top - bottom, right - left)
            objects[NameObject("/Veil")] = self._veils[bool(self._order.light[number])]
            side = max(width, height)
            matrix = _spell(turn_page((left, bottom, right, top), turn))
            drawn.append(f"q {matrix} cm {_spell((side, 0, 0, side, 0, height - side))} cm /Veil Do Q")
        if label is not None:
            grown = grow_page((left, bottom, right, top), turn, label.strip)
            page[NameObject("/MediaBox")] = ArrayObject(FloatObject(side) for side in grown)
            resources[NameObject("/Font")] = DictionaryObject({NameObject("/Label"): self._font})
            drawn.append(f"q {_spell(turn_page(grown, turn))} cm {_draw_label(label)} Q")
        resources[NameObject("/XObject")] = objects
        page[NameObject("/Resources")] = resources
        page[NameObject("/Contents")] = self._add(_stream("\n".join(drawn).encode()))

    def _wrap(self, page: DictionaryObject) -> Any:  # noqa: ANN401 - a reference of pypdf
        """Return what a page shows as a form."""
        found = page.get("/Contents")
        found = None if found is None else found.get_object()
        streams = [found] if isinstance(found, StreamObject) else [one.get_object() for one in found or ()]
        form = _stream(b"\n".join(one.get_data() for one in streams if isinstance(one, StreamObject)))
        form[NameObject("/Type")], form[NameObject("/Subtype")] = NameObject("/XObject"), NameObject("/Form")
        form[NameObject("/BBox")] = ArrayObject(FloatObject(side) for side in page["/MediaBox"])
        form[NameObject("/Resources")] = page.raw_get("/Resources") if "/Resources" in page else DictionaryObject()
        return self._add(form)

    def _build_veils(self, veil: bytes) -> dict[bool, Any]:
        side = self._order.veil_side
        mask = self._add(_image(side, side, veil, is_deflated=True))
        veils = {}
        for is_light in set(map(bool, self._order.light)):
            image = _image(1, 1, b"\xff" if is_light else b"\0", is_deflated=False)
            image[NameObject("/SMask")] = mask
            veils[is_light] = self._add(image)
        return veils

    def _build_font(self, label: LabelOrder, program: bytes) -> Any:  # noqa: ANN401 - a reference of pypdf
        embedded = _stream(program)
        embedded[NameObject("/Subtype")] = NameObject("/CIDFontType0C")
        described = _dictionary(**_DESCRIPTOR, FontFile3=self._add(embedded))
        known = sorted(label.codes.items(), key=lambda item: item[1])
        widths = [part for char, code in known for part in (NumberObject(code), _numbers(label.widths[char]))]
        system = _dictionary(Registry=_text("Adobe"), Ordering=_text("Identity"), Supplement=NumberObject(0))
        below = _dictionary(
            Type=NameObject("/Font"),
            Subtype=NameObject("/CIDFontType0"),
            BaseFont=_FONT_NAME,
            CIDSystemInfo=system,
            FontDescriptor=self._add(described),
            DW=NumberObject(1000),
            W=ArrayObject(widths),
        )
        pairs = "\n".join(f"<{code:04X}> <{char.encode('utf-16-be').hex().upper()}>" for char, code in known)
        read_as = _stream(_TO_UNICODE.format(count=len(known), pairs=pairs).encode())
        font = _dictionary(
            Type=NameObject("/Font"),
            Subtype=NameObject("/Type0"),
            BaseFont=_FONT_NAME,
            Encoding=NameObject("/Identity-H"),
            DescendantFonts=ArrayObject([self._add(below)]),
            ToUnicode=self._add(read_as),
        )
        return self._add(font)


def turn_page(box: Sequence[float], turn: int) -> tuple[float, ...]:
    """Return the matrix from a page as it is shown, from its lower left corner on, to its own units."""
    left, bottom, right, top = box
    return {
        90: (0, 1, -1, 0, right, bottom),
        180: (-1, 0, 0, -1, right, top),
        270: (0, -1, 1, 0, left, top),
    }.get(turn % 360, (1, 0, 0, 1, left, bottom))


def grow_page(box: Sequence[float], turn: int, strip: float) -> tuple[float, float, float, float]:
    """Return the box of a page that grew by a strip at its upper edge as it is shown; below 0, at its lower one."""
    left, bottom, right, top = box
    above, below = max(strip, 0.0), max(-strip, 0.0)
    return {
        90: (left - above, bottom, right + below, top),
        180: (left, bottom - above, right, top + below),
        270: (left - below, bottom, right + above, top),
    }.get(turn % 360, (left, bottom - below, right, top + above))


def _draw_label(label: LabelOrder) -> str:
    left, bottom, right, top = label.box
    width = sum(label.widths[char] for char in label.text) * label.size / 1000
    x, y = left + (right - left - width) / 2, bottom + (top - bottom - 0.76 * label.size) / 2
    plate = f"{_spell((left, bottom, right - left, top - bottom))} re"
    codes = "".join(f"{label.codes[char]:04X}" for char in label.text)
    letters = f"0 Tr 0 Tc 0 Tw 100 Tz 0 Ts /Label {label.size:.2f} Tf {_spell((1, 0, 0, 1, x, y))} Tm <{codes}> Tj"
    return f"{_PAPER} g {_EDGE} G 0.5 w {plate} B BT {_INK} g {letters} ET"


def _spell(numbers: Sequence[float]) -> str:
    return " ".join(f"{number:.4f}".rstrip("0").rstrip(".") for number in numbers)


def _dictionary(**entries: Any) -> DictionaryObject:  # noqa: ANN401 - of pypdf
    return DictionaryObject({NameObject(f"/{key}"): value for key, value in entries.items()})


def _numbers(*numbers: int) -> ArrayObject:
    return ArrayObject(NumberObject(number) for number in numbers)


def _text(said: str) -> TextStringObject:
    return TextStringObject(said)


def _stream(data: bytes) -> StreamObject:
    made = DecodedStreamObject()
    made.set_data(data)
    return made.flate_encode()


def _image(width: int, height: int, data: bytes, *, is_deflated: bool) -> StreamObject:
    made = StreamObject()
    made._data = data  # noqa: SLF001 - as it is to lie in the file
    facts = {
        "/Type": NameObject("/XObject"),
        "/Subtype": NameObject("/Image"),
        "/ColorSpace": NameObject("/DeviceGray"),
    }
    numbers = {"/Width": width, "/Height": height, "/BitsPerComponent": 8}
    made.update({NameObject(key): value for key, value in facts.items()})
    made.update({NameObject(key): NumberObject(value) for key, value in numbers.items()})
    if is_deflated:
        made[NameObject("/Filter")] = NameObject("/FlateDecode")
    return made
