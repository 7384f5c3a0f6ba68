"""Every table held against the ledger: what a record says that no entry says, and the other way round.

The ledger is shown to be whole by `provenance.ledger.audit`. This shows that the rest of the database still says what
the ledger says: that no release was forged, no decision flipped, no mark, work or bank changed behind its back. Each
asset and each work is compared in one transaction, so that others may go on meanwhile.

Limits: text of people (names, titles' spelling aside from their digest, reviewers' reasons) is in no entry and cannot
be compared; who can write the database can also append entries, which the next checkpoint then signs.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, func, select
from sqlalchemy.exc import SQLAlchemyError

from policies.line.entries import build_decision_entry
from policies.line.records import Stage, asset_row, find_signals, parse_asset, parse_decision
from policies.review.fading import EVIDENCE_ERASED
from policies.review.rescreening import SCREENED_AGAIN
from policies.review.reviewers import REVIEW, REVIEW_KINDS, find_pseudonyms
from policies.rules.decision import Decision, Outcome
from provenance.asset import AssetId, sha256_hex
from provenance.errors import GateError
from provenance.ledger.canonical import canonical_json
from provenance.ledger.entry import parse_body
from provenance.ledger.log import TENANT
from provenance.ledger.tables import LEDGER_ENTRIES
from provenance.seal.sealed import build_payload, payload_bytes
from provenance.storage.database import Database
from provenance.storage.tables import ASSETS, DECISIONS, GRANTS, PACKS, REVIEWS, SEALS, SOFT_BINDINGS, TENANTS
from provenance.tenant import Tenant
from provenance.works.codes import find_every_code
from provenance.works.intake import hash_codes
from provenance.works.tables import BANKS, CODE_REMOVALS, CODES, WORK_REFERENCES, WORKS

DECISION_KINDS: Final = ("decision.made", *REVIEW_KINDS)
_STAGES: Final = {Stage.HELD: Outcome.HOLD, Stage.BLOCKED: Outcome.BLOCK}
_OUT: Final = (Stage.RECORDED, Stage.PUBLISHED)


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One thing that does not fit.

    Attributes:
        subject: the id of what it is about.
        text: one line for a person.
    """

    subject: str
    text: str


def compare_records(database: Database, *, sample: int | None = None) -> Iterator[Discrepancy]:
    """Yield what the tables say and the ledger does not, and the other way round.

    Args:
        database: migrated.
        sample: look at so many of the newest assets and works, and at as many others at random; None for all.
    """
    yield from _find_strays(database)
    for asset_id in choose(database, ASSETS.c.id, sample):
        yield from _compare(database, asset_id, _compare_asset)
    for tenant in choose(database, BANKS.c.tenant, None):
        for work_id in choose(database, WORKS.c.id, sample, WORKS.c.tenant == tenant):
            yield from _compare(database, work_id, partial(_compare_work, tenant=Tenant(tenant)))
        for name in choose(database, BANKS.c.name, None, BANKS.c.tenant == tenant):
            yield from _compare(database, name, partial(_compare_bank, tenant=Tenant(tenant)))
    for sha256 in choose(database, PACKS.c.sha256, None):
        yield from _compare(database, sha256, _compare_pack)


def choose(database: Database, column: Column[Any], sample: int | None, *wanted: ColumnElement[bool]) -> Sequence[str]:
    """Return every key, or the greatest `sample` of them, which are the newest where keys are ids, and others."""
    query = select(column).where(*wanted).distinct().order_by(column)
    with database.read() as connection:
        keys = [str(key) for key in connection.execute(query).scalars()]
    if sample is None or len(keys) <= 2 * sample:
        return keys
    return [*random.Random().sample(keys[:-sample], sample), *keys[-sample:]]  # noqa: S311 - which ones is no secret


def _compare(database: Database, subject: str, look: Any) -> Iterator[Discrepancy]:  # noqa: ANN401 - one of the below
    """Yield what one look finds; records that cannot be read are a finding, too."""
    try:
        with database.read() as connection:
            found = [Discrepancy(subject, text) for text in look(connection, subject)]
    except (GateError, SQLAlchemyError, ValueError, KeyError, TypeError, AttributeError) as exc:
        found = [Discrepancy(subject, f"its record is damaged and cannot be read ({type(exc).__name__})")]
    yield from found


