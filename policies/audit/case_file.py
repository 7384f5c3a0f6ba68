"""Everything that the gate recorded about one asset, read at one moment: what evidence and lineages are made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from detectors.base import Signal
from policies.audit.source import Holder
from policies.line.records import asset_row, find_signals, parse_asset, parse_decision
from policies.review.reviewers import REVIEW, find_pseudonyms
from policies.rules.decision import Decision
from provenance.asset import Asset, AssetId
from provenance.ledger.entry import LedgerEntry
from provenance.storage.tables import DECISIONS, PACKS, REVIEWS, SEALS


@dataclass(frozen=True, slots=True)
class Ruling:
    """One decision about the asset, in its place.

    Attributes:
        decision: with the reviewer's name or pseudonym in `decided_by`, as asked for.
        made_at: RFC 3339, UTC.
        entry: of the ledger, or None where the ledger has none.
    """

    decision: Decision
    made_at: str
    entry: LedgerEntry | None


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one reviewer decided, in their words.

    Attributes:
        reviewer: pseudonym, or name where names were asked for.
        outcome, reason, made_at: as recorded.
    """

    reviewer: str
    outcome: str
    reason: str
    made_at: str


@dataclass(frozen=True, slots=True)
class CaseFile:
    """What is known of one asset.

    Attributes:
        asset: its facts.
        name: as handed in, for people.
        stage, created_at, request, recipe: as recorded.
        signals: what detectors answered.
        rulings: every decision, the first one first.
        opinions: every review.
        seal: what was sealed, {} unless released.
        sealed_at: when, or "".
        packs: the packs that decided, whole: document by (name, digest).
        entries: what the ledger says of it.
    """

    asset: Asset
    name: str
    stage: str
    created_at: str
    request: Mapping[str, Any]
    recipe: Mapping[str, Any]
    signals: tuple[Signal, ...]
    rulings: tuple[Ruling, ...]
    opinions: tuple[Opinion, ...]
    seal: Mapping[str, Any]
    sealed_at: str
    packs: Mapping[tuple[str, str], bytes]
    entries: tuple[LedgerEntry, ...]

    @property
    def decision(self) -> Decision | None:
        """The decision that counts."""
        return self.rulings[-1].decision if self.rulings else None


def load_case(here: Holder, asset_id: AssetId, *, with_names: bool = False) -> CaseFile:
    """Read what the gate recorded about an asset of the tenant.

    Args:
        here: as the tenant has it.
        asset_id: the asset.
        with_names: reviewers by name; else by what the ledger calls them.

    Raises:
        AssetNotFoundError: the tenant has no such asset.
        DamagedRecordError: a record of it cannot be read.
    """
    with here.database.read() as connection:
        row = asset_row(connection, asset_id, here.tenant)
        seal = connection.execute(select(SEALS).where(SEALS.c.asset_id == asset_id)).mappings().first()
        entries = tuple(entry for entry in here.log.entries(subject=asset_id) if here.log.is_own(entry))
        names = {} if with_names else find_pseudonyms(connection, here.tenant)
        rulings = _find_rulings(connection, asset_id, entries, names)
        return CaseFile(
            asset=parse_asset(row),
            name=row["name"],
            stage=row["stage"],
            created_at=row["created_at"],
            request=row["request"],
            recipe=row["recipe"],
            signals=find_signals(connection, asset_id),
            rulings=rulings,
            opinions=_find_opinions(connection, asset_id, names),
            seal={} if seal is None else _parse_seal(seal),
            sealed_at="" if seal is None else seal["created_at"],
            packs=_find_packs(connection, rulings),
            entries=entries,
        )


def _parse_seal(row: RowMapping) -> dict[str, Any]:
    return {**row["body"], "ledger_index": row["ledger_index"]}


def _find_rulings(
    connection: Connection, asset_id: AssetId, entries: tuple[LedgerEntry, ...], names: Mapping[str, str]
) -> tuple[Ruling, ...]:
    by_key = {entry.key: entry for entry in entries}
    query = select(DECISIONS).where(DECISIONS.c.asset_id == asset_id).order_by(DECISIONS.c.sequence)
    found = []
    for row in connection.execute(query).mappings():
        body = dict(row["body"])
        reviewer = str(body.get("decided_by", "")).removeprefix(REVIEW)
        if reviewer in names:
            body["decided_by"] = f"{REVIEW}{names[reviewer]}"
        found.append(Ruling(parse_decision(body), row["created_at"], by_key.get(f"decision:{row['id']}")))
    return tuple(found)


def _find_opinions(connection: Connection, asset_id: AssetId, names: Mapping[str, str]) -> tuple[Opinion, ...]:
    query = select(REVIEWS).where(REVIEWS.c.asset_id == asset_id).order_by(REVIEWS.c.created_at)
    return tuple(
        Opinion(names.get(row.reviewer, row.reviewer), row.outcome, row.reason, row.created_at)
        for row in connection.execute(query)
    )


def _find_packs(connection: Connection, rulings: tuple[Ruling, ...]) -> dict[tuple[str, str], bytes]:
    wanted = {(pack.name, str(pack.sha256)) for ruling in rulings for pack in ruling.decision.packs}
    query = select(PACKS).where(PACKS.c.sha256.in_(sorted(digest for _, digest in wanted))).order_by(PACKS.c.name)
    return {
        (row.name, row.sha256): bytes(row.document)
        for row in connection.execute(query)
        if (row.name, row.sha256) in wanted
    }
