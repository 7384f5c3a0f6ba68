"""A PDF written anew out of its pages: what runs, hides or leads elsewhere is refused, or stays behind.

Runs in a process of its own (`provenance.media.pdf.process`). What is refused stands in `_REFUSED`: a reader that opens
such a file does more than show it. What merely does not ship is named as left out. Objects that no page needs, older
revisions and whatever lies between objects are not copied, so what was looked at is all that there is.
"""

import io
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    IndirectObject,
    NameObject,
    NumberObject,
    RectangleObject,
    StreamObject,
    TextStringObject,
)

from provenance.errors import AssetTooLargeError, UndecodableAssetError
from provenance.labels.xmp import MAX_PACKET_BYTES
from provenance.media.text.hidden import clean

MOST_PAGES: Final = 200
MOST_OBJECTS: Final = 200_000
MOST_LINKS: Final = 2_000
_MOST_NODES: Final = 4 * MOST_PAGES
_MOST_DEPTH: Final = 64
_MOST_SIDE: Final = 14_400  # ISO 32000-1 annex C: units of a page
_LEAST_SIDE: Final = 36
_END_WINDOW: Final = 1024
_TITLE_CHARS: Final = 500
_ITEM_CHARS: Final = 32_768
_MOST_ITEMS: Final = 16
_MOST_ADDRESS: Final = 2_048
_ADDRESS: Final = re.compile(r"(?:https?://|mailto:)[\x21-\x7e]+", re.IGNORECASE)

_ACTIONS: Final = {
    "/JavaScript": "JavaScript",
    "/Launch": "an action that starts a program",
    "/ImportData": "an action that loads data",
    "/SubmitForm": "an action that sends data",
    "/GoToE": "an action that opens an embedded file",
    "/Rendition": "an action that plays media",
    "/Movie": "an action that plays media",
    "/Sound": "an action that plays media",
    "/RichMediaExecute": "an action that runs media",
}
_SUBTYPES: Final = {
    "/RichMedia": "media inside",
    "/3D": "media inside",
    "/Screen": "media inside",
    "/Movie": "media inside",
    "/Sound": "media inside",
    "/PS": "PostScript inside",
}
_KEYS: Final = {"/JS": "JavaScript", "/XFA": "an XFA form"}
MANIFEST: Final = "/C2PA_Manifest"
"""The one kind of embedded file that is read, and left behind."""

# Of pages and of what they draw with: what shows something else at other times, or is nobody's to see.
_DROPPED: Final = (
    "/AA", "/AF", "/Alternates", "/Measure", "/Metadata", "/OC", "/OPI", "/PieceInfo", "/Properties", "/PtData",
    "/StructParent", "/StructParents", "/Thumb",
)  # fmt: skip
# Of the document: what describes it and runs nothing.
_DESCRIBING: Final = frozenset({"/Metadata", "/PieceInfo", "/StructTreeRoot"})
_LEFT_OUT: Final = {
    "/AcroForm": "forms",
    "/Dests": "named places",
    "/Names": "named places",
    "/OCProperties": "layers: all of them are shown",
    "/OpenAction": "where it opens",
    "/Outlines": "bookmarks",
    "/PageLabels": "names of pages",
    "/StructTreeRoot": "structure tags",
}


