"""Seal one granted picture: watermark, label, encode, write labels, sign, then read back what will really ship.

The order is the law's and C2PA's: pixels first (the watermark, then the label that people see), then the file, then
metadata, then the signature over all of it. Nothing counts as made until it was read from the finished bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from provenance.asset import Asset, AssetId, Digest, MediaType, Origin, sha256_hex
from provenance.database import utc_now
from provenance.errors import UnmarkableError, VerificationError
from provenance.fingerprints.base import Fingerprint, FingerprintScheme
from provenance.grant import Grant, MarkKind
from provenance.labels.aigc import AigcItem
from provenance.labels.explicit import draw_label
from provenance.labels.implicit import ImplicitLabels, IptcFields, read_labels, write_labels
from provenance.manifests.claim import Marks, SourceFile, build_definition
from provenance.manifests.identity import SigningIdentity
from provenance.manifests.signing import Signed, sign_manifest
from provenance.manifests.softbinding import SoftBinding, build_alg
from provenance.manifests.timestamp import TimestampAuthority
from provenance.manifests.trust import TrustAnchors
from provenance.manifests.verification import Presence, locate_manifest
from provenance.media.image import IntakeLimits, Picture, encode_image, parse_image, shipping_type
from provenance.media.limits import PIXELS_CEILING, SIDE_CEILING
from provenance.watermarks.base import Watermark

PAYLOAD_VERSION: Final = 1
"""First byte of a watermark payload; the other seven are the grant's id."""

PAYLOAD_BYTES: Final = 8

OWN_LIMITS: Final = IntakeLimits(
    max_bytes=1 << 30,
    max_pixels=PIXELS_CEILING,
    max_side=SIDE_CEILING,
    max_metadata_bytes=1 << 28,
    max_metadata_items=1 << 16,
)
"""For our own file: what intake let in may have grown by its marks and by the manifest it keeps as an ingredient."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Who releases, as labels and manifests name them.

    Attributes:
        name: of the provider.
        code: 27-character code of TC260-PG-20252A, or "" to write the name instead.
        label_text: what the explicit label says where a pack does not.
        version: of this software.
    """

    name: str
    code: str = ""
    label_text: str = "AI生成"
    version: str = ""


@dataclass(frozen=True, slots=True)
class MarkReport:
    """What became of one mark.

    Attributes:
        kind: which mark.
        technique: its public name, such as a watermark's `alg`.
        made: whether it was made and read back.
        required: whether a pack demanded it.
        detail: JSON-able facts that the read-back gave.
    """

    kind: MarkKind
    technique: str
    made: bool
    required: bool
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A file that is ready to ship, and everything that is bound to it."""

    asset_id: AssetId
    decision_id: str
    data: bytes
    sha256: Digest
    media_type: MediaType
    manifest_id: str
    manifest_bytes: bytes
    marks: tuple[MarkReport, ...]
    soft_bindings: tuple[SoftBinding, ...]
    fingerprints: tuple[Fingerprint, ...]


def build_payload(identifier: int) -> int:
    """Return the 64-bit watermark payload for a grant's 56-bit id."""
    return PAYLOAD_VERSION << 56 | identifier


def payload_bytes(payload: int) -> bytes:
    """Return a payload as the 8 bytes that a soft binding holds, most significant first."""
    return payload.to_bytes(PAYLOAD_BYTES, "big")


