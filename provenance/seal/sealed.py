"""What sealing yields: the finished file with everything bound to it, and its record without the bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from provenance.asset import AssetId, Digest, MediaType, sha256_hex
from provenance.errors import VerificationError
from provenance.fingerprints.base import Fingerprint
from provenance.grant import MarkKind
from provenance.manifests.softbinding import SoftBinding
from provenance.storage.blob import Blob

PAYLOAD_VERSION: Final = 1
"""First byte of a watermark payload; the other seven are the grant's id."""

PAYLOAD_BYTES: Final = 8


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
class SourceReport:
    """What became of what came in with the pixels.

    Attributes:
        cleaned: what nobody could see and what was taken out, in words.
        left_out: further parts of the file that do not ship, in words.
        manifest: what became of the manifest that came in (`provenance.manifests.incoming.Incoming`), as JSON; {} for
            none.
    """

    cleaned: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    manifest: Mapping[str, Any] = field(default_factory=dict)


NOTHING_CAME: Final = SourceReport()


@dataclass(frozen=True, slots=True)
class Sealed:
    """A file that is ready to ship, and everything that is bound to it.

    Its manifest is in the file, or where it is not `is_embedded`, to be kept beside it.
    """

    asset_id: AssetId
    decision_id: str
    file: Blob
    media_type: MediaType
    manifest_id: str
    manifest_bytes: bytes
    marks: tuple[MarkReport, ...]
    soft_bindings: tuple[SoftBinding, ...]
    fingerprints: tuple[Fingerprint, ...]
    source: SourceReport = NOTHING_CAME
    is_embedded: bool = True

    @property
    def sha256(self) -> Digest:
        """Digest of the file."""
        return self.file.sha256


def build_payload(identifier: int) -> int:
    """Return the 64-bit watermark payload for a grant's 56-bit id."""
    return PAYLOAD_VERSION << 56 | identifier


def payload_bytes(payload: int) -> bytes:
    """Return a payload as the 8 bytes that a soft binding holds, most significant first."""
    return payload.to_bytes(PAYLOAD_BYTES, "big")


def build_seal_facts(sealed: Sealed) -> dict[str, Any]:
    """Return the JSON-able record of `sealed`, without its bytes."""
    return {
        "asset_id": sealed.asset_id,
        "decision_id": sealed.decision_id,
        "sha256": sealed.sha256,
        "manifest_sha256": sha256_hex(sealed.manifest_bytes),
        "size_bytes": sealed.file.size_bytes,
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
        **({} if sealed.is_embedded else {"is_embedded": False}),
        "source": {
            "cleaned": list(sealed.source.cleaned),
            "left_out": list(sealed.source.left_out),
            "manifest": {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in sealed.source.manifest.items()
            },
        },
    }


def describe_source(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the remarks that people get about what came in with the pixels, out of `build_seal_facts`."""
    source = facts.get("source", {})
    manifest = source.get("manifest", {})
    redacted, because = ", ".join(manifest.get("redacted", ())), ", ".join(manifest.get("because", ()))
    remarks = [f"cleaned: {words}" for words in source.get("cleaned", ())]
    remarks += [f"left out: {words}" for words in source.get("left_out", ())]
    if redacted:
        remarks.append(f"redacted out of the manifest that came with it: {redacted}")
    if manifest.get("form") == "referenced":
        remarks.append(
            "its own manifest is named and not repeated"
            + (f": words that cannot be redacted in {because}" if because else "")
        )
    return tuple(remarks)


def parse_seal_facts(facts: Mapping[str, Any], *, file: Blob, manifest_bytes: bytes) -> Sealed:
    """Return the seal that `build_seal_facts` described.

    Raises:
        VerificationError: the bytes are not those described.
    """
    if (file.sha256, sha256_hex(manifest_bytes)) != (facts["sha256"], facts["manifest_sha256"]):
        raise VerificationError(f"the sealed blobs of {facts['asset_id']} are not those that were sealed")
    return Sealed(
        asset_id=AssetId(facts["asset_id"]),
        decision_id=facts["decision_id"],
        file=file,
        media_type=MediaType(facts["media_type"]),
        manifest_id=facts["manifest_id"],
        manifest_bytes=manifest_bytes,
        marks=tuple(MarkReport(**{**mark, "kind": MarkKind(mark["kind"])}) for mark in facts["marks"]),
        soft_bindings=tuple(SoftBinding(item["alg"], bytes.fromhex(item["value"])) for item in facts["soft_bindings"]),
        fingerprints=tuple(
            Fingerprint(code["alg"], bytes.fromhex(code["value"]), code["quality"]) for code in facts["fingerprints"]
        ),
        source=_parse_source(facts.get("source", {})),
        is_embedded=facts.get("is_embedded", True),
    )


def _parse_source(facts: Mapping[str, Any]) -> SourceReport:
    """Return the report in the facts; nothing for seals from before there was one."""
    manifest = {
        name: tuple(value) if isinstance(value, list) else value for name, value in facts.get("manifest", {}).items()
    }
    return SourceReport(tuple(facts.get("cleaned", ())), tuple(facts.get("left_out", ())), manifest)
