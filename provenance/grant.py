"""The grant: a decision's licence to mark and publish exactly these bytes.

Nothing below the decision works without one. It names the bytes by digest, the packs by digest, and the marks that
those packs demand; `seal` refuses bytes that are not the ones named.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from provenance.asset import AssetId, Digest
from provenance.errors import GrantMismatchError


class MarkKind(StrEnum):
    """A mark that a pack can demand."""

    SIGNED_METADATA = "signed_metadata"
    """A signed C2PA manifest."""
    TIMESTAMP = "timestamp"
    """An RFC 3161 time-stamp in the manifest's signature."""
    WATERMARK = "watermark"
    """An invisible watermark that carries a lookup id."""
    EXPLICIT_LABEL = "explicit_label"
    """A label that people see."""
    AIGC_METADATA = "aigc_metadata"
    """The implicit `AIGC` item of GB 45438-2025."""
    IPTC_METADATA = "iptc_metadata"
    """IPTC digital source type and the AI fields of Photo Metadata 2025.1."""


@dataclass(frozen=True, slots=True)
class Obligation:
    """One mark that a pack demands, with its parameters and the clause that asks for it.

    Attributes:
        kind: which mark.
        parameters: such as ``{"text": "AI生成", "min_height_ratio": 0.05}`` for an explicit label.
        required: False for a mark that is made where the picture or the deployment allows and reported when not.
        sources: ``pack/rule: clause`` of each rule that asked, for the record.
    """

    kind: MarkKind
    parameters: Mapping[str, Any] = field(default_factory=dict)
    required: bool = True
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PackRef:
    """A policy pack as it was when it decided."""

    name: str
    sha256: Digest


@dataclass(frozen=True, slots=True)
class Grant:
    """Licence to seal and publish one asset.

    Attributes:
        asset_id: the asset decided on.
        asset_sha256: digest of the very bytes decided on.
        decision_id: the RELEASE decision that granted this.
        packs: the packs that decided, by digest.
        obligations: the union of the marks that they demand.
        payload: 56-bit id for the watermark, unique in this deployment.
    """

    asset_id: AssetId
    asset_sha256: Digest
    decision_id: str
    packs: tuple[PackRef, ...]
    obligations: tuple[Obligation, ...]
    payload: int

    def obligation(self, kind: MarkKind) -> Obligation | None:
        """Return the obligation of this kind, or None when no pack demands it."""
        return next((item for item in self.obligations if item.kind is kind), None)

    def verify_bytes(self, sha256: Digest) -> None:
        """Check that this grant is for the bytes with digest `sha256`.

        Raises:
            GrantMismatchError: it is for other bytes.
        """
        if sha256 != self.asset_sha256:
            raise GrantMismatchError(f"grant is for bytes {self.asset_sha256[:12]}, got {sha256[:12]}")