@dataclass(frozen=True, slots=True)
class Said:
    """What the metadata of a file says; nothing of it is verified.

    Attributes:
        title: of the document information.
        items: texts under ``AIGC`` in it (TC260-PG-20258A), 16 at most.
        xmp: the packet, b"" for none.
    """

    title: str = ""
    items: tuple[str, ...] = ()
    xmp: bytes = b""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A file written anew.

    Attributes:
        data: the file.
        said: what the metadata said.
        links: of each page, the addresses that it leads to.
        left_out: what did not come along, in words.
    """

    data: bytes = field(repr=False)
    said: Said
    links: tuple[tuple[str, ...], ...]
    left_out: tuple[str, ...]


@contextmanager
def translating() -> Iterator[None]:
    """Have what pypdf says of a damaged file be an error of ours; its words may quote the file and are not told."""
    try:
        yield
    except (
        PyPdfError, RecursionError, ValueError, LookupError, TypeError, AttributeError, AssertionError, OverflowError,
        ArithmeticError, NotImplementedError, EOFError, struct.error, zlib.error,
    ) as exc:  # fmt: skip
        raise UndecodableAssetError(f"expected a PDF that can be read, got {type(exc).__name__}") from exc


def open_pdf(data: bytes, *, takes_locks: bool = False) -> PdfReader:
    """Open a file.

    Args:
        data: all of it.
        takes_locks: read one that is encrypted and opens without a password, which only forbids printing or copying.

    Raises:
        UndecodableAssetError: it has no end, is encrypted, or cannot be read.
        AssetTooLargeError: it has more objects than any document.
    """
    if not data[-_END_WINDOW:].rstrip(b"\0 \t\r\n").endswith(b"%%EOF"):
        raise UndecodableAssetError("expected a PDF with an end, got none: truncated, or followed by something else")
    reader = PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted and not (takes_locks and reader.decrypt("")):
        raise UndecodableAssetError("expected a PDF that is open to read, got an encrypted one: save it without that")
    count = sum(map(len, reader.xref.values())) + len(reader.xref_objStm)
    if count > MOST_OBJECTS:
        raise AssetTooLargeError(f"expected at most {MOST_OBJECTS} objects, got {count}")
    return reader


def read_said(reader: PdfReader) -> Said:
    """Return what the metadata of a file says."""
    info = _as_dict(reader.trailer.get("/Info"))
    items = [_as_text(value) for key, value in info.items() if key.upper() == "/AIGC"][:_MOST_ITEMS]
    metadata = _resolve(_as_dict(reader.trailer["/Root"]).get("/Metadata"))
    packet = metadata.get_data() if isinstance(metadata, StreamObject) else b""
    xmp = packet[: MAX_PACKET_BYTES + 1] if packet.strip(b"\0 \t\r\n") else b""
    title = " ".join(_as_text(info.get("/Title", "")).split())
    return Said(title[:_TITLE_CHARS], tuple(item[:_ITEM_CHARS] for item in items), xmp)


def clean_pdf(data: bytes) -> Cleaned:
    """Return a file written anew out of its pages.

    Raises:
        UndecodableAssetError: it cannot be read, or does more than show pages.
        AssetTooLargeError: it has more pages or objects than are taken.
    """
    with translating():
        reader = open_pdf(data)
        root = _as_dict(reader.trailer["/Root"])
        left_out = dict.fromkeys(name for key, name in _LEFT_OUT.items() if root.get(key) is not None)
        _look_through(root)
        said = read_said(reader)
        if set(_as_dict(reader.trailer.get("/Info"))) - {"/Title", "/AIGC"}:
            left_out["author, dates and other document information"] = None
        writer = PdfWriter()
        links = []
        for leaf in list_pages(root):
            page, addresses, is_whole = _build_page(leaf, writer)
            _add_page(writer, page)
            links.append(addresses)
            if not is_whole:
                left_out["annotations"] = None
        writer.add_metadata({"/Producer": "chopmark"} | ({"/Title": title} if (title := clean(said.title)) else {}))
        out = io.BytesIO()
        writer.write(out)
        return Cleaned(out.getvalue(), said, tuple(links), tuple(f"{name} of the PDF" for name in left_out))


def _add_page(writer: PdfWriter, page: DictionaryObject) -> None:
    """Put a page behind the others; pypdf's own way copies it from another file, with all that hangs on it."""
    tree = _as_dict(writer.root_object["/Pages"])
    page[NameObject("/Parent")] = writer.root_object.raw_get("/Pages")
    tree["/Kids"].append(writer._add_object(page))  # noqa: SLF001 - its only way
    tree[NameObject("/Count")] = NumberObject(len(tree["/Kids"]))


