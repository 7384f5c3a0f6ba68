"""Processes that take PDFs apart and write marks into them; the other side is `provenance.media.pdf.process`."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeVar

from provenance.errors import AssetTooLargeError, MissingExtraError, UndecodableAssetError
from provenance.media.limits import MEBI, IntakeLimits
from provenance.media.pdf.kind import PDF
from provenance.media.pdf.orders import WriteOrder
from provenance.media.pdf.sheets import Page, Sheets
from provenance.media.workers import MOST_PROCESSES, Order, Workers, clean, fill, keep_for_process
from provenance.storage.blob import Blob

MOST_BYTES: Final = 32 * MEBI
"""Length of a PDF."""
OWN_BYTES: Final = 2 * MOST_BYTES
"""Of one of ours: what came in, grown by its marks and its manifest."""
DEADLINE_S: Final = 40.0
A_MEBIBYTE_S: Final = 2.0

_MOST_PAGES: Final = 200
_MOST_SIDE: Final = 1_000
_MOST_ITEMS: Final = 16
_SHOWN_CHARS: Final = 32_768

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the metadata of a file says, unverified: AIGC items of the document information, and the XMP packet."""

    items: tuple[str, ...]
    xmp: bytes


class Readers(Workers):
    """A few processes that know PDF. Safe to share between threads; starts none before it is asked."""

    def __init__(self, most: int = MOST_PROCESSES, *, deadline_s: float = DEADLINE_S) -> None:
        """Hold at most `most` processes, each with `deadline_s` for a file, and for its size."""
        super().__init__("PDF", "provenance.media.pdf.process", most)
        self._deadline_s = deadline_s

    def take(self, file: Blob, limits: IntakeLimits, *, most_bytes: int = MOST_BYTES) -> Sheets:
        """Write a file anew and take it apart.

        Raises:
            AssetTooLargeError, UndecodableAssetError: it is nothing that can be taken; or its process died, or was
                late.
            ProcessDiedError: no process could be started.
            MissingExtraError: pypdf or PDFium is not installed.
        """
        return self._ask("take", _read_bounded(file, limits, most_bytes), limits, _read_sheets)

    def see(self, file: Blob, limits: IntakeLimits, *, draws: bool = True) -> Sheets:
        """Take a file of ours apart as it is, with what was laid over its pages; without pictures unless one `draws`.

        Raises:
            As `take`.
        """
        data = _read_bounded(file, limits, OWN_BYTES)
        more = {} if draws else {"most_pixels": 0}
        return self._ask("see", data, limits, lambda reply, memory: _read_sheets(reply, memory, file), more)

    def say(self, file: Blob, limits: IntakeLimits) -> Metadata:
        """Return what the metadata says.

        Raises:
            As `take`.
        """
        found = self._ask("say", _read_bounded(file, limits, OWN_BYTES), limits, _read_sheets)
        return Metadata(found.items, found.xmp)

    def write(self, file: Blob, order: WriteOrder, program: bytes, veil: bytes, xmp: bytes) -> Blob:
        """Return a file that was written anew with marks in it.

        Raises:
            As `take`.
        """
        header = {
            "item": order.item,
            "label": None if order.label is None else asdict(order.label),
            "veil_side": order.veil_side,
            "light": list(order.light),
        }
        parts = (program, veil, xmp)
        return self._ask("write", file.read(), IntakeLimits(), _read_file, header, parts)

    def _ask(
        self,
        job: str,
        data: bytes,
        limits: IntakeLimits,
        read: Callable[[Mapping[str, Any], int], T],
        more: Mapping[str, Any] | None = None,
        parts: Sequence[bytes] = (),
    ) -> T:
        _require_libraries()
        header = {
            "job": job,
            "media_type": PDF.value,
            "extension": PDF.extension,
            "size": f"{len(data)} bytes",
            "size_bytes": len(data),
            "most_bytes": OWN_BYTES,
            "most_pixels": limits.max_pixels,
            **(more or {}),
        }
        deadline_s = self._deadline_s + A_MEBIBYTE_S * len(data) / MEBI
        return self.run(Order(PDF, "a PDF", deadline_s, header, read, (data, *parts)))


def _require_libraries() -> None:
    from importlib.util import find_spec

    lacking = [name for name in ("pypdf", "pypdfium2", "fontTools") if find_spec(name) is None]
    if lacking:
        raise MissingExtraError(f"PDF needs {', '.join(lacking)}: pip install 'chopmark[pdf]'")


def _read_bounded(file: Blob, limits: IntakeLimits, most_bytes: int) -> bytes:
    most = min(limits.max_bytes, most_bytes)
    if file.size_bytes > most:
        raise AssetTooLargeError(f"expected a PDF of at most {most} bytes, got {file.size_bytes}: hand it in by parts")
    return file.read()


def _read_file(reply: Mapping[str, Any], memory: int) -> Blob:
    try:
        return Blob.from_bytes(_take(memory, 0, int(reply["size"])))
    except (KeyError, TypeError, ValueError) as exc:
        raise UndecodableAssetError(f"{PDF}: expected a file, got another answer") from exc


def _read_sheets(reply: Mapping[str, Any], memory: int, file: Blob | None = None) -> Sheets:
    """Return what a process found in a file, which is `file` where it was not written anew.

    Raises:
        UndecodableAssetError: it is nothing that it could have found.
    """
    try:
        lengths, sheets = [int(length) for length in reply["lengths"]], list(reply["sheets"])[:_MOST_PAGES]
        pieces, at = [], 0
        for length in lengths[: 3 + len(sheets)]:
            pieces.append(_take(memory, at, length))
            at += length
        data, words, xmp, *pixels = pieces
        told = json.loads(words)
        texts, links = [str(text) for text in told["texts"]], told["links"] or [[]] * len(sheets)
        pages = tuple(
            _build_page(text, there, sheet, one)
            for text, there, sheet, one in zip(texts, links, sheets, pixels, strict=True)
        )
        items = tuple(str(item)[:_SHOWN_CHARS] for item in told["said"]["items"][:_MOST_ITEMS])
        left_out = tuple(clean(name) for name in reply["left_out"])
        made = Blob.from_bytes(data) if file is None else file
        return Sheets(made, pages, str(told["said"]["title"])[:500], items, xmp, left_out)
    except (KeyError, TypeError, ValueError, IndexError) as exc:
        raise UndecodableAssetError(f"{PDF}: expected pages, got another answer") from exc


def _build_page(text: str, links: Sequence[object], sheet: Sequence[Any], pixels: bytes) -> Page:
    width, height = int(sheet[0]), int(sheet[1])
    if not (0 <= width <= _MOST_SIDE + 1 and 0 <= height <= _MOST_SIDE + 1):
        raise ValueError("shape")
    page = Page(text, tuple(map(str, links)), width, height, (float(sheet[2]), float(sheet[3])), pixels)
    page.draw()  # a process that lies about the shape is found out now
    return page


def _take(memory: int, at: int, length: int) -> bytes:
    if not 0 <= length <= OWN_BYTES + (256 << 20):
        raise ValueError("length")
    data = bytearray(length)
    fill(memory, memoryview(data), at)
    return bytes(data)


READERS: Final = keep_for_process(Readers())
"""Those of this process."""