class Sealer:
    """Makes the marks that a grant names, with one deployment's keys.

    Attributes:
        watermark: the scheme to embed.
        fingerprints: schemes whose codes are kept; the first is the one named in the manifest.
        provider: who releases.
    """

    def __init__(
        self,
        *,
        watermark: Watermark,
        fingerprints: tuple[FingerprintScheme, ...],
        identity: SigningIdentity,
        trust: TrustAnchors,
        provider: Provider,
        timestamp: TimestampAuthority | None = None,
    ) -> None:
        self.watermark = watermark
        self.fingerprints = fingerprints
        self.provider = provider
        self._identity = identity
        self._trust = trust
        self._timestamp = timestamp

    @property
    def has_timestamp(self) -> bool:
        """Whether a time-stamp authority is configured."""
        return self._timestamp is not None

    def seal(self, asset: Asset, picture: Picture, original: bytes, grant: Grant, recipe: Mapping[str, Any]) -> Sealed:
        """Return the finished file of one granted asset.

        Args:
            asset: facts about what was handed in.
            picture: its pixels; not modified.
            original: its bytes; an incoming manifest is kept as an ingredient, an incoming AIGC item lives on.
            grant: licence for exactly these bytes.
            recipe: JSON form of `generation.base.Recipe`, {} when unknown.

        Raises:
            GrantMismatchError: the grant is for other bytes.
            ProvenanceError: a required mark could not be made, or what was written does not read back.
        """
        grant.verify_bytes(sha256_hex(original))
        media_type = shipping_type(asset.media_type)
        payload = build_payload(grant.payload)
        marked, problem = self._embed(picture, grant, payload)  # (a) pixels: the watermark,
        labelled, label_text = self._draw_label(marked, grant)  # (b) then what people see
        codes = self._fingerprint(labelled)
        labels = self._build_labels(asset, original, grant, recipe)
        file = write_labels(encode_image(labelled, media_type), media_type, labels)  # (c) the file, (d) its metadata
        bound = None if problem else SoftBinding(self.watermark.alg, payload_bytes(payload))
        made = Marks(
            watermark=bound,
            fingerprints=tuple(SoftBinding(build_alg(code.alg), code.value) for code in codes[:1]),
            explicit_label=label_text,
            metadata=(*(("AIGC",) if labels.aigc else ()), *(("IPTC",) if labels.iptc else ())),
            orientation_applied=picture.is_turned,
        )
        signed = self._sign(asset, original, grant, recipe, file, media_type, made)  # (e) the signature over all of it
        marks = self._read_back(
            signed, media_type, grant, payload, codes, labels, made, problem
        )  # (f) what really ships
        return Sealed(
            asset_id=asset.id,
            decision_id=grant.decision_id,
            data=signed.data,
            sha256=sha256_hex(signed.data),
            media_type=media_type,
            manifest_id=signed.manifest_id,
            manifest_bytes=signed.manifest_bytes,
            marks=marks,
            soft_bindings=(*((bound,) if bound else ()), *made.fingerprints),
            fingerprints=codes,
        )

    def _embed(self, picture: Picture, grant: Grant, payload: int) -> tuple[Picture, str]:
        """Return the marked picture, or the picture as it is and why it carries no mark."""
        obligation = grant.obligation(MarkKind.WATERMARK)
        if obligation is None:
            return picture, "no pack demands it"
        try:
            frame = self.watermark.embed(picture.frame, payload)
        except UnmarkableError as exc:
            if obligation.required:
                raise
            return picture, str(exc)
        return Picture.from_frame(frame, alpha=picture.alpha, media_type=picture.media_type), ""

    def _draw_label(self, picture: Picture, grant: Grant) -> tuple[Picture, str]:
        obligation = grant.obligation(MarkKind.EXPLICIT_LABEL)
        if obligation is None:
            return picture, ""
        options = {"text": self.provider.label_text, **obligation.parameters}
        return draw_label(picture, **options), str(options["text"])

    def _fingerprint(self, picture: Picture) -> tuple[Fingerprint, ...]:
        codes = (scheme.compute(picture.flattened()) for scheme in self.fingerprints)
        return tuple(code for code in codes if isinstance(code, Fingerprint))

    def _build_labels(self, asset: Asset, original: bytes, grant: Grant, recipe: Mapping[str, Any]) -> ImplicitLabels:
        """Return what the metadata says of the making; an AIGC item that came in lives on and is the only one."""
        aigc = iptc = None
        if grant.obligation(MarkKind.AIGC_METADATA):
            aigc = AigcItem(content_producer=self.provider.code or self.provider.name, produce_id=asset.id)
        if grant.obligation(MarkKind.IPTC_METADATA):
            iptc = IptcFields(
                digital_source_type=recipe.get("digital_source_type", "trainedAlgorithmicMedia"),
                system=recipe.get("model_name", ""),
                system_version=recipe.get("backend", ""),
                prompt_sha256=recipe.get("prompt_sha256", ""),
            )
        return ImplicitLabels(aigc, iptc).after(read_labels(original, asset.media_type))

    def _sign(
        self,
        asset: Asset,
        original: bytes,
        grant: Grant,
        recipe: Mapping[str, Any],
        file: bytes,
        media_type: MediaType,
        made: Marks,
    ) -> Signed:
        source = None
        if asset.origin is Origin.SUBMITTED:
            presence, _ = locate_manifest(original, asset.media_type)
            source = SourceFile(asset.media_type, has_manifest=presence is Presence.EMBEDDED)
        definition = build_definition(
            asset,
            grant,
            marks=made,
            media_type=media_type,
            created_at=utc_now(),
            recipe=recipe or None,
            source=source,
        )
        return sign_manifest(
            file,
            media_type,
            definition,
            self._identity,
            ingredient_bytes=original if source else None,
            timestamp=self._timestamp if grant.obligation(MarkKind.TIMESTAMP) else None,
            trust=self._trust,
        )

    def _read_back(
        self,
        signed: Signed,
        media_type: MediaType,
        grant: Grant,
        payload: int,
        codes: tuple[Fingerprint, ...],
        labels: ImplicitLabels,
        made: Marks,
        problem: str,
    ) -> tuple[MarkReport, ...]:
        """Report every mark as the finished bytes show it.

        Raises:
            VerificationError: a mark that was made, or that is required, is not there.
        """
        shipped = parse_image(signed.data, limits=OWN_LIMITS)
        found = read_labels(signed.data, media_type)
        detail: dict[MarkKind, tuple[bool, str, dict[str, Any]]] = {
            MarkKind.SIGNED_METADATA: (True, "c2pa", {"manifest_id": signed.manifest_id, "trust": signed.report.trust}),
            MarkKind.TIMESTAMP: (
                signed.report.timestamp is not None,
                "rfc3161",
                {"time": signed.report.timestamp.time if signed.report.timestamp else ""},
            ),
            MarkKind.WATERMARK: (
                not problem and self._reads(shipped, payload),
                self.watermark.alg,
                {"problem": problem} if problem else {"payload": f"{payload:016x}"},
            ),
            MarkKind.EXPLICIT_LABEL: (bool(made.explicit_label), "visible label", {"text": made.explicit_label}),
            MarkKind.AIGC_METADATA: (
                labels.aigc is not None and len(found.aigc) == 1 and found.item == labels.aigc,
                "gb45438 aigc",
                {"items": len(found.aigc)},
            ),
            MarkKind.IPTC_METADATA: (
                labels.iptc is not None and bool(found.digital_source_type),
                "iptc 2025.1",
                {"digital_source_type": found.digital_source_type},
            ),
        }
        reports = []
        for kind, (is_made, technique, facts) in detail.items():
            obligation = grant.obligation(kind)
            if obligation is None:
                continue
            if obligation.required and not is_made:
                raise VerificationError(f"the {technique} mark does not read back from the finished file")
            reports.append(MarkReport(kind, technique, is_made, obligation.required, facts))
        if made.watermark and not detail[MarkKind.WATERMARK][0]:
            raise VerificationError("the manifest names a watermark that does not read back from the finished file")
        self._verify_fingerprints(shipped, codes)
        return tuple(reports)

    def _reads(self, shipped: Picture, payload: int) -> bool:
        reading = self.watermark.extract(shipped.frame)
        return reading is not None and reading.payload == payload

    def _verify_fingerprints(self, shipped: Picture, codes: tuple[Fingerprint, ...]) -> None:
        for code in codes:
            scheme = next(item for item in self.fingerprints if item.alg == code.alg)
            again = scheme.compute(shipped.flattened())
            if not isinstance(again, Fingerprint):
                raise VerificationError(f"the finished file has no {code.alg} fingerprint, the picture had one")
            distance = (int.from_bytes(code.value) ^ int.from_bytes(again.value)).bit_count()
            if distance > scheme.confident_distance_bits:
                raise VerificationError(f"the finished file is {distance} bits of {code.alg} from what was sealed")