def list_pages(root: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield each page with what it inherits.

    Raises:
        AssetTooLargeError: there are more than are taken.
        UndecodableAssetError: there is none, or the tree has no end.
    """
    inherited = ("/Resources", "/MediaBox", "/CropBox", "/Rotate")
    stack: list[tuple[Any, dict[str, Any], int]] = [(root.get("/Pages"), {}, 0)]
    nodes = pages = 0
    while stack:
        found, known, depth = stack.pop()
        node = _as_dict(found)
        nodes += 1
        if depth > _MOST_DEPTH or nodes > _MOST_NODES or pages >= MOST_PAGES:
            raise AssetTooLargeError(
                f"expected at most {MOST_PAGES} pages in a plain tree, got more: hand it in by parts"
            )
        known = known | {key: node[key] for key in inherited if key in node}
        kids = _resolve(node.get("/Kids"))
        if isinstance(kids, ArrayObject):
            if len(kids) > _MOST_NODES:
                raise AssetTooLargeError(f"expected at most {MOST_PAGES} pages, got {len(kids)}: hand it in by parts")
            stack += [(kid, known, depth + 1) for kid in reversed(kids)]
        elif node:
            pages += 1
            yield {**node, **known}
    if not pages:
        raise UndecodableAssetError("expected a PDF with pages, got none")


def measure_box(leaf: Mapping[str, Any]) -> tuple[float, float, float, float]:
    """Return the part of a page that is shown: left, bottom, right and top in its units.

    Raises:
        UndecodableAssetError: no reader would show it.
    """
    media = _read_box(leaf.get("/MediaBox"))
    crop = _read_box(leaf.get("/CropBox")) if leaf.get("/CropBox") is not None else media
    left, bottom, right, top = (
        max(media[0], crop[0]),
        max(media[1], crop[1]),
        min(media[2], crop[2]),
        min(media[3], crop[3]),
    )
    sides = right - left, top - bottom
    if not _LEAST_SIDE <= min(sides) <= max(sides) <= _MOST_SIDE:
        raise UndecodableAssetError(
            f"expected pages of {_LEAST_SIDE} to {_MOST_SIDE} units, got {sides[0]:.0f}x{sides[1]:.0f}"
        )
    return left, bottom, right, top


def _read_box(value: object) -> tuple[float, float, float, float]:
    box = _resolve(value)
    if not isinstance(box, ArrayObject) or len(box) != 4:
        raise UndecodableAssetError("expected a page with a box, got none")
    left, bottom, right, top = (float(_resolve(side)) for side in box)
    if not all(abs(side) < 10 * _MOST_SIDE for side in (left, bottom, right, top)):
        raise UndecodableAssetError("expected a page with a box, got one without bounds")
    return min(left, right), min(bottom, top), max(left, right), max(bottom, top)


def _build_page(leaf: Mapping[str, Any], writer: PdfWriter) -> tuple[DictionaryObject, tuple[str, ...], bool]:
    """Return a page with nothing but what it shows, where it leads, and whether that is all it had."""
    page = DictionaryObject()
    page[NameObject("/Type")] = NameObject("/Page")
    page[NameObject("/MediaBox")] = RectangleObject([FloatObject(side) for side in measure_box(leaf)])
    turn = _resolve(leaf.get("/Rotate", 0))
    page[NameObject("/Rotate")] = NumberObject(int(turn) // 90 * 90 % 360 if isinstance(turn, int | float) else 0)
    for key in ("/Resources", "/Contents"):
        value = _resolve(leaf.get(key))
        if value is not None:
            page[NameObject(key)] = value.clone(writer)
    links = [_read_link(one) for one in _as_array(leaf.get("/Annots"))[:MOST_LINKS]]
    kept = [link for link in links if link is not None]
    if kept:
        page[NameObject("/Annots")] = ArrayObject(link for link, _ in kept)
    return page, tuple(address for _, address in kept), len(kept) == len(links)


def _read_link(value: object) -> tuple[DictionaryObject, str] | None:
    """Return a link to an address as a new one that shows nothing by itself; None for any other annotation."""
    found = _as_dict(value)
    action = _as_dict(found.get("/A"))
    address = _as_text(action.get("/URI", ""))
    if (
        found.get("/Subtype") != "/Link"
        or action.get("/S") != "/URI"
        or not _ADDRESS.fullmatch(address[: _MOST_ADDRESS + 1])
    ):
        return None
    if len(address) > _MOST_ADDRESS:
        return None
    made = DictionaryObject({NameObject("/Type"): NameObject("/Annot"), NameObject("/Subtype"): NameObject("/Link")})
    made[NameObject("/Rect")] = ArrayObject(FloatObject(side) for side in _read_box(found.get("/Rect")))
    made[NameObject("/Border")] = ArrayObject(NumberObject(0) for _ in range(3))
    there = DictionaryObject({NameObject("/S"): NameObject("/URI"), NameObject("/URI"): TextStringObject(address)})
    made[NameObject("/A")] = there
    return made, address


def _look_through(root: DictionaryObject) -> None:
    """Refuse a file that does more than show pages, and take out what is dropped, wherever it can be reached."""
    seen: set[tuple[int, int]] = set()
    stack: list[Any] = [root.raw_get(key) for key in root if key not in _DESCRIBING]
    _check(root)
    count = 0
    while stack:
        value = stack.pop()
        if isinstance(value, IndirectObject):
            key = (value.idnum, value.generation)
            if key in seen:
                continue
            seen.add(key)
            value = value.get_object()
        if isinstance(value, DictionaryObject):
            _check(value)
            for name in _DROPPED:
                value.pop(NameObject(name), None)
        if isinstance(value, DictionaryObject | ArrayObject):
            count += 1
            if count > MOST_OBJECTS:
                raise AssetTooLargeError(f"expected at most {MOST_OBJECTS} objects, got more")
            stack += _list_raw(value)


def _list_raw(value: DictionaryObject | ArrayObject) -> list[Any]:
    return [value.raw_get(key) for key in value] if isinstance(value, DictionaryObject) else [*list.__iter__(value)]


def _check(found: DictionaryObject) -> None:
    reasons = [name for key, name in _KEYS.items() if key in found]
    reasons += [_ACTIONS[str(kind)] for kind in [found.get("/S")] if str(kind) in _ACTIONS]
    reasons += [
        _SUBTYPES[str(kind)] for key in ("/Subtype", "/Subtype2") for kind in [found.get(key)] if str(kind) in _SUBTYPES
    ]
    if "/EF" in found and str(found.get("/AFRelationship")) != MANIFEST:
        reasons.append("an embedded file")
    if isinstance(found, StreamObject) and ("/F" in found or "/Ref" in found):
        reasons.append("content in another file")
    if reasons:
        raise UndecodableAssetError(f"expected a PDF that only shows pages, got {reasons[0]}: print it to a new PDF")


def _resolve(value: Any) -> Any:  # noqa: ANN401 - of pypdf
    return value.get_object() if isinstance(value, IndirectObject) else value


def _as_dict(value: object) -> DictionaryObject:
    found = _resolve(value)
    return found if isinstance(found, DictionaryObject) else DictionaryObject()


def _as_array(value: object) -> list[Any]:
    found = _resolve(value)
    return list(found) if isinstance(found, ArrayObject) else []


def _as_text(value: object) -> str:
    found = _resolve(value)
    return found.decode("utf-8", "replace") if isinstance(found, bytes) else str(found)
