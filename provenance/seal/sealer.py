"""Seal one granted picture: watermark, label, encode, write labels, sign, then read back what will really ship.

The order is the law's and C2PA's: pixels first (the watermark, then the label that people see), then the file, then
metadata, then the signature over all of it. Nothing counts as made until it was read from the finished bytes.
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from provenance.asset import Asset, MediaType, Origin, sha256_hex
from provenance.errors import UnmarkableError, VerificationError
from provenance.fingerprints.base import Fingerprint, FingerprintScheme
from provenance.grant import Grant, MarkKind
from provenance.labels.aigc import AigcItem
from provenance.labels.explicit import draw_label
from provenance.labels.implicit import ImplicitLabels, IptcFields, read_labels, write_labels
from provenance.manifests.claim import Marks, SourceFile, build_definition
from provenance.manifests.identity import SigningIdentity
from provenance.manifests.redaction import KEEPABLE, IncomingRule
from provenance.manifests.signing import Signed, sign_manifest
from provenance.manifests.softbinding import SoftBinding, build_alg
from provenance.manifests.timestamp import TimestampAuthority
from provenance.manifests.trust import TrustAnchors
from provenance.manifests.validation import Presence, locate_manifest
from provenance.media.limits import PIXELS_CEILING, SIDE_CEILING
from provenance.media.picture.encode import LOSSLESS
from provenance.media.picture.hidden import clean_hidden, find_hidden
from provenance.media.picture.image import IntakeLimits, Picture, encode_image, parse_image, shipping_type
from provenance.seal.sealed import MarkReport, Sealed, SourceReport, build_payload, payload_bytes
from provenance.storage.database import utc_now
from provenance.watermarks.base import Watermark

_Shown: TypeAlias = tuple[bool, str, dict[str, Any]]
"""Whether a mark reads back, its technique, and the facts about it."""

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
class _Made:
    """What was done to the picture, for the read-back to hold the finished bytes against.

    Attributes:
        unlabelled, picture: before and after the explicit label was drawn.
        payload: of the watermark.
        problem: why there is no watermark, or "".
        codes: fingerprints of `picture`.
        labels: what the metadata says.
        marks: what the manifest says.
    """

    unlabelled: Picture
    picture: Picture
    payload: int
    problem: str
    codes: tuple[Fingerprint, ...]
    labels: ImplicitLabels
    marks: Marks


class Sealer:
    """Makes the marks that a grant names, with one deployment's keys.

    Attributes:
        watermark: the scheme to embed.
        fingerprints: schemes whose codes are kept; the first is the one named in the manifest.
        provider: who releases.
        clean: whether what nobody can see in a picture is taken out before it ships.
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
        clean: bool = True,
    ) -> None:
        self.clean = clean
        self.watermark = watermark
        self.fingerprints = fingerprints
        self.provider = provider
        self._identity = identity
        self._trust = trust
        self._timestamp = timestamp

    def for_provider(self, provider: Provider) -> "Sealer":
        """Return the same sealer that names `provider`."""
        if provider == self.provider:
            return self
        made = copy(self)
        made.provider = provider
        return made

    @property
    def has_timestamp(self) -> bool:
        """Whether a time-stamp authority is configured."""
        return self._timestamp is not None

    def verify_signer(self) -> None:
        """Check that there is somebody who can sign.

        Raises:
            ConfigurationError: there is nobody.
        """
        self._identity.describe()

    def seal(self, asset: Asset, picture: Picture, original: bytes, grant: Grant, recipe: Mapping[str, Any]) -> Sealed:
        """Return the finished file of one granted asset.

        Args:
            asset: facts about what was handed in.
            picture: its pixels; not modified.
            original: its bytes; an incoming manifest is repeated as an ingredient as far as the grant lets it be, an
                incoming AIGC item lives on.
            grant: licence for exactly these bytes.
            recipe: JSON form of `generation.base.Recipe`, {} when unknown.

        Raises:
            GrantMismatchError: the grant is for other bytes.
            ProvenanceError: a required mark could not be made, or what was written does not read back.
        """
        grant.verify_bytes(sha256_hex(original))
        media_type = shipping_type(asset.media_type)
        shown = clean_hidden(picture, is_lossless=media_type in LOSSLESS) if self.clean else picture
        made = self._make(asset, shown, original, grant, recipe)  # (a) the pixels
        file = encode_image(made.picture, media_type)  # (b) the file
        file = write_labels(file, media_type, made.labels)  # (c) its metadata
        signed = self._sign(asset, original, grant, recipe, file, media_type, made.marks)  # (d) the signature over all
        reports = self._read_back(signed, media_type, grant, made)  # (e) what really ships
        bound = made.marks.watermark
        return Sealed(
            asset_id=asset.id,
            decision_id=grant.decision_id,
            data=signed.data,
            sha256=sha256_hex(signed.data),
            media_type=media_type,
            manifest_id=signed.manifest_id,
            manifest_bytes=signed.manifest_bytes,
            marks=reports,
            soft_bindings=(*((bound,) if bound else ()), *made.marks.fingerprints),
            fingerprints=made.codes,
            source=SourceReport(
                cleaned=find_hidden(picture).words if self.clean else (),
                left_out=picture.left_out,
                manifest=asdict(signed.incoming) if signed.incoming.form else {},
            ),
        )

    def _make(self, asset: Asset, picture: Picture, original: bytes, grant: Grant, recipe: Mapping[str, Any]) -> _Made:
        """Mark the pixels: the watermark, then what people see; and say what metadata and manifest will say of it."""
        payload = build_payload(grant.payload)
        unlabelled, problem = self._embed(picture, grant, payload)
        labelled, label_text = self._draw_label(unlabelled, grant)
        codes = self._fingerprint(labelled)
        labels = self._build_labels(asset, original, grant, recipe)
        marks = Marks(
            watermark=None if problem else SoftBinding(self.watermark.alg, payload_bytes(payload)),
            fingerprints=tuple(
                SoftBinding(build_alg(code.alg), code.value) for code in codes if code.alg == self.fingerprints[0].alg
            ),
            explicit_label=label_text,
            metadata=(*(("AIGC",) if labels.aigc else ()), *(("IPTC",) if labels.iptc else ())),
            orientation_applied=picture.is_turned,
        )
        return _Made(unlabelled, labelled, payload, problem, codes, labels, marks)

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
            rule=_read_rule(grant),
        )

    def _read_back(self, signed: Signed, media_type: MediaType, grant: Grant, made: _Made) -> tuple[MarkReport, ...]:
        """Report every mark as the finished bytes show it.

        Raises:
            VerificationError: a mark that was made, or that is required, is not there.
        """
        shipped = parse_image(signed.data, limits=OWN_LIMITS)
        shown = {**_show_metadata(signed, media_type, made), **self._show_pixels(shipped, made)}
        reports = []
        for kind in MarkKind:
            obligation = grant.obligation(kind)
            if obligation is None:
                continue
            is_made, technique, facts = shown[kind]
            if obligation.required and not is_made:
                raise VerificationError(f"the {technique} mark does not read back from the finished file")
            reports.append(MarkReport(kind, technique, is_made, obligation.required, facts))
        if made.marks.watermark and not shown[MarkKind.WATERMARK][0]:
            raise VerificationError("the manifest names a watermark that does not read back from the finished file")
        self._verify_fingerprints(shipped, made.codes)
        return tuple(reports)

    def _show_pixels(self, shipped: Picture, made: _Made) -> dict[MarkKind, _Shown]:
        is_marked = not made.problem and self._reads(shipped, made.payload)
        payload = {"problem": made.problem} if made.problem else {"payload": f"{made.payload:016x}"}
        text = made.marks.explicit_label
        return {
            MarkKind.WATERMARK: (is_marked, self.watermark.alg, payload),
            MarkKind.EXPLICIT_LABEL: (bool(text) and _shows_label(shipped, made), "visible label", {"text": text}),
        }

    def _reads(self, shipped: Picture, payload: int) -> bool:
        reading = self.watermark.extract(shipped.frame)
        return reading is not None and reading.payload == payload

    def _verify_fingerprints(self, shipped: Picture, codes: tuple[Fingerprint, ...]) -> None:
        """Check the code that releases are found by; the second opinion is too coarse to hold a release for."""
        key = self.fingerprints[0]
        for code in codes:
            if code.alg != key.alg:
                continue
            again = key.compute(shipped.flattened())
            if not isinstance(again, Fingerprint):
                raise VerificationError(f"the finished file has no {code.alg} fingerprint, the picture had one")
            distance = (int.from_bytes(code.value) ^ int.from_bytes(again.value)).bit_count()
            if distance > key.confident_distance_bits:
                raise VerificationError(f"the finished file is {distance} bits of {code.alg} from what was sealed")