def build_seal_facts(sealed: Sealed) -> dict[str, Any]:
    """Return the JSON-able record of `sealed`, without its bytes."""
    return {
        "asset_id": sealed.asset_id,
        "decision_id": sealed.decision_id,
        "sha256": sealed.sha256,
        "manifest_sha256": sha256_hex(sealed.manifest_bytes),
        "size_bytes": len(sealed.data),
        "media_type": sealed.media_type.value,
        "manifest_id": sealed.manifest_id,
        "marks": [
            {
                "kind": mark.kind.value,
                "technique": mark.technique,
                "made": mark.made,
                "required": mark.required,
                "detail": dict(mark.detail),
            }
            for mark in sealed.marks
        ],
        "soft_bindings": [{"alg": item.alg, "value": item.value.hex()} for item in sealed.soft_bindings],
        "fingerprints": [
            {"alg": code.alg, "value": code.value.hex(), "quality": code.quality} for code in sealed.fingerprints
        ],
    }


def parse_seal_facts(facts: Mapping[str, Any], *, data: bytes, manifest_bytes: bytes) -> Sealed:
    """Return the seal that `build_seal_facts` described.

    Raises:
        VerificationError: the bytes are not those described.
    """
    if (sha256_hex(data), sha256_hex(manifest_bytes)) != (facts["sha256"], facts["manifest_sha256"]):
        raise VerificationError(f"the sealed blobs of {facts['asset_id']} are not those that were sealed")
    return Sealed(
        asset_id=AssetId(facts["asset_id"]),
        decision_id=facts["decision_id"],
        data=data,
        sha256=Digest(facts["sha256"]),
        media_type=MediaType(facts["media_type"]),
        manifest_id=facts["manifest_id"],
        manifest_bytes=manifest_bytes,
        marks=tuple(MarkReport(**{**mark, "kind": MarkKind(mark["kind"])}) for mark in facts["marks"]),
        soft_bindings=tuple(SoftBinding(item["alg"], bytes.fromhex(item["value"])) for item in facts["soft_bindings"]),
        fingerprints=tuple(
            Fingerprint(code["alg"], bytes.fromhex(code["value"]), code["quality"]) for code in facts["fingerprints"]
        ),
    )
