"""Cases that moderators judge without knowing that they are any: with a known answer, or decided by somebody before.

A case has a copy of all that a moderator is shown: the file lies in quarantine under the case's own id, so what becomes
of the asset does not take it away, and nothing that is done with a case reaches the asset.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from detectors.base import Signal
from policies.line.deployment import Deployment
from policies.line.intake import original_key
from policies.line.records import build_decision, build_signal, parse_decision, parse_signal, reading_record
from policies.line.request import prompt_key
from policies.review.job import Reviewer
from policies.review.queue import spell_time
from policies.rules.decision import Decision, Outcome
from provenance.asset import Asset, AssetId, Digest, MediaType, Origin
from provenance.errors import AssetNotFoundError, BlobNotFoundError
from provenance.storage.database import utc_now
from provenance.storage.quality_tables import QUALITY_CASES, QUALITY_DEALS

LAPSED_DAYS: Final = 14
"""A second look that nobody took for so long is given up."""
TIDIED_S: Final = 3600
"""So long after a case is through its copy of the file goes: by then nobody can take an answer back."""


class Kind(StrEnum):
    """Why it is judged."""

    GOLDEN = "golden"
    DOUBLE = "double"


class Standing(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    """It is dealt."""
    AGREED = "agreed"
    DISAGREED = "disagreed"
    """A quality lead says who was right."""
    SETTLED = "settled"
    LAPSED = "lapsed"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Case:
    """One case.

    Attributes:
        id: as an asset's, and none; its file lies in quarantine under it while `has_file`.
        kind, state: what it is, and where it stands.
        asset_id, decision_id: what it was made of; "" for a file that was handed in for this alone.
        is_sensitive: whether only those who may see that find it.
        category: what speaks against it first.
        outcome, clause, reason: the known answer, or the first moderator's.
        name: of the file, for people.
        has_file: whether its copy of the file is kept.
        made_by_id, made_by, created_at: who made it, or decided first, and when.
        settled_outcome, settled_by, statement: who was right where two disagreed; "" before.
        settled_at: when it was through, agreed or settled or given up.
        asset, signals, decision: what moderators are shown; the decision is the policy's.
        excluded: ids of those whom it is not dealt to, for they know.
    """

    id: AssetId
    kind: Kind
    state: Standing
    asset_id: str
    decision_id: str
    is_sensitive: bool
    category: str
    outcome: Outcome
    clause: str
    reason: str
    name: str
    has_file: bool
    made_by_id: str
    made_by: str
    created_at: str
    settled_outcome: str
    settled_by: str
    statement: str
    settled_at: str
    asset: Asset
    signals: tuple[Signal, ...]
    decision: Decision
    excluded: frozenset[str]

    def is_for(self, reviewer: Reviewer) -> bool:
        """Return whether it can be dealt to somebody."""
        is_seen = reviewer.sees_sensitive or not self.is_sensitive
        return is_seen and reviewer.id not in self.excluded and reviewer.id != self.made_by_id


def build_body(
    asset: Asset, signals: tuple[Signal, ...], decision: Decision, excluded: frozenset[str]
) -> dict[str, Any]:
    """Return the record of what moderators are shown."""
    return {
        "asset": {
            "sha256": asset.sha256,
            "media_type": asset.media_type.value,
            "size_bytes": asset.size_bytes,
            "facts": dict(asset.facts),
            "origin": asset.origin.value,
        },
        "signals": [build_signal(signal) for signal in signals],
        "decision": build_decision(decision),
        "excluded": sorted(one for one in excluded if one),
    }


def insert_case(connection: Connection, here: Deployment, case_id: AssetId, **columns: Any) -> None:  # noqa: ANN401 - columns
    """Put a case on record, whose file lies in quarantine already."""
    fixed = {"id": case_id, "tenant": here.tenant, "state": Standing.OPEN.value, "has_file": True}
    connection.execute(insert(QUALITY_CASES).values(**fixed, created_at=utc_now(), **columns))


def find_category(decision: Decision) -> str:
    """Return what speaks against something first, or ""."""
    against = (one for one in decision.reasons if one.outcome is not Outcome.RELEASE)
    return next((one.category or one.rule for one in against), "")


def find_case(connection: Connection, here: Deployment, case_id: str, reviewer: Reviewer) -> Case:
    """Return one case of the tenant, for a quality lead.

    Raises:
        AssetNotFoundError: there is none, or none for them.
    """
    query = select(QUALITY_CASES).where(QUALITY_CASES.c.id == case_id, QUALITY_CASES.c.tenant == here.tenant)
    row = connection.execute(query).mappings().first()
    if row is None or (row["is_sensitive"] and not reviewer.sees_sensitive):
        raise AssetNotFoundError(f"no case has the id {case_id[:40]!r}")
    return parse_case(row)


def list_cases(
    connection: Connection, here: Deployment, reviewer: Reviewer, kind: Kind, *states: Standing, limit: int = 200
) -> tuple[Case, ...]:
    """Return the newest cases of the tenant of a kind that a quality lead may see."""
    table = QUALITY_CASES
    query = select(table).where(table.c.tenant == here.tenant, table.c.kind == kind.value)
    query = query.where(table.c.state.in_([one.value for one in states]))
    if not reviewer.sees_sensitive:
        query = query.where(table.c.is_sensitive.is_(False))
    rows = connection.execute(query.order_by(table.c.id.desc()).limit(limit)).mappings()
    return tuple(parse_case(row) for row in rows)


def parse_case(row: Mapping[Any, Any]) -> Case:
    """Return the case that a row describes.

    Raises:
        DamagedRecordError: it is not as we write it.
    """
    with reading_record("case"):
        body, case_id = row["body"], AssetId(row["id"])
        facts = body["asset"]
        asset = Asset(
            id=case_id,
            sha256=Digest(facts["sha256"]),
            media_type=MediaType(facts["media_type"]),
            size_bytes=facts["size_bytes"],
            facts=dict(facts["facts"]),
            origin=Origin(facts["origin"]),
        )
        shown = {"asset": asset, "signals": tuple(parse_signal(one) for one in body["signals"])}
        read = {
            "id": case_id,
            "asset_id": row["asset_id"] or "",
            "kind": Kind(row["kind"]),
            "state": Standing(row["state"]),
            "outcome": Outcome(row["outcome"]),
            "decision": parse_decision(body["decision"]),
            "excluded": frozenset(body["excluded"]),
        }
        plain = {name: row[name] for name in Case.__dataclass_fields__ if name in row and name not in read}
        return Case(**{**plain, **read, **shown})


def copy_file(here: Deployment, asset_id: AssetId, case_id: AssetId) -> bool:
    """Copy an asset's file and prompt to where a case's lie; return whether quarantine has the file still."""
    quarantine = here.blobs.quarantine
    try:
        quarantine.put(original_key(case_id), quarantine.open(original_key(asset_id)))
    except BlobNotFoundError:
        return False
    with suppress(BlobNotFoundError):
        quarantine.put(prompt_key(case_id), quarantine.get(prompt_key(asset_id)))
    return True


def drop_file(here: Deployment, case_id: AssetId) -> None:
    """Delete a case's copy of file and prompt."""
    for key in (original_key(case_id), prompt_key(case_id)):
        here.blobs.quarantine.delete(key)


