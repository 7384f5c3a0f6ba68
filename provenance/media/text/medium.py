"""Text as a medium: labelled in its own form, marked between its words, its manifest beside it.

`provenance.media.medium.Medium` says what each method promises.
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, cast

from provenance.asset import MediaType
from provenance.errors import AssetError, ConfigurationError, LabelError, UnmarkableError
from provenance.fingerprints.base import Fingerprint
from provenance.fingerprints.shingles import ALG, EXACT, RADIUS_BITS
from provenance.grant import MarkKind
from provenance.labels.aigc import AigcItem, build_aigc, parse_aigc
from provenance.labels.implicit import FoundAigc, FoundLabels, ImplicitLabels
from provenance.manifests.claim import Marks
from provenance.manifests.softbinding import SoftBinding, build_alg
from provenance.manifests.text_wrapper import Binding, build_binding, build_wrapper, judge_text
from provenance.media.limits import OWN_LIMITS, IntakeLimits
from provenance.media.medium import (
    Bind,
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
from provenance.media.text.decoding import MOST_BYTES
from provenance.media.text.document import Document
from provenance.media.text.kind import ASS, HTML, MARKDOWN, PLAIN, TYPES, VTT, sniff_text
from provenance.media.text.label import START, add_label, has_label
from provenance.media.text.text import Text, list_gaps, list_symbols, parse_text, weave_in
from provenance.media.text.words import compare_words, fingerprint_words
from provenance.media.view import TEXT
from provenance.storage.blob import Blob
from provenance.watermarks.base import Reading
from provenance.watermarks.thread.scheme import Thread

KEY: Final = "AIGC"
PAYLOAD_BYTES: Final = 8
OWN_BYTES: Final = 4 * MOST_BYTES
"""Length of a text of ours: what came in, grown by its marks."""

PLACES: Final = {HTML: "html meta", MARKDOWN: "front matter", VTT: "webvtt note", ASS: "script info"}
_ELSEWHERE: Final = "variation selectors"
_SHOWN_CHARS: Final = 2048


@dataclass(frozen=True, slots=True)
class Marking:
    """What was done to a text, for the read-back to hold the finished bytes against.

    Attributes:
        payload: of the watermark.
        problem: why there is no watermark, or "".
        aigc: the item in the metadata, None where there is none.
        label: what people read, "" for none.
        position: where.
        media_type: as it was taken.
    """

    payload: int
    problem: str
    aigc: AigcItem | None
    label: str
    position: str
    media_type: MediaType


INSIDE: Final = "inside"
BESIDE: Final = "beside"
CARRIES: Final = (PLAIN, MARKDOWN)
"""Texts that a manifest is written into on request: what reads the others may stumble over a last line of its own."""


@dataclass(frozen=True, slots=True)
class Options:
    """What settings say of texts (`media_options.text`).

    Attributes:
        manifest: ``beside`` the file alone, or ``inside`` plain texts and Markdown as well, in characters that nobody
            sees: some fifty thousand bytes each.
    """

    manifest: str = BESIDE

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> "Options":
        """Return the options that settings give.

        Raises:
            ConfigurationError: there is no such option, or it has another value.
        """
        if set(given) - {"manifest"} or given.get("manifest", BESIDE) not in {BESIDE, INSIDE}:
            raise ConfigurationError(f"media_options.text: expected manifest to be {BESIDE} or {INSIDE}, and no other")
        return cls(str(given.get("manifest", BESIDE)))


@dataclass(frozen=True)
class TextMedium:
    """Text in files.

    Attributes:
        watermark: the scheme, with the site's keys; None where there is no key.
        options: of the settings.
    """

    watermark: Thread | None
    options: Options = field(default_factory=Options)

    name = "text"
    types = TYPES
    carriers = frozenset({TEXT})
    marks = frozenset({MarkKind.WATERMARK, MarkKind.EXPLICIT_LABEL, MarkKind.AIGC_METADATA})
    mark_algs = (Thread.alg,)
    code_alg = ALG
    code_radius_bits = RADIUS_BITS
    exact_alg = EXACT

    def embeds_manifests(self, media_type: MediaType) -> bool:  # noqa: ARG002 - the seam's
        """Say no: c2pa writes into none of these; the manifest lies beside the file."""
        return False

    def sniff(self, head: bytes) -> MediaType | None:
        """Return the type of a text by its first bytes."""
        return sniff_text(head)

    def shipping_type(self, media_type: MediaType) -> MediaType:
        """Return the type in which a text ships: its own."""
        return media_type

    def take(self, file: Blob, claims: Claims, limits: IntakeLimits) -> Text:
        """Verify a file by reading all of it."""
        return parse_text(file, claims, limits)

    def look(self, file: Blob, limits: IntakeLimits) -> Look:
        """Read a stranger's file, where that can be done."""
        media_type: MediaType | str = sniff_text(file.read_at(0, 4096)) or ""
        try:
            text = parse_text(file, Claims(), limits, most_bytes=OWN_BYTES)
        except AssetError as exc:
            return Look(media_type, problem=exc)
        remarks = tuple(f"hidden in the text: {words}" for words in text.hidden.words)
        store, binding = judge_text(text.raw)
        return Look(text.media_type, text, remarks=remarks, store=store, binding=binding.value if store else "")

    def weigh(self, file: Blob, limits: IntakeLimits) -> int:
        """Return about how many characters are held, each as much as a pixel."""
        return file.size_bytes if file.size_bytes <= min(limits.max_bytes, OWN_BYTES) else 0

    def mark(self, content: Content, orders: Orders) -> Made:
        """Put in the label, the item and the mark, in this order: the mark lies between all words."""
        text = cast("Text", content)
        document, marking = self._prepare(text, orders)
        document, marking = self._weave(document, marking, orders)
        file = Blob.from_bytes(document.spell().encode())
        made = parse_text(file, Claims(media_type=text.media_type), OWN_LIMITS, most_bytes=OWN_BYTES)
        codes = self.fingerprint(made)
        is_marked = not marking.problem
        marks = Marks(
            watermark=SoftBinding(Thread.alg, orders.payload.to_bytes(PAYLOAD_BYTES, "big")) if is_marked else None,
            fingerprints=tuple(SoftBinding(build_alg(code.alg), code.value) for code in codes),
            explicit_label=marking.label,
            metadata=(KEY,) if marking.aigc else (),
        )
        return Made(file, text.media_type, marks, codes, cleaned=text.hidden.removed, kept=marking)

    def carry(self, made: Made, sign: Callable[[Blob, Bind], bytes]) -> Made:
        """Put a manifest in at the end of a plain text or Markdown, where the settings say so (C2PA 2.4 A.8)."""
        if self.options.manifest != INSIDE or made.media_type not in CARRIES:
            return made
        text = unicodedata.normalize("NFC", made.file.read().decode())
        store = sign(Blob.from_bytes(text.encode()), partial(build_binding, text))
        return replace(made, file=Blob.from_bytes((text + build_wrapper(store)).encode()))

    def show(self, file: Blob, made: Made) -> ReadBack:
        """Read every mark back from the finished bytes, and hold their letters against what was sealed."""
        marking = cast("Marking", made.kept)
        shipped = parse_text(file, Claims(media_type=marking.media_type), OWN_LIMITS, most_bytes=OWN_BYTES)
        reading = self._read(shipped)
        is_marked = not marking.problem and reading is not None and reading.payload == marking.payload
        payload = {"problem": marking.problem} if marking.problem else {"payload": f"{marking.payload:016x}"}
        found = self._find_labels(shipped)
        is_aigc = marking.aigc is not None and [one.item for one in found.aigc] == [marking.aigc]
        is_labelled = bool(marking.label) and has_label(shipped.document, marking.label, marking.position)
        label = {"text": marking.label, "position": marking.position}
        marks = {
            MarkKind.WATERMARK: Shown(is_marked, Thread.alg, payload),
            MarkKind.EXPLICIT_LABEL: Shown(is_labelled, "text label", label),
            MarkKind.AIGC_METADATA: Shown(is_aigc, "gb45438 aigc", {"items": len(found.aigc)}),
        }
        if self.fingerprint(shipped) != made.codes:
            return ReadBack(marks, "the finished file has other words than what was sealed")
        store, binding = judge_text(shipped.raw)
        is_bound = store is None or binding is Binding.MATCH
        return ReadBack(marks, "" if is_bound else "the manifest inside the text is not bound to the text around it")

    def read_mark(self, content: Content) -> MarkReading:
        """Look for the mark under every key held."""
        return MarkReading(self._read(cast("Text", content)))

    def read_labels(self, file: Blob) -> FoundLabels:
        """Return what the metadata says."""
        try:
            return self._find_labels(parse_text(file, Claims(), OWN_LIMITS, most_bytes=OWN_BYTES))
        except AssetError as exc:
            return FoundLabels(problems=(str(exc),))

    def fingerprint(self, content: Content) -> tuple[Fingerprint, ...]:
        """Return the code of the words, then the digest of the letters; () for fewer words than tell texts apart."""
        return fingerprint_words(cast("Text", content).document.words)

    def compare(
        self, content: Content, recorded: bytes | None, load_released: Callable[[], Content | None]
    ) -> Comparison:
        """Compare by codes; of a part of a release, by how many of its runs of words the release has."""

        def load_words() -> str | None:
            released = load_released()
            return None if released is None else cast("Text", released).document.words

        return compare_words(cast("Text", content).document.words, recorded, load_words)

    def _prepare(self, text: Text, orders: Orders) -> tuple[Document, Marking]:
        """Return the text with its label and item; an item that came in lives on and is the only one."""
        shown = orders.grant.obligation(MarkKind.EXPLICIT_LABEL)
        parameters = {"text": orders.provider.label_text, "text_position": START, **shown.parameters} if shown else {}
        label, position = str(parameters.get("text", "")), str(parameters.get("text_position", START))
        document = add_label(text.document, label, position) if label else text.document
        aigc = ImplicitLabels(orders.build_aigc()).after(self._find_labels(text)).aigc
        document = replace(document, aigc=build_aigc(aigc) if aigc else "", aigc_items=int(aigc is not None))
        return document, Marking(orders.payload, "", aigc, label, position, text.media_type)

    def _weave(self, document: Document, marking: Marking, orders: Orders) -> tuple[Document, Marking]:
        obligation = orders.grant.obligation(MarkKind.WATERMARK)
        if obligation is None or self.watermark is None:
            why = "no pack demands it" if obligation is None else "no watermark key is held"
            return document, replace(marking, problem=why)
        gaps = list_gaps(document)
        try:
            woven = weave_in(document, gaps, self.watermark.weave([gap for _, gap in gaps], marking.payload))
            self._require_mark(document, woven, marking.payload)
        except UnmarkableError as exc:
            if obligation.required:
                raise
            return document, replace(marking, problem=str(exc))
        return woven, marking

    def _require_mark(self, document: Document, woven: Document, payload: int) -> None:
        """Refuse a text whose own joiners outvote the mark: many of them, always behind the same letters."""
        if self.watermark is None or next(list_symbols(document), None) is None:
            return
        reading = self.watermark.read(tuple(list_symbols(woven)))
        if reading is None or reading.payload != payload:
            raise UnmarkableError("expected a text with few joiners of its own, got one in which no mark is read")

    def _read(self, text: Text) -> Reading | None:
        return self.watermark.read(tuple(text.read_symbols())) if self.watermark else None

    def _find_labels(self, text: Text) -> FoundLabels:
        place = PLACES.get(text.media_type, _ELSEWHERE)
        found = tuple(_parse_item(place, one) for one in text.read_aigc())
        problems = [f"{one.place}: {one.problem}" for one in found if one.problem]
        if len(found) > 1:
            problems.append(f"{len(found)} AIGC items where one is allowed")
        return FoundLabels(aigc=found, places=(place,) * bool(found), problems=tuple(problems))


def _parse_item(place: str, text: str) -> FoundAigc:
    try:
        return FoundAigc(place, text[:_SHOWN_CHARS], parse_aigc(text))
    except LabelError as exc:
        return FoundAigc(place, text[:_SHOWN_CHARS], None, str(exc))


def build_medium(kit: Kit) -> TextMedium:
    """Build the medium with the deployment's keys."""
    return TextMedium(Thread(kit.keys) if kit.keys else None, Options.parse(kit.options))
