"""Still pictures as a medium: pixels are marked first, then labelled, encoded, and their metadata written.

The order is the law's and C2PA's: the watermark, then the label that people see, then the file, then its metadata; the
signature over all of it is the sealer's. Nothing counts as made until it was read from the finished bytes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, cast

import numpy as np

from provenance.asset import Frame, MediaType
from provenance.errors import UnmarkableError, UnsupportedMediaError, WatermarkError
from provenance.fingerprints.base import Fingerprint, FingerprintScheme
from provenance.grant import MarkKind
from provenance.labels.base import LabelFacts, LabelScheme, read_every, write_every
from provenance.labels.implicit import FoundLabels, ImplicitLabels, read_labels, write_labels
from provenance.labels.vendor import read_vendor_marks
from provenance.manifests.claim import Marks
from provenance.manifests.softbinding import SoftBinding, build_alg
from provenance.media.limits import OWN_LIMITS, IntakeLimits
from provenance.media.medium import (
    Claims,
    Comparison,
    Content,
    Facts,
    Kit,
    Look,
    Made,
    MarkReading,
    Measured,
    Orders,
    ReadBack,
    Shown,
)
from provenance.media.picture.comparison import compare
from provenance.media.picture.encode import LOSSLESS
from provenance.media.picture.hidden import clean_hidden, find_hidden
from provenance.media.picture.image import encode_image, measure_upright, parse_image, shipping_type, sniff_media_type
from provenance.media.picture.label import choose_options, draw_label
from provenance.media.picture.looking import look, measure
from provenance.media.picture.raster import Picture
from provenance.media.view import PICTURE
from provenance.storage.blob import Blob
from provenance.watermarks.base import ReadsSeveral, TakesOff, Watermark

PAYLOAD_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Marking:
    """What was done to a picture, for the read-back to hold the finished bytes against.

    Attributes:
        unlabelled, picture: before and after the explicit label was drawn.
        payload: of the watermark.
        problem: why there is no watermark, or "".
        labels: what the metadata says.
    """

    unlabelled: Picture
    picture: Picture
    payload: int
    problem: str
    labels: ImplicitLabels


@dataclass(frozen=True)
class PictureMedium:
    """Still pictures; see `provenance.media.medium.Medium` for what each method promises.

    Attributes:
        watermark: the scheme to embed; None where nothing is marked.
        readers: schemes to look for, by plugin name.
        fingerprints: schemes whose codes are kept; the first is the one named in the manifest.
        clean: whether what nobody can see in a picture is taken out before it ships.
        labels: of third parties, written into whatever ships.
    """

    watermark: Watermark | None
    readers: Mapping[str, Watermark]
    fingerprints: tuple[FingerprintScheme, ...]
    clean: bool = True
    labels: tuple[LabelScheme, ...] = ()

    name = "picture"
    types = tuple(MediaType)
    carriers = frozenset({PICTURE})
    marks = frozenset({MarkKind.WATERMARK, MarkKind.EXPLICIT_LABEL, MarkKind.AIGC_METADATA, MarkKind.IPTC_METADATA})

    @property
    def mark_algs(self) -> tuple[str, ...]:
        """Public names of the schemes that it looks for."""
        return tuple(scheme.alg for scheme in self.readers.values())

    @property
    def code_alg(self) -> str:
        """Name of the first fingerprint."""
        return self.fingerprints[0].alg if self.fingerprints else ""

    @property
    def code_radius_bits(self) -> int:
        """Distance up to which the first fingerprint is sure."""
        return self.fingerprints[0].confident_distance_bits if self.fingerprints else 0

    def sniff(self, head: bytes) -> MediaType | None:
        """Return the type of a picture by its first bytes."""
        try:
            return sniff_media_type(head)
        except UnsupportedMediaError:
            return None

    def shipping_type(self, media_type: MediaType) -> MediaType:
        """Return the type in which a picture of `media_type` ships."""
        return shipping_type(media_type)

    def embeds_manifests(self, media_type: MediaType) -> bool:
        """Say that every type of picture holds its manifest."""
        return media_type in self.types

    def measure_room(self, facts: Facts) -> int:
        """Return how many bits a picture's mark has room for, 0 where it carries none (docs/media.md)."""
        scheme = self.watermark
        return 0 if scheme is None else scheme.capacity_bits(int(facts["height"]), int(facts["width"]))

    def take(self, file: Blob, claims: Claims, limits: IntakeLimits) -> Picture:
        """Verify and decode a file."""
        return parse_image(file.octets(), declared_name=claims.name, declared_type=claims.media_type, limits=limits)

    def measure(self, file: Blob, claims: Claims, limits: IntakeLimits) -> Measured | None:
        """Check a file by its headers; None for AVIF and HEIC, whose decoders turn pictures by rules of their own."""
        found = measure_upright(
            file.octets(), declared_name=claims.name, declared_type=claims.media_type, limits=limits
        )
        if found is None:
            return None
        media_type, width, height = found
        return Measured(media_type, {"width": width, "height": height}, width * height)

    def look(self, file: Blob, limits: IntakeLimits) -> Look:
        """Decode the picture in a file as far as that can be done."""
        return look(file.octets(), limits)

    def weigh(self, file: Blob, limits: IntakeLimits) -> int:
        """Return how many pixels `look` would decode."""
        return measure(file.octets(), limits)

    def mark(self, content: Content, orders: Orders) -> Made:
        """Mark the pixels: the watermark, then what people see; encode them, and write the metadata."""
        picture = _as_picture(content)
        media_type = shipping_type(picture.media_type)
        shown = clean_hidden(picture, is_lossless=media_type in LOSSLESS) if self.clean else picture
        unlabelled, problem = self._embed(shown, orders)
        labelled, label_text = _draw_label(unlabelled, orders)
        codes = self.fingerprint(labelled)
        labels = _build_labels(picture.media_type, orders)
        payload = orders.payload.to_bytes(PAYLOAD_BYTES, "big")
        marks = Marks(
            watermark=None if problem or self.watermark is None else SoftBinding(self.watermark.alg, payload),
            fingerprints=tuple(
                SoftBinding(build_alg(code.alg), code.value) for code in codes if code.alg == self.code_alg
            ),
            explicit_label=label_text,
            metadata=(
                *(("AIGC",) if labels.aigc else ()),
                *(("IPTC",) if labels.iptc else ()),
                *(scheme.name for scheme in self.labels),
            ),
            orientation_applied=picture.is_turned,
        )
        data = self._add_labels(
            write_labels(encode_image(labelled, media_type), media_type, labels), media_type, orders
        )
        return Made(
            file=Blob(data=data, size_bytes=len(data)),
            media_type=media_type,
            marks=marks,
            codes=codes,
            cleaned=find_hidden(picture).words if self.clean else (),
            kept=Marking(unlabelled, labelled, orders.payload, problem, labels),
        )

    def show(self, file: Blob, made: Made) -> ReadBack:
        """Read every mark back from the finished bytes, and hold their fingerprint against what was sealed."""
        marking = cast("Marking", made.kept)
        shipped = parse_image(file.octets(), limits=OWN_LIMITS)
        shown = {
            **_show_metadata(read_labels(file.octets(), made.media_type), marking.labels),
            **self._show_pixels(shipped, made, marking),
        }
        unread = self._find_unread(file, made.media_type)
        return ReadBack(shown, unread or self._compare_codes(shipped, made.codes, marking.picture))

    def read_mark(self, content: Content) -> MarkReading:
        """Return the first reading of any scheme, with what else it reads in the same picture."""
        picture, problems = _as_picture(content), []
        for scheme in self.readers.values():
            try:
                look = scheme.extract_all if isinstance(scheme, ReadsSeveral) else scheme.extract
                reading = look(picture.frame)
            except WatermarkError as exc:
                problems.append(f"{scheme.alg} could not be read: {exc}")
                continue
            if reading is not None:
                return MarkReading(reading)
        return MarkReading(problems=tuple(problems))

    def read_labels(self, file: Blob) -> FoundLabels:
        """Return what the metadata says, wherever the container keeps it."""
        data = file.octets()
        media_type = sniff_media_type(data)
        found = replace(read_labels(data, media_type), vendors=read_vendor_marks(data, media_type))
        if not self.labels:
            return found
        said, problems = read_every(self.labels, file.read(file.size_bytes), media_type)
        return replace(found, others=said, problems=(*found.problems, *problems))

    def fingerprint(self, content: Content) -> tuple[Fingerprint, ...]:
        """Return the codes of a picture, as it looks on white."""
        flat = _as_picture(content).flattened()
        return tuple(code for scheme in self.fingerprints if isinstance(code := scheme.compute(flat), Fingerprint))

    def compare(
        self, content: Content, recorded: bytes | None, load_released: Callable[[], Content | None]
    ) -> Comparison:
        """Compare by fingerprint, and where that does not settle it by shared details."""
        released = cast("Callable[[], Picture | None]", load_released)
        return compare(_as_picture(content), self.fingerprints[0], recorded, released)

    def having(self, **changes: object) -> "PictureMedium":
        """Return the same medium with other schemes."""
        return replace(self, **changes)  # type: ignore[arg-type]  # names and types are the dataclass's own

    def _add_labels(self, data: bytes, media_type: MediaType, orders: Orders) -> bytes:
        """Write what labels of third parties write."""
        provider = orders.provider
        source = str(orders.recipe.get("digital_source_type", "trainedAlgorithmicMedia"))
        facts = LabelFacts(str(orders.asset_id), provider.name, provider.code, source)
        return write_every(self.labels, data, media_type, facts)

    def _find_unread(self, file: Blob, media_type: MediaType) -> str:
        """Say which label of a third party does not read back from the finished bytes, or ""."""
        said, _ = read_every(self.labels, file.read(file.size_bytes), media_type) if self.labels else ({}, [])
        missing = [scheme.name for scheme in self.labels if scheme.name not in said]
        return f"the label {', '.join(missing)} does not read back from the finished file" if missing else ""

    def unmark(self, content: Content) -> Frame:
        """Return the pixels of a picture without the mark that this site laid into it, where it carries one.

        For what is made of it and marked anew, and names it as an ingredient. Only who holds the key can do this: a
        scheme takes its mark off, or what embedding the same mark once more would add is taken away instead.
        """
        frame, scheme = _as_picture(content).frame, self.watermark
        if scheme is not None and isinstance(scheme, TakesOff):
            return scheme.take_off(frame)
        reading = None if scheme is None else scheme.extract(frame)
        if scheme is None or reading is None:
            return frame
        added = scheme.embed(frame, reading.payload).astype(np.int16) - frame
        return np.asarray(np.clip(frame - added, 0, 255), np.uint8)

    def _embed(self, picture: Picture, orders: Orders) -> tuple[Picture, str]:
        """Return the marked picture, or the picture as it is and why it carries no mark."""
        obligation = orders.grant.obligation(MarkKind.WATERMARK)
        if obligation is None:
            return picture, "no pack demands it"
        if self.watermark is None:
            return picture, "no watermark scheme is enabled"
        try:
            frame = self.watermark.embed(picture.frame, orders.payload)
        except UnmarkableError as exc:
            if obligation.required:
                raise
            return picture, str(exc)
        return Picture.from_frame(frame, alpha=picture.alpha, media_type=picture.media_type), ""

    def _show_pixels(self, shipped: Picture, made: Made, marking: Marking) -> dict[MarkKind, Shown]:
        is_marked = not marking.problem and self._reads(shipped, marking.payload)
        payload = {"problem": marking.problem} if marking.problem else {"payload": f"{marking.payload:016x}"}
        alg, text = "" if self.watermark is None else self.watermark.alg, made.marks.explicit_label
        return {
            MarkKind.WATERMARK: Shown(is_marked, alg, payload),
            MarkKind.EXPLICIT_LABEL: Shown(
                bool(text) and _shows_label(shipped, marking), "visible label", {"text": text}
            ),
        }

    def _reads(self, shipped: Picture, payload: int) -> bool:
        reading = None if self.watermark is None else self.watermark.extract(shipped.frame)
        return reading is not None and reading.payload == payload

    def _compare_codes(self, shipped: Picture, codes: tuple[Fingerprint, ...], coded: Picture) -> str:
        """Check the code that releases are found by; the second opinion is too coarse to hold a release for.

        Where the very pixels came back that were coded, as a lossless type has them, their code is known.
        """
        if shipped.alpha is None and coded.alpha is None and np.array_equal(shipped.frame, coded.frame):
            return ""
        for code in codes:
            if code.alg != self.code_alg:
                continue
            key = self.fingerprints[0]
            again = key.compute(shipped.flattened())
            if not isinstance(again, Fingerprint):
                return f"the finished file has no {code.alg} fingerprint, the picture had one"
            distance = (int.from_bytes(code.value) ^ int.from_bytes(again.value)).bit_count()
            if distance > key.confident_distance_bits:
                return f"the finished file is {distance} bits of {code.alg} from what was sealed"
        return ""