def close_case(connection: Connection, case_id: AssetId, state: Standing, **columns: Any) -> None:  # noqa: ANN401 - columns
    """Note where a case stands now; what of it waits for somebody waits no more."""
    connection.execute(update(QUALITY_CASES).where(QUALITY_CASES.c.id == case_id).values(state=state.value, **columns))
    waits = (QUALITY_DEALS.c.case_id == case_id, QUALITY_DEALS.c.state == "open")
    connection.execute(update(QUALITY_DEALS).where(*waits).values(state="withdrawn"))


def tidy_cases(here: Deployment, now: datetime | None = None) -> int:
    """Give up second looks that nobody took, and let go of files of cases that are through; return how many files."""
    moment = now or datetime.now(UTC)
    table = QUALITY_CASES
    double = (table.c.tenant == here.tenant, table.c.kind == Kind.DOUBLE.value, table.c.has_file)
    late = (table.c.state == Standing.OPEN.value, table.c.created_at < spell_time(moment - timedelta(days=LAPSED_DAYS)))
    ended = spell_time(moment - timedelta(seconds=TIDIED_S))
    through = table.c.state.in_((Standing.AGREED.value, Standing.SETTLED.value, Standing.LAPSED.value))
    with here.database.read() as connection:
        given_up = connection.execute(select(table.c.id).where(*double, *late)).scalars().all()
        done = (
            connection.execute(select(table.c.id).where(*double, through, table.c.settled_at < ended)).scalars().all()
        )
    if not given_up and not done:
        return 0
    with here.database.write() as connection:
        for case_id in given_up:
            close_case(connection, AssetId(case_id), Standing.LAPSED, settled_at=spell_time(moment))
        connection.execute(update(table).where(table.c.id.in_(done)).values(has_file=False))
    for case_id in done:
        drop_file(here, AssetId(case_id))
    return len(done)
