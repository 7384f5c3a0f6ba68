"""PDF as a medium: written anew, veiled with a mark, labelled on its first page, its manifest inside.

`provenance.media.medium.Medium` says what each method promises.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, cast

from provenance.asset import Frame, MediaType
from provenance.errors import AssetError, UndecodableAssetError, UnmarkableError, WatermarkError
from provenance.fingerprints.base import Fingerprint
from provenance.fingerprints.shingles import ALG, EXACT, RADIUS_BITS
from provenance.grant import MarkKind
from provenance.labels.aigc import build_aigc
from provenance.labels.containers.base import Carried
from provenance.labels.implicit import FoundLabels, ImplicitLabels, build_xmp, read_carried
from provenance.manifests.claim import Marks
from provenance.manifests.softbinding import SoftBinding, build_alg
from provenance.media.limits import OWN_LIMITS, IntakeLimits
from provenance.media.medium import (
    Claims,
    Comparison,
    Content,
    Kit,
    Look,
    Made,
    MarkReading,
    Orders,
    ReadBack,
    Shown,
)
from provenance.media.pdf.font import build_letters
from provenance.media.pdf.kind import PDF, check_claims, sniff_pdf
from provenance.media.pdf.orders import LabelOrder, WriteOrder
from provenance.media.pdf.placing import is_dark, place_label, shows_label
from provenance.media.pdf.readers import OWN_BYTES, READERS
from provenance.media.pdf.sheets import Page, Sheets
from provenance.media.pdf.veil import build_veil
from provenance.media.text.hidden import find_hidden
from provenance.media.text.label import START
from provenance.media.text.words import compare_words, fingerprint_words
from provenance.media.view import PICTURE, TEXT
from provenance.storage.blob import Blob
from provenance.watermarks.base import Watermark

PAYLOAD_BYTES: Final = 8
PLACE: Final = "pdf information"
"""Where an AIGC item stands: in the document information dictionary (TC260-PG-20258A)."""
MOST_SEARCHED: Final = 4
"""Pages that a stranger's mark is looked for on: the first ones."""
MOST_READ_BACK: Final = 8
"""Pages that our own mark is read back from: the first, the last, and those spread evenly between."""


@dataclass(frozen=True, slots=True)
class Marking:
    """What was done to a PDF, for the read-back to hold the finished bytes against.

    Attributes:
        payload: of the watermark.
        problem: why there is no watermark, or "".
        labels: what the metadata says.
        label: what people read, None for none.
        position: where.
        pages: how many there are.
    """

    payload: int
    problem: str
    labels: ImplicitLabels
    label: LabelOrder | None
    position: str
    pages: int