def _entries(connection: Connection, subject: str) -> dict[str, Row[Any]]:
    """Return the ledger's entries about `subject`, by key."""
    rows = connection.execute(select(LEDGER_ENTRIES).where(LEDGER_ENTRIES.c.subject == subject))
    return {row.key: row for row in rows}


def _compare_asset(connection: Connection, asset_id: str) -> Iterator[str]:
    entries = _entries(connection, asset_id)
    query = select(DECISIONS, ASSETS.c.tenant).join(ASSETS, ASSETS.c.id == DECISIONS.c.asset_id)
    query = query.where(DECISIONS.c.asset_id == asset_id).order_by(DECISIONS.c.sequence)
    decisions = [(row, parse_decision(row.body)) for row in connection.execute(query)]
    for row, decision in decisions:
        yield from _compare_decision(connection, row, decision, entries)
    known = {f"decision:{row.id}" for row, _ in decisions}
    for key, entry in entries.items():
        if entry.kind in DECISION_KINDS and key not in known:
            yield f"the ledger has its {key} (entry {entry.index}), the database does not"
    yield from _compare_reviews(connection, asset_id, entries)
    whose = _pseudonym(connection, asset_row(connection, AssetId(asset_id))["tenant"])
    if any(parse_body(bytes(entry.body)).get(TENANT, "") != whose for entry in entries.values()):
        yield "the ledger says of another tenant what the database says of this one"
    latest = decisions[-1][1] if decisions else None
    yield from _compare_stage(connection, asset_id, latest)
    yield from _compare_release(connection, asset_id, latest, entries.get(f"release:{asset_id}"))


def _compare_decision(
    connection: Connection, row: Row[Any], decision: Decision, entries: dict[str, Row[Any]]
) -> Iterator[str]:
    entry = entries.get(f"decision:{row.id}")
    if entry is None or entry.kind not in DECISION_KINDS:
        yield f"decision {row.id} ({row.outcome}) is in no entry of the ledger: it was forged"
        return
    asset = parse_asset(asset_row(connection, AssetId(row.asset_id)))
    said = parse_body(bytes(entry.body))
    pseudonym = find_pseudonyms(connection, row.tenant).get(decision.decided_by.removeprefix(REVIEW), "")
    if decision.decided_by.startswith(REVIEW) and said.get("decided_by") == f"{REVIEW}{pseudonym}":
        decision = replace(decision, decided_by=f"{REVIEW}{pseudonym}")
    expected = build_decision_entry(asset, decision, find_signals(connection, asset.id))
    stones = [one for one in entries.values() if one.kind == EVIDENCE_ERASED]
    if stones and "signals_sha256" in said:  # what is left of the signals is what the last tombstone says
        last = max(stones, key=lambda one: int(one._mapping["index"]))  # noqa: SLF001 - public all the same
        said["signals_sha256"] = parse_body(bytes(last.body))["signals_sha256"]
    if _is_before(entry, [one for one in entries.values() if one.kind == SCREENED_AGAIN]):
        for name in (
            "signals_sha256",
            "detectors",
        ):  # what it rests on was let go of; later decisions name what is there
            said.pop(name, None)
    said.pop(TENANT, None)  # held against the asset's own for all of its entries
    differing = sorted(
        name for name, value in said.items() if canonical_json({"": expected.get(name)}) != canonical_json({"": value})
    )
    if row.outcome != said.get("outcome") or differing:
        names = ", ".join(differing) or "outcome"
        yield f"decision {row.id} was changed: entry {entry.index} has another {names}"


def _is_before(entry: Row[Any], others: Sequence[Row[Any]]) -> bool:
    """Return whether an entry stands before any of others."""
    return any(int(entry._mapping["index"]) < int(one._mapping["index"]) for one in others)  # noqa: SLF001 - public all the same


def _compare_reviews(connection: Connection, asset_id: str, entries: dict[str, Row[Any]]) -> Iterator[str]:
    rows = connection.execute(select(REVIEWS).where(REVIEWS.c.asset_id == asset_id)).all()
    reviewed = {key for key, entry in entries.items() if entry.kind in REVIEW_KINDS}
    for row in rows:
        key = f"decision:{row.decision_id}"
        if key not in reviewed:
            yield f"a review ({row.outcome}) is in no entry of the ledger: it was forged"
        elif parse_body(bytes(entries[key].body)).get("outcome") != row.outcome:
            yield f"a review was changed: entry {entries[key].index} has another outcome"
    if len(rows) < len(reviewed):
        yield "the ledger has a review of it that the database does not"


