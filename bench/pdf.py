"""The mark over pages of a PDF: what of a page shown, printed or cut out still says whose it is, and how much is wrong.

Pages are sentences of Python's own `pydoc`, laid out by reportlab, and whatever PDFs are named. ``python -m bench.pdf``
prints a table in Markdown.
"""

import argparse
import io
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import pypdfium2
from reportlab.lib.pagesizes import A4, letter
from reportlab.pdfgen.canvas import Canvas

from bench.text import KEY, OTHER, list_english
from provenance.asset import Frame
from provenance.media.pdf.cleaning import clean_pdf
from provenance.media.pdf.orders import WriteOrder
from provenance.media.pdf.veil import build_veil
from provenance.media.pdf.writing import write_marks
from provenance.watermarks.tile2.scheme import Tile2

_PAGE_WORDS: Final = 95

Edit = Callable[[Frame], Frame]


def lay_out(sentences: list[str], rng: random.Random, sides: tuple[float, float]) -> bytes:
    """Return a PDF of one page of sentences."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=sides)
    size, row = rng.choice((9, 11, 14)), 0.0
    canvas.setFont(rng.choice(("Times-Roman", "Helvetica")), size)
    while row < sides[1] - 160:
        canvas.drawString(50, sides[1] - 80 - row, rng.choice(sentences)[:_PAGE_WORDS])
        row += 1.4 * size
    canvas.save()
    return out.getvalue()


def jpeg(quality: int) -> Edit:
    """Save as JPEG."""
    return lambda frame: np.asarray(
        cv2.imdecode(cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)
    )


def cut(share: float) -> Edit:
    """Keep the upper part."""
    return lambda frame: np.ascontiguousarray(frame[: int(frame.shape[0] * share)])


def grey(frame: Frame) -> Frame:
    """Turn into black and white with greys, as a printer does."""
    return np.asarray(cv2.cvtColor(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB))


def threshold(frame: Frame) -> Frame:
    """Turn into black and white alone, as a fax does."""
    return np.where(frame < 128, 0, 255).astype(np.uint8)


EDITS: Final[dict[str, tuple[int, Edit]]] = {
    "shown at 96 dpi": (96, lambda frame: frame),
    "shown at 150 dpi": (150, lambda frame: frame),
    "96 dpi, JPEG 75": (96, jpeg(75)),
    "150 dpi, JPEG 60": (150, jpeg(60)),
    "150 dpi, JPEG 40": (150, jpeg(40)),
    "150 dpi, greys": (150, grey),
    "150 dpi, upper half": (150, cut(0.5)),
    "150 dpi, upper quarter": (150, cut(0.25)),
    "150 dpi, black and white alone": (150, threshold),
}


def list_pages(paths: list[Path], count: int, rng: random.Random) -> Iterator[bytes]:
    """Yield PDFs of one page and those named."""
    sentences = list_english()
    for number in range(count):
        yield lay_out(sentences, rng, (A4, letter)[number % 2])
    for path in paths:
        yield path.read_bytes()


def main() -> None:
    """Print how often the whole id was read, after each edit."""
    parser = argparse.ArgumentParser(prog="python -m bench.pdf")
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--pages", type=int, default=30)
    arguments = parser.parse_args()
    rng, scheme = random.Random(7), Tile2((KEY,))
    read, wrong, tried = dict.fromkeys(EDITS, 0), 0, 0
    unmarked, started = 0, time.process_time()
    for data in list_pages(arguments.paths, arguments.pages, rng):
        payload = rng.getrandbits(64)
        veil, cleaned = build_veil(scheme, payload), clean_pdf(data).data
        pages = len(pypdfium2.PdfDocument(cleaned, autoclose=True))
        made = write_marks(cleaned, WriteOrder("", None, veil.side, [False] * pages), b"", veil.opacity, b"")
        for number in sorted({0, pages // 2}):
            tried += 1
            for name, (dpi, edit) in EDITS.items():
                reading = scheme.extract(edit(draw(made, number, dpi)))
                read[name] += reading is not None and reading.payload == payload
                wrong += reading is not None and reading.payload != payload
            unmarked += Tile2((OTHER,)).extract(draw(made, number, 150)) is not None
    print("| edit | ids read |\n|---|---|")
    for name, count in read.items():
        print(f"| {name} | {count}/{tried} |")
    print(f"\nwrong ids: {wrong} of {tried * len(EDITS)}; under another key: {unmarked} of {tried};"
          f" {time.process_time() - started:.0f} s of processor time")  # fmt: skip


def draw(data: bytes, number: int, dpi: int) -> Frame:
    """Return a page as it is shown."""
    document = pypdfium2.PdfDocument(data)
    shown = document[number].render(scale=dpi / 72, rev_byteorder=True).to_numpy()[:, :, :3].copy()
    document.close()
    return np.ascontiguousarray(shown)


if __name__ == "__main__":
    main()