def build_medium(kit: Kit) -> PictureMedium:
    """Build the medium with what the deployment lends."""
    return PictureMedium(kit.watermark, kit.marks, kit.fingerprints, clean=kit.clean_hidden, labels=kit.labels)


def _as_picture(content: Content) -> Picture:
    assert isinstance(content, Picture)
    return content


def _draw_label(picture: Picture, orders: Orders) -> tuple[Picture, str]:
    obligation = orders.grant.obligation(MarkKind.EXPLICIT_LABEL)
    if obligation is None:
        return picture, ""
    options = choose_options(obligation.parameters, orders.provider.label_text)
    return draw_label(picture, **options), str(options["text"])


def _build_labels(media_type: MediaType, orders: Orders) -> ImplicitLabels:
    """Return what the metadata says of the making; an AIGC item that came in lives on and is the only one."""
    made = ImplicitLabels(orders.build_aigc(), orders.build_iptc())
    return made.after(read_labels(orders.original.octets(), media_type))


def _show_metadata(found: FoundLabels, labels: ImplicitLabels) -> dict[MarkKind, Shown]:
    is_aigc = labels.aigc is not None and len(found.aigc) == 1 and found.item == labels.aigc
    is_iptc = labels.iptc is not None and labels.iptc.texts().items() <= found.iptc.items()
    return {
        MarkKind.AIGC_METADATA: Shown(is_aigc, "gb45438 aigc", {"items": len(found.aigc)}),
        MarkKind.IPTC_METADATA: Shown(is_iptc, "iptc 2025.1", {"digital_source_type": found.digital_source_type}),
    }


def _shows_label(shipped: Picture, marking: Marking) -> bool:
    """Say whether the finished pixels, where the label changed them, are nearer to it than to what was there before."""
    after, before = marking.picture.frame, marking.unlabelled.frame
    changed = (after != before).any(axis=2)
    if not changed.any() or shipped.frame.shape != after.shape:
        return False
    pixels = shipped.frame[changed].astype(np.int16)
    return bool(np.abs(pixels - after[changed]).sum() < np.abs(pixels - before[changed]).sum())