def _compare_stage(connection: Connection, asset_id: str, latest: Decision | None) -> Iterator[str]:
    stage = Stage(asset_row(connection, AssetId(asset_id))["stage"])
    wanted = Outcome.RELEASE if stage in _OUT else _STAGES.get(stage)
    if wanted is not None and (latest is None or latest.outcome is not wanted):
        said = latest.outcome.value if latest else "nothing"
        yield f"it stands at stage {stage.value}, the decision that counts says {said}"
    has_seal = connection.execute(select(SEALS.c.asset_id).where(SEALS.c.asset_id == asset_id)).first() is not None
    if has_seal is not (stage in _OUT):
        yield f"it stands at stage {stage.value} and has {'a' if has_seal else 'no'} release on record"


def _compare_release(
    connection: Connection, asset_id: str, latest: Decision | None, entry: Row[Any] | None
) -> Iterator[str]:
    seal = connection.execute(select(SEALS).where(SEALS.c.asset_id == asset_id)).one_or_none()
    if seal is None or entry is None:
        if seal is not None:
            yield "its release is in no entry of the ledger: it was forged"
        elif entry is not None:
            yield f"the ledger has its release (entry {entry.index}), the database does not"
        return
    said = parse_body(bytes(entry.body))
    bound = connection.execute(select(SOFT_BINDINGS).where(SOFT_BINDINGS.c.asset_id == asset_id)).all()
    bindings = sorted((row.alg, bytes(row.value).hex()) for row in bound)
    pairs = {
        "index": (entry.index, seal.ledger_index),
        "file": (said["sealed_sha256"], seal.sha256),
        "type": (said["media_type"], seal.media_type),
        "manifest": (said["manifest_id"], seal.manifest_id),
        "manifest's digest": (said["manifest_sha256"], seal.body["manifest_sha256"]),
        "original": (said["asset_sha256"], asset_row(connection, AssetId(asset_id))["sha256"]),
        "decision": (said["decision_id"], seal.body["decision_id"]),
        "decision that counts": (said["decision_id"], latest.id if latest else None),
        "marks": (said["marks"], [mark["kind"] for mark in seal.body["marks"] if mark["made"]]),
        "soft bindings": (sorted((item["alg"], item["value"]) for item in said["soft_bindings"]), bindings),
        "fingerprints": (_codes_of_seal(seal.body), _codes(connection, "releases", asset_id)),
    }
    differing = [name for name, (ours, theirs) in pairs.items() if ours != theirs]
    if differing:
        yield f"its release was changed: entry {entry.index} has another {', '.join(differing)}"
    grant = connection.execute(select(GRANTS).where(GRANTS.c.asset_id == asset_id)).one_or_none()
    values = {value for _, value in bindings}
    if grant is None or grant.decision_id != said["decision_id"]:
        yield "the grant that it was sealed under is not on record"
    elif "watermark" in said["marks"] and payload_bytes(build_payload(grant.payload)).hex() not in values:
        yield "its grant names another watermark than its soft bindings"


