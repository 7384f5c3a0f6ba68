"""What is answered about an asset to those who may see every one of their tenant."""

from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, Field

from api.schemas.release import Release

if TYPE_CHECKING:
    from detectors.base import Signal
    from policies.line.standing import Standing
    from policies.rules.decision import Reason


class SignalModel(BaseModel):
    """What one detector answered."""

    detector: str
    version: str
    status: str
    scores: dict[str, float]
    reason: str

    @classmethod
    def build(cls, signal: "Signal") -> Self:
        """Build it from what was recorded; evidence is the desk's."""
        return cls(
            detector=signal.detector,
            version=signal.version,
            status=signal.status.value,
            scores=dict(signal.scores),
            reason=signal.reason,
        )


class FullReason(BaseModel):
    """One rule's contribution to a decision, with the numbers compared."""

    pack: str
    rule: str
    outcome: str
    clause: str
    text: str
    detector: str
    category: str
    score: float | None
    threshold: float | None

    @classmethod
    def build(cls, reason: "Reason") -> Self:
        """Build it from what was recorded."""
        return cls(
            pack=reason.pack,
            rule=reason.rule,
            outcome=reason.outcome.value,
            clause=reason.clause,
            text=reason.text,
            detector=reason.detector,
            category=reason.category,
            score=reason.score,
            threshold=reason.threshold,
        )


class AssetModel(Release):
    """One asset with everything that was recorded about it, but neither prompt nor unreleased bytes."""

    media_type: str
    size_bytes: int = Field(description="of what was handed in")
    submitter: str = Field(description="id of the person or key that handed it in, empty for the operator")
    decided_by: str | None = Field(default=None, description="policy, or review: and the moderator's name")
    reasons: list[FullReason] = Field(default=[])
    signals: list[SignalModel] = Field(default=[])
    seal: dict[str, Any] = Field(default={}, description="marks, manifest and soft bindings of what was released")

    @classmethod
    def describe(cls, standing: "Standing", signals: tuple["Signal", ...]) -> Self:
        """Build it from what was recorded."""
        decision = standing.decision
        return cls(
            **Release.build(standing).model_dump(),
            media_type=standing.media_type,
            size_bytes=standing.size_bytes,
            submitter=standing.submitter,
            decided_by=None if decision is None else decision.decided_by,
            reasons=[] if decision is None else [FullReason.build(one) for one in decision.reasons],
            signals=[SignalModel.build(one) for one in signals],
            seal=dict(standing.seal or {}),
        )


class AssetItem(Release):
    """One asset in a list."""

    media_type: str
    submitter: str

    @classmethod
    def list(cls, standing: "Standing") -> Self:
        """Build it from what was recorded."""
        return cls(**Release.build(standing).model_dump(), media_type=standing.media_type, submitter=standing.submitter)


class AssetPage(BaseModel):
    """Some assets, newest first."""

    items: list[AssetItem]
    next: str | None = Field(description="cursor of the next page, null on the last")


class LinkOrder(BaseModel):
    """How long a link is to work."""

    expires_s: int = Field(default=3600, ge=1, le=31 * 86_400, description="seconds from now, at most 31 days")


class LinkModel(BaseModel):
    """An address of a released file that works without an account until it expires."""

    url: str = Field(description="relative to this server")
    expires_at: str
