"""Rows to values and back: the one place that knows how the gate's records are spelled in the database."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from detectors.base import Finding, Signal, Status
from policies.rules.decision import Decision, Outcome, Reason
from provenance.asset import Asset, AssetId, Digest, MediaType, Origin
from provenance.errors import (
    AssetNotFoundError,
    AssetTooLargeError,
    DamagedRecordError,
    MislabelledAssetError,
    UndecodableAssetError,
    UnsupportedMediaError,
)
from provenance.grant import Grant, MarkKind, Obligation, PackRef
from provenance.media.view import Span
from provenance.storage.database import utc_now
from provenance.storage.tables import ASSETS, DECISIONS, GRANTS, SIGNALS
from provenance.tenant import Tenant


class Stage(StrEnum):
    """The last finished step of the line."""

    ACCEPTED = "accepted"
    DECIDED = "decided"
    HELD = "held"
    BLOCKED = "blocked"
    RECORDED = "recorded"
    PUBLISHED = "published"


LINE: Final = "line"
"""Who decides what no pack decided."""

UNREADABLE: Final = (AssetTooLargeError, MislabelledAssetError, UndecodableAssetError, UnsupportedMediaError)
"""What a file is refused for that is no asset; intake tells most of it, decoding the rest."""

FINAL_STAGES = (Stage.HELD, Stage.BLOCKED, Stage.PUBLISHED)
"""Where nothing more happens by itself."""


@contextmanager
def reading_record(what: str) -> Iterator[None]:
    """Tell a record of another form than ours as damaged; it concerns its own asset and stops no other.

    Raises:
        DamagedRecordError: it is.
    """
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise DamagedRecordError(f"the stored {what} is damaged: {type(exc).__name__} where it is read") from exc


def asset_row(connection: Connection, asset_id: AssetId, tenant: Tenant | None = None) -> RowMapping:
    """Return the row of `asset_id`, which is `tenant`'s, or of whichever tenant where None is named.

    Raises:
        AssetNotFoundError: there is none.
        DamagedRecordError: it is not as we write it.
    """
    row = connection.execute(select(ASSETS).where(ASSETS.c.id == asset_id)).mappings().first()
    if row is None or tenant not in {None, row["tenant"]}:
        raise AssetNotFoundError(f"no asset has the id {asset_id}")
    if not isinstance(row["request"], Mapping) or not isinstance(row["recipe"], Mapping):
        raise DamagedRecordError(f"what was asked for with {asset_id} is damaged: it is no JSON object")
    return row


def parse_asset(row: Mapping[Any, Any]) -> Asset:
    """Return the asset that a row describes."""
    with reading_record("description of an asset"):
        return Asset(
            id=AssetId(row["id"]),
            sha256=Digest(row["sha256"]),
            media_type=MediaType(row["media_type"]),
            size_bytes=row["size_bytes"],
            facts=dict(row["facts"]),
            origin=Origin(row["origin"]),
        )


def _known(kind: type[Any], record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a record that this version knows; a newer one may have added others."""
    return {name: record[name] for name in kind.__dataclass_fields__ if name in record}


def find_stage(connection: Connection, asset_id: AssetId, tenant: Tenant) -> Stage | None:
    """Return where `asset_id` stands, or None when a tenant has no such asset."""
    query = select(ASSETS.c.stage).where(ASSETS.c.id == asset_id, ASSETS.c.tenant == tenant)
    stage = connection.execute(query).scalar()
    return None if stage is None else Stage(stage)