@dataclass(frozen=True)
class PdfMedium:
    """PDF files.

    Attributes:
        watermark: the scheme of pictures that pages are veiled with; None where nothing is marked.
        readers: schemes to look for, by plugin name.
    """

    watermark: Watermark | None
    readers: Mapping[str, Watermark]

    name = "pdf"
    types = (PDF,)
    carriers = frozenset({TEXT, PICTURE})
    marks = frozenset({MarkKind.WATERMARK, MarkKind.EXPLICIT_LABEL, MarkKind.AIGC_METADATA, MarkKind.IPTC_METADATA})
    code_alg = ALG
    code_radius_bits = RADIUS_BITS
    exact_alg = EXACT

    @property
    def mark_algs(self) -> tuple[str, ...]:
        """Public names of the schemes that it looks for."""
        return tuple(scheme.alg for scheme in self.readers.values())

    def embeds_manifests(self, media_type: MediaType) -> bool:  # noqa: ARG002 - the seam's
        """Say yes: c2pa writes it as an associated file (C2PA 2.4 A.4)."""
        return True

    def sniff(self, head: bytes) -> MediaType | None:
        """Return the type of a PDF by its first bytes."""
        return sniff_pdf(head)

    def shipping_type(self, media_type: MediaType) -> MediaType:
        """Return the type in which a PDF ships: its own."""
        return media_type

    def take(self, file: Blob, claims: Claims, limits: IntakeLimits) -> Sheets:
        """Verify a file by writing it anew and showing every page."""
        check_claims(declared_name=claims.name, declared_type=claims.media_type)
        sheets = READERS.take(file, limits)
        _require_words(sheets)
        return sheets

    def look(self, file: Blob, limits: IntakeLimits) -> Look:
        """Take a stranger's file apart, where that can be done."""
        try:
            sheets = READERS.take(file, limits, most_bytes=OWN_BYTES)
            _require_words(sheets)
        except AssetError as exc:
            labels = self.read_labels(file)
            return Look(PDF, problem=exc, labels=labels if labels.says_ai or labels.digital_source_type else None)
        return Look(PDF, sheets, remarks=tuple(f"hidden in the text: {words}" for words in sheets.hidden.words))

    def weigh(self, file: Blob, limits: IntakeLimits) -> int:
        """Return how many pixels its pages have together at most."""
        return limits.max_pixels if file.size_bytes <= min(limits.max_bytes, OWN_BYTES) else 0

    def mark(self, content: Content, orders: Orders) -> Made:
        """Write what the grant names into the file that was written anew."""
        sheets = cast("Sheets", content)
        labels = ImplicitLabels(orders.build_aigc(), orders.build_iptc()).after(_find_labels(sheets.items, sheets.xmp))
        veil, problem = self._build_veil(orders)
        label, position, program = _place_label(sheets, orders)
        order = WriteOrder(
            item=build_aigc(labels.aigc) if labels.aigc else "",
            label=label,
            veil_side=0 if problem else veil[0],
            light=[is_dark(page) for page in sheets.pages],
        )
        xmp = build_xmp(ImplicitLabels(None, labels.iptc)) if labels.iptc else b""
        file = READERS.write(sheets.file, order, program, veil[1], xmp)
        codes = self.fingerprint(READERS.see(file, OWN_LIMITS, draws=False))
        is_marked = not problem and self.watermark is not None
        payload = orders.payload.to_bytes(PAYLOAD_BYTES, "big")
        marks = Marks(
            watermark=SoftBinding(self.watermark.alg, payload) if is_marked and self.watermark else None,
            fingerprints=tuple(SoftBinding(build_alg(code.alg), code.value) for code in codes),
            explicit_label=label.text if label else "",
            metadata=(*(("AIGC",) if labels.aigc else ()), *(("IPTC",) if labels.iptc else ())),
        )
        marking = Marking(orders.payload, problem, labels, label, position, len(sheets.pages))
        return Made(file, PDF, marks, codes, cleaned=find_hidden(sheets.title).removed, kept=marking)

    def show(self, file: Blob, made: Made) -> ReadBack:
        """Read every mark back from the finished bytes, and hold their words against what was sealed."""
        marking = cast("Marking", made.kept)
        shipped = READERS.see(file, OWN_LIMITS)
        found = _find_labels(shipped.items, shipped.xmp)
        wanted = marking.labels
        looked = _choose_pages(shipped)
        read = 0 if marking.problem else sum(self._reads(page.draw(), marking.payload) for page in looked)
        told = {"problem": marking.problem} if marking.problem else {"payload": f"{marking.payload:016x}"}
        is_aigc = wanted.aigc is not None and [one.item for one in found.aigc] == [wanted.aigc]
        is_iptc = wanted.iptc is not None and wanted.iptc.texts().items() <= found.iptc.items()
        label = marking.label
        said = {"text": label.text if label else "", "position": marking.position}
        marks = {
            # A page that is one dark photograph may swallow the veil; most of a document does not.
            MarkKind.WATERMARK: Shown(
                2 * read > len(looked),
                self.watermark.alg if self.watermark else "",
                {**told, "pages_read": read, "pages_looked_at": len(looked)},
            ),
            MarkKind.EXPLICIT_LABEL: Shown(label is not None and shows_label(shipped, label), "page label", said),
            MarkKind.AIGC_METADATA: Shown(is_aigc, "gb45438 aigc", {"items": len(found.aigc)}),
            MarkKind.IPTC_METADATA: Shown(is_iptc, "iptc 2025.1", {"digital_source_type": found.digital_source_type}),
        }
        if len(shipped.pages) != marking.pages or self.fingerprint(shipped) != made.codes:
            return ReadBack(marks, "the finished file has other words or pages than what was sealed")
        return ReadBack(marks)

    def read_mark(self, content: Content) -> MarkReading:
        """Look for a mark on the first pages, with every scheme."""
        problems: dict[str, None] = {}
        for page in cast("Sheets", content).pages[:MOST_SEARCHED]:
            frame = page.draw()
            for scheme in self.readers.values():
                try:
                    reading = scheme.extract(frame)
                except WatermarkError as exc:
                    problems[f"{scheme.alg} could not be read: {exc}"] = None
                    continue
                if reading is not None:
                    return MarkReading(reading)
        return MarkReading(problems=tuple(problems))

    def read_labels(self, file: Blob) -> FoundLabels:
        """Return what the document information and the XMP packet say."""
        try:
            said = READERS.say(file, OWN_LIMITS)
        except AssetError as exc:
            return FoundLabels(problems=(str(exc),))
        return _find_labels(said.items, said.xmp)

    def fingerprint(self, content: Content) -> tuple[Fingerprint, ...]:
        """Return the code of the words, then the digest of the letters; () for fewer words than tell texts apart."""
        return fingerprint_words(cast("Sheets", content).words)

    def compare(
        self, content: Content, recorded: bytes | None, load_released: Callable[[], Content | None]
    ) -> Comparison:
        """Compare by codes; of a part of a release, by how many of its runs of words the release has."""

        def load_words() -> str | None:
            released = load_released()
            return None if released is None else cast("Sheets", released).words

        return compare_words(cast("Sheets", content).words, recorded, load_words)

    def _build_veil(self, orders: Orders) -> tuple[tuple[int, bytes], str]:
        """Return the veil, or why there is none."""
        obligation = orders.grant.obligation(MarkKind.WATERMARK)
        if obligation is None or self.watermark is None:
            return (0, b""), "no pack demands it" if obligation is None else "no watermark scheme is enabled"
        try:
            veil = build_veil(self.watermark, orders.payload)
        except UnmarkableError as exc:
            if obligation.required:
                raise
            return (0, b""), str(exc)
        return (veil.side, veil.opacity), ""

    def _reads(self, frame: Frame, payload: int) -> bool:
        reading = None if self.watermark is None else self.watermark.extract(frame)
        return reading is not None and payload in {reading.payload, *(other.payload for other in reading.others)}