def _codes_of_seal(body: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted((code["alg"], code["value"]) for code in body["fingerprints"])


def _codes(connection: Connection, collection: str, owner: str) -> list[tuple[str, str]]:
    query = select(CODES.c.alg, CODES.c.value).where(CODES.c.collection == collection, CODES.c.owner_id == owner)
    return sorted((row.alg, bytes(row.value).hex()) for row in connection.execute(query))


def _compare_work(connection: Connection, work_id: str, *, tenant: Tenant) -> Iterator[str]:
    work = connection.execute(select(WORKS).where(WORKS.c.tenant == tenant, WORKS.c.id == work_id)).one()
    scoped = _scope(connection, tenant, work_id)
    entries = _entries(connection, scoped)
    entry, withdrawn = entries.get(f"work.registered:{scoped}"), entries.get(f"work.withdrawn:{scoped}")
    if entry is None:
        yield "the work is in no entry of the ledger: it was forged"
        return
    codes = find_every_code(connection, "works", work_id, tenant)
    query = select(WORK_REFERENCES.c.media)
    query = query.where(WORK_REFERENCES.c.tenant == tenant, WORK_REFERENCES.c.work_id == work_id)
    reference = connection.execute(query).scalar()
    facts = {"title": work.title, "owner": work.owner, "claim": work.claim}
    coded = [row for row in entries.values() if row.kind == "work.coded"]
    newest = max(coded, key=lambda row: int(row._mapping["index"])) if coded else None  # noqa: SLF001 - public all the same
    said = {**parse_body(bytes(entry.body)), **(parse_body(bytes(newest.body)) if newest else {})}
    pairs = {
        "index": (entry.index, work.ledger_index),
        "bank": (said["bank"], work.bank),
        "picture": (said["picture_sha256"], work.picture_sha256),
        "title, owner or claim": (said["facts_sha256"], sha256_hex(canonical_json(facts))),
        "fingerprint": (said["codes_sha256"], hash_codes(codes)),
        "reference": (said.get("reference_sha256"), None if reference is None else sha256_hex(reference)),
    }
    differing = [name for name, (ours, theirs) in pairs.items() if ours != theirs]
    if differing:
        yield f"the work was changed: entry {entry.index} has another {', '.join(differing)}"
    removed = select(func.count()).where(CODE_REMOVALS.c.code_sequence.in_([code.sequence for code in codes]))
    gone = connection.execute(removed).scalar()
    if (work.status == "withdrawn") is not (withdrawn is not None) or (withdrawn is None and gone):
        yield f"the work is {work.status} and {gone} of its codes are withdrawn, which the ledger does not say"


def _compare_bank(connection: Connection, name: str, *, tenant: Tenant) -> Iterator[str]:
    bank = connection.execute(select(BANKS).where(BANKS.c.tenant == tenant, BANKS.c.name == name)).one()
    scoped = _scope(connection, tenant, name)
    entries = {key: row for key, row in _entries(connection, scoped).items() if row.kind == "bank.defined"}
    entry = entries.get(f"bank.defined:{scoped}:{bank.revision}")
    said = parse_body(bytes(entry.body)) if entry is not None else {}
    if len(entries) != bank.revision or (said.get("action"), said.get("thresholds")) != (bank.action, bank.thresholds):
        yield f"the bank means {bank.action} within {bank.thresholds}, which the ledger does not say"


def _compare_pack(connection: Connection, sha256: str) -> Iterator[str]:
    for row in connection.execute(select(PACKS).where(PACKS.c.sha256 == sha256)):
        if sha256_hex(bytes(row.document)) != sha256:
            yield f"the text kept of the pack {row.name} is not the one of its digest"


def _pseudonym(connection: Connection, tenant: str) -> str:
    """Return what the ledger calls a tenant: nothing, of the main one."""
    return str(connection.execute(select(TENANTS.c.pseudonym).where(TENANTS.c.name == tenant)).scalar() or "")


def _scope(connection: Connection, tenant: Tenant, name: str) -> str:
    """Return what the ledger calls a work or bank of a tenant."""
    pseudonym = _pseudonym(connection, tenant)
    return f"{pseudonym}/{name}" if pseudonym else name


def _scoped(tenant: Column[Any], name: Column[Any]) -> Select[Any]:
    """Select the names of every tenant's works or banks as the ledger has them."""
    joined = tenant.table.outerjoin(TENANTS, TENANTS.c.name == tenant)
    return select(func.coalesce(TENANTS.c.pseudonym + "/", "") + name).select_from(joined)


def _find_strays(database: Database) -> Iterator[Discrepancy]:
    """Yield what the ledger speaks of and no table has, and rows of assets that there are none of."""
    entries = LEDGER_ENTRIES.c
    about: dict[Any, tuple[str, ...]] = {
        select(ASSETS.c.id): (*DECISION_KINDS, "asset.released"),
        _scoped(WORKS.c.tenant, WORKS.c.id): ("work.registered",),
        _scoped(BANKS.c.tenant, BANKS.c.name): ("bank.defined",),
    }
    with database.read() as connection:
        for key, kinds in about.items():
            lost: Select[Any] = select(entries.subject, func.min(entries.index).label("first"))
            lost = lost.where(entries.kind.in_(kinds), entries.subject.not_in(key)).group_by(entries.subject)
            for row in connection.execute(lost):
                yield Discrepancy(
                    row.subject, f"the ledger speaks of it (entry {row.first}), the database has no record"
                )
        for table in (DECISIONS, GRANTS, SEALS, REVIEWS, SOFT_BINDINGS):
            column = table.c.asset_id
            for subject in connection.execute(select(column).where(column.not_in(select(ASSETS.c.id)))).scalars():
                yield Discrepancy(str(subject), f"the table {table.name} has a row of an asset that is not there")
