"""A toy medium: a few lines of text, marked by a last line that people read and by blanks that they do not.

It is all that a medium has to be, in one module; nothing outside it knows of it. `chopmark.media` names it by an entry
point, as it would a third party's (`tests/contracts/test_media.py` makes one).
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from provenance.asset import MediaType
from provenance.errors import AssetError, MislabelledAssetError, UndecodableAssetError, UnmarkableError
from provenance.fingerprints.base import Fingerprint
from provenance.grant import MarkKind
from provenance.labels.implicit import FoundLabels
from provenance.manifests.claim import Marks
from provenance.manifests.softbinding import SoftBinding, build_alg
from provenance.media.limits import IntakeLimits
from provenance.media.medium import Claims, Comparison, Content, Facts, Kit, Look, Made, MarkReading, Orders, ReadBack
from provenance.media.medium import Shown as ShownMark
from provenance.media.view import TEXT, View
from provenance.storage.blob import Blob
from provenance.watermarks.base import Reading

LINES = MediaType.add("text/x-lines", extension=".lines")
MAGIC = b"#lines\n"
LABEL = "-- "
ALG, CODE = "org.example.blanks.1", "words"
PAYLOAD_BITS, CHECK_BITS, CODE_BITS = 64, 16, 64
LONGEST = 100_000


@dataclass(frozen=True)
class Lines:
    """What is in a file: its lines without their blanks, the label, and the bits that the blanks spell."""

    lines: tuple[str, ...]
    label: str = ""
    blanks: str = ""
    media_type: MediaType = LINES
    left_out: tuple[str, ...] = ()

    @property
    def facts(self) -> Facts:
        return {"lines": len(self.lines)}

    @property
    def size_bytes(self) -> int:
        return sum(map(len, self.lines))

    def views(self) -> Iterator[View]:
        yield View(TEXT, "\n".join(self.lines))

    def spell(self) -> bytes:
        first, *rest = self.lines
        label = [f"{LABEL}{self.label}"] if self.label else []
        return MAGIC + "\n".join((first + self.blanks, *rest, *label)).encode()


@dataclass(frozen=True)
class ToyMedium:
    secret: bytes
    name: str = "lines"
    types: tuple[MediaType, ...] = (LINES,)
    carriers: frozenset[str] = frozenset({TEXT})
    marks: frozenset[MarkKind] = frozenset({MarkKind.WATERMARK, MarkKind.EXPLICIT_LABEL})
    mark_algs: tuple[str, ...] = (ALG,)
    code_alg: str = CODE
    code_radius_bits: int = 8
    limits: Mapping[str, int] = field(default_factory=dict)

    def sniff(self, head: bytes) -> MediaType | None:
        return LINES if head.startswith(MAGIC) else None

    def shipping_type(self, media_type: MediaType) -> MediaType:
        return media_type

    def embeds_manifests(self, media_type: MediaType) -> bool:
        return False

    def take(self, file: Blob, claims: Claims, limits: IntakeLimits) -> Lines:
        if claims.media_type not in {"", "application/octet-stream", LINES}:
            raise MislabelledAssetError(f"declared type: expected {LINES} by content, got another")
        data = file.read(min(limits.max_bytes, LONGEST))
        try:
            lines = data.decode().removeprefix(MAGIC.decode()).split("\n")
        except UnicodeDecodeError as exc:
            raise UndecodableAssetError(f"{LINES}: expected UTF-8") from exc
        label = lines.pop().removeprefix(LABEL) if lines[-1].startswith(LABEL) else ""
        if not data.startswith(MAGIC) or not lines or not lines[0].strip():
            raise UndecodableAssetError(f"{LINES}: expected a first line with words")
        return Lines((lines[0].rstrip(), *lines[1:]), label, lines[0][len(lines[0].rstrip()) :])

    def look(self, file: Blob, limits: IntakeLimits) -> Look:
        try:
            return Look(LINES, self.take(file, Claims(), limits))
        except AssetError as exc:
            return Look(LINES, problem=exc)

    def weigh(self, file: Blob, limits: IntakeLimits) -> int:
        return min(file.size_bytes, limits.max_bytes)

    def mark(self, content: Content, orders: Orders) -> Made:
        assert isinstance(content, Lines)
        hidden, shown = (orders.grant.obligation(kind) for kind in (MarkKind.WATERMARK, MarkKind.EXPLICIT_LABEL))
        if hidden and hidden.required and len(content.lines) < 2:
            raise UnmarkableError("expected two lines at least")
        text = {"text": orders.provider.label_text, **shown.parameters}["text"] if shown else ""
        made = Lines(content.lines, text, self._spell_bits(orders.payload) if hidden else "")
        codes, payload = self.fingerprint(made), orders.payload.to_bytes(8)
        marks = Marks(
            watermark=SoftBinding(ALG, payload) if hidden else None,
            fingerprints=tuple(SoftBinding(build_alg(code.alg), code.value) for code in codes),
            explicit_label=text,
        )
        return Made(Blob.from_bytes(made.spell()), LINES, marks, codes, kept=orders.payload)

    def show(self, file: Blob, made: Made) -> ReadBack:
        found = self.take(file, Claims(), IntakeLimits())
        reading = self.read_mark(found).reading
        is_marked, text = reading is not None and reading.payload == made.kept, made.marks.explicit_label
        marks = {
            MarkKind.WATERMARK: ShownMark(is_marked, ALG, {"payload": f"{made.kept:016x}"}),
            MarkKind.EXPLICIT_LABEL: ShownMark(bool(text) and found.label == text, "last line", {"text": text}),
        }
        return ReadBack(marks, "" if self.fingerprint(found) == made.codes else "these are other words")

    def read_mark(self, content: Content) -> MarkReading:
        assert isinstance(content, Lines)
        bits = content.blanks.replace(" ", "0").replace("\t", "1")
        if len(bits) != PAYLOAD_BITS + CHECK_BITS or set(bits) - {"0", "1"}:
            return MarkReading()
        payload = int(bits[:PAYLOAD_BITS], 2)
        if self._spell_bits(payload) != content.blanks:
            return MarkReading()
        return MarkReading(Reading("blanks", ALG, payload, "own", 2.0**-CHECK_BITS))

    def read_labels(self, file: Blob) -> FoundLabels:
        return FoundLabels()

    def fingerprint(self, content: Content) -> tuple[Fingerprint, ...]:
        """Weigh each bit of the words' digests (SimHash), so that a changed word changes few."""
        assert isinstance(content, Lines)
        digests = [
            int.from_bytes(hashlib.sha256(word.encode()).digest()[:8]) for word in " ".join(content.lines).split()
        ]
        votes = [sum(1 if digest >> bit & 1 else -1 for digest in digests) for bit in range(CODE_BITS)]
        code = sum(1 << bit for bit, vote in enumerate(votes) if vote > 0)
        return (Fingerprint(CODE, code.to_bytes(CODE_BITS // 8), 100),)

    def compare(
        self, content: Content, recorded: bytes | None, load_released: Callable[[], Content | None]
    ) -> Comparison:
        (code,) = self.fingerprint(content)
        if recorded is None:
            return Comparison()
        distance = (int.from_bytes(code.value) ^ int.from_bytes(recorded)).bit_count()
        return Comparison(distance, agrees=distance <= self.code_radius_bits)

    def _spell_bits(self, payload: int) -> str:
        check = hashlib.sha256(self.secret + payload.to_bytes(8)).digest()[: CHECK_BITS // 8]
        bits = f"{payload:0{PAYLOAD_BITS}b}{int.from_bytes(check):0{CHECK_BITS}b}"
        return bits.replace("0", " ").replace("1", "\t")


def build_medium(kit: Kit) -> ToyMedium:
    """Build it with the site's own key; the types alone need none."""
    return ToyMedium(kit.keys[0].secret if kit.keys else b"")