def _choose_pages(sheets: Sheets) -> list[Page]:
    count = len(sheets.pages)
    chosen = {round(at * (count - 1) / max(1, MOST_READ_BACK - 1)) for at in range(MOST_READ_BACK)}
    return [sheets.pages[number] for number in sorted(chosen)]


def _require_words(sheets: Sheets) -> None:
    """Refuse a file without words: pages that are pictures are handed in as pictures.

    Raises:
        UndecodableAssetError: no letter and no digit can be taken out of it.
    """
    if not any(letter.isalnum() for letter in sheets.words):
        raise UndecodableAssetError(
            "expected a PDF with words that can be taken out, got none: hand in its pages as pictures"
        )


def _place_label(sheets: Sheets, orders: Orders) -> tuple[LabelOrder | None, str, bytes]:
    """Return the label that the grant names, where in the text it stands, and the font that it needs."""
    shown = orders.grant.obligation(MarkKind.EXPLICIT_LABEL)
    if shown is None:
        return None, START, b""
    parameters = {"text": orders.provider.label_text, "text_position": START, **shown.parameters}
    text, position = str(parameters["text"]), str(parameters["text_position"])
    if not text:
        return None, position, b""
    letters = build_letters(text)
    return place_label(sheets, text, position, letters), position, letters.program


def _find_labels(items: tuple[str, ...], xmp: bytes) -> FoundLabels:
    return read_carried(Carried(xmp=(xmp,) if xmp else (), texts=items, text_place=PLACE))


def build_medium(kit: Kit) -> PdfMedium:
    """Build the medium with the schemes that the deployment lends."""
    return PdfMedium(kit.watermark, kit.marks)
