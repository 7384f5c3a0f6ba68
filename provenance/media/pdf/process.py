"""The process that takes PDFs apart and writes marks into them; the other side is `provenance.media.pdf.readers`."""

import json
from collections.abc import Mapping
from typing import Any, Final

from provenance.asset import MediaType
from provenance.media.apart import Bounds, serve_files
from provenance.media.limits import MEBI
from provenance.media.pdf.cleaning import MOST_PAGES, Cleaned, Said, clean_pdf, open_pdf, read_said, translating
from provenance.media.pdf.orders import LabelOrder, WriteOrder
from provenance.media.pdf.rendering import MOST_KEPT_BYTES, Sheet, show_pages
from provenance.media.pdf.writing import write_marks
from provenance.media.workers import pour

TAKE: Final = "take"
"""Write a file anew, and show it."""
SEE: Final = "see"
"""Show a file as it is: one of ours, after it was signed."""
SAY: Final = "say"
"""Read the metadata alone."""
WRITE: Final = "write"
"""Write marks into a file that was written anew."""

_MEMORY_BYTES: Final = 1536 * MEBI
"""Of one file, beside what it and its pages take: inflated streams of 75 MB, and what PDFium keeps of fonts."""


def serve() -> None:
    """Be the process: take one file after another apart until the parent goes."""
    serve_files(_take, _find_bounds)


def _find_bounds(header: Mapping[str, Any]) -> Bounds:
    return Bounds(_MEMORY_BYTES + 8 * int(header["size_bytes"]), MOST_KEPT_BYTES + 2 * int(header["most_bytes"]))


def _take(header: Mapping[str, Any], parts: tuple[bytes, ...], memory: int) -> dict[str, Any]:
    MediaType.add(header["media_type"], extension=header["extension"])
    data = parts[0]
    job = header["job"]
    if job == WRITE:
        label = header["label"]
        order = WriteOrder(
            header["item"], None if label is None else LabelOrder(**label), header["veil_side"], header["light"]
        )
        made = write_marks(data, order, *parts[1:])
        pour(memory, memoryview(made), 0)
        return {"size": len(made)}
    if job == TAKE:
        cleaned = clean_pdf(data)
    else:
        with translating():
            cleaned = Cleaned(b"", read_said(open_pdf(data, takes_locks=job == SAY)), (), ())
    sheets = (
        [] if job == SAY else show_pages(cleaned.data or data, most_pages=MOST_PAGES, most_pixels=header["most_pixels"])
    )
    return _describe(cleaned, sheets, memory)


def _describe(cleaned: Cleaned, sheets: list[Sheet], memory: int) -> dict[str, Any]:
    """Put what was found into the memory that the parent reads, one after another, and say how long each is."""
    words = json.dumps(
        {"said": _spell(cleaned.said), "texts": [sheet.text for sheet in sheets], "links": cleaned.links}
    )
    pieces = [cleaned.data, words.encode(), cleaned.said.xmp, *(sheet.pixels for sheet in sheets)]
    at = 0
    for piece in pieces:
        pour(memory, memoryview(piece), at)
        at += len(piece)
    return {
        "lengths": [len(piece) for piece in pieces],
        "sheets": [[sheet.width, sheet.height, *sheet.sides] for sheet in sheets],
        "left_out": cleaned.left_out,
    }


def _spell(said: Said) -> dict[str, Any]:
    return {"title": said.title, "items": said.items}


if __name__ == "__main__":
    serve()