def _read_rule(grant: Grant) -> IncomingRule:
    """Return what the packs say of a manifest that came in; where they say nothing, it is redacted."""
    obligation = grant.obligation(MarkKind.SIGNED_METADATA)
    parameters = {} if obligation is None else obligation.parameters
    kept = parameters.get("kept_assertions")
    return IncomingRule(
        str(parameters.get("incoming_manifest", "redact")), KEEPABLE if kept is None else KEEPABLE & {*kept.split()}
    )


def _show_metadata(signed: Signed, media_type: MediaType, made: _Made) -> dict[MarkKind, _Shown]:
    found = read_labels(signed.data, media_type)
    report, labels = signed.report, made.labels
    signature = {"manifest_id": signed.manifest_id, "trust": report.trust}
    time = report.timestamp.time if report.timestamp else ""
    is_aigc = labels.aigc is not None and len(found.aigc) == 1 and found.item == labels.aigc
    is_iptc = labels.iptc is not None and labels.iptc.texts().items() <= found.iptc.items()
    return {
        MarkKind.SIGNED_METADATA: (True, "c2pa", signature),
        MarkKind.TIMESTAMP: (bool(time), "rfc3161", {"time": time}),
        MarkKind.AIGC_METADATA: (is_aigc, "gb45438 aigc", {"items": len(found.aigc)}),
        MarkKind.IPTC_METADATA: (is_iptc, "iptc 2025.1", {"digital_source_type": found.digital_source_type}),
    }


def _shows_label(shipped: Picture, made: _Made) -> bool:
    """Say whether the finished pixels, where the label changed them, are nearer to it than to what was there before."""
    after, before = made.picture.frame, made.unlabelled.frame
    changed = (after != before).any(axis=2)
    if not changed.any() or shipped.frame.shape != after.shape:
        return False
    pixels = shipped.frame[changed].astype(np.int16)
    return bool(np.abs(pixels - after[changed]).sum() < np.abs(pixels - before[changed]).sum())