def lock_asset(connection: Connection, asset_id: AssetId) -> None:
    """Make other workers on `asset_id` wait for this transaction to end; on SQLite every writer waits anyway.

    Lock before appending to the ledger, as every transaction does, so that none waits in a circle.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(select(ASSETS.c.id).where(ASSETS.c.id == asset_id).with_for_update())


def move_stage(connection: Connection, asset_id: AssetId, stage: Stage) -> None:
    """Note that `asset_id` has finished `stage`."""
    connection.execute(update(ASSETS).where(ASSETS.c.id == asset_id).values(stage=stage.value))


def find_signals(connection: Connection, asset_id: AssetId) -> tuple[Signal, ...]:
    """Return the signals about `asset_id`, by detector name."""
    rows = connection.execute(
        select(SIGNALS.c.body).where(SIGNALS.c.asset_id == asset_id).order_by(SIGNALS.c.detector)
    ).scalars()
    return tuple(parse_signal(body) for body in rows)


def parse_signal(body: Mapping[str, Any]) -> Signal:
    """Return the signal that a record describes."""
    with reading_record("signal"):
        findings = tuple(_parse_finding(item) for item in body.get("findings", ()))
        given = {"evidence": tuple(body["evidence"]), "findings": findings}
        looked_at = tuple(body.get("looked_at", ()))
        return Signal(**{**_known(Signal, body), "status": Status(body["status"]), **given, "looked_at": looked_at})


def _parse_finding(body: Mapping[str, Any]) -> Finding:
    return Finding(body["category"], body["score"], Span(*body["span"]) if body.get("span") else None)


def build_signal(signal: Signal) -> dict[str, Any]:
    """Return the record of `signal`; what earlier versions did not know stands in it only where there is some."""
    record = {**asdict(signal), "status": signal.status.value, "evidence": [dict(item) for item in signal.evidence]}
    record["findings"] = [_build_finding(one) for one in signal.findings]
    record["looked_at"] = list(signal.looked_at)
    return {name: value for name, value in record.items() if value or name not in {"findings", "looked_at"}}


def _build_finding(finding: Finding) -> dict[str, Any]:
    span = {} if finding.span is None else {"span": list(finding.span)}
    return {"category": finding.category, "score": finding.score, **span}


def append_decision(connection: Connection, decision: Decision, *, is_first: bool = False) -> None:
    """Store `decision` as the newest about its asset; the newest counts. `is_first` for one that has none yet."""
    newest = select(func.max(DECISIONS.c.sequence)).where(DECISIONS.c.asset_id == decision.asset_id)
    last = None if is_first else connection.execute(newest).scalar()
    connection.execute(
        insert(DECISIONS).values(
            id=decision.id,
            asset_id=decision.asset_id,
            sequence=0 if last is None else last + 1,
            outcome=decision.outcome.value,
            body=build_decision(decision),
            created_at=utc_now(),
        )
    )


def latest_decision(connection: Connection, asset_id: AssetId) -> Decision | None:
    """Return the decision that counts, or None before the first."""
    body = find_decision_body(connection, asset_id)
    return None if body is None else parse_decision(body)


def build_decision(decision: Decision) -> dict[str, Any]:
    """Return the record of `decision`."""
    return asdict(decision)


def parse_decision(body: Mapping[str, Any]) -> Decision:
    """Return the decision that a record describes."""
    with reading_record("decision"):
        return Decision(
            id=body["id"],
            asset_id=AssetId(body["asset_id"]),
            outcome=Outcome(body["outcome"]),
            reasons=tuple(
                Reason(**{**_known(Reason, item), "outcome": Outcome(item["outcome"])}) for item in body["reasons"]
            ),
            obligations=tuple(
                Obligation(
                    kind=MarkKind(item["kind"]),
                    parameters=item["parameters"],
                    required=item["required"],
                    sources=tuple(item["sources"]),
                )
                for item in body["obligations"]
            ),
            packs=tuple(PackRef(**_known(PackRef, item)) for item in body["packs"]),
            decided_by=body["decided_by"],
        )


def show_decision(asset_id: AssetId, body: Mapping[str, Any] | None) -> Decision:
    """Return the decision for a list of many, in which one that cannot be read stands as held for that."""
    try:
        return parse_decision({} if body is None else body)
    except DamagedRecordError as exc:
        damage = Reason(pack="gate", rule="damaged", outcome=Outcome.HOLD, clause="", text=str(exc))
        return Decision(id="", asset_id=asset_id, outcome=Outcome.HOLD, reasons=(damage,), obligations=(), packs=())


def find_decision_body(connection: Connection, asset_id: AssetId) -> Mapping[str, Any] | None:
    """Return the record of the decision that counts, unread, or None before the first."""
    query = select(DECISIONS.c.body).where(DECISIONS.c.asset_id == asset_id)
    body: Mapping[str, Any] | None = connection.execute(query.order_by(DECISIONS.c.sequence.desc()).limit(1)).scalar()
    return body


def find_grant(connection: Connection, asset: Asset, decision: Decision) -> Grant | None:
    """Return the grant of `asset`, or None before it has one."""
    row = connection.execute(select(GRANTS).where(GRANTS.c.asset_id == asset.id)).mappings().first()
    if row is None or row["decision_id"] != decision.id:
        return None
    return Grant(
        asset_id=asset.id,
        asset_sha256=asset.sha256,
        decision_id=decision.id,
        packs=decision.packs,
        obligations=decision.obligations,
        payload=row["payload"],
    )
