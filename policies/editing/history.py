"""What a tenant does to its own packs, change by change, and what the changes come to.

Nothing is ever rewritten: going back to an earlier version is a change like any other. Each is an entry in the ledger
with the pack's digest, in the same transaction; who made it is a pseudonym there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select

from policies.refusals import IncompleteError, VersionUsedError
from policies.review.reviewers import name_reviewer
from policies.rules.pack import Pack
from provenance.ledger.log import Log
from provenance.storage.database import Database, utc_now
from provenance.storage.policy_tables import POLICY_CHANGES
from provenance.tenant import Tenant
from provenance.text import is_safe

AUTHOR_LIMIT: Final = 128
REASON_LIMIT: Final = 2000


class Kind(StrEnum):
    """What was done."""

    SAVED = "saved"
    """A version was put down; it decides nothing yet."""
    ACTIVATED = "activated"
    """A version is what the pack's name stands for from now on."""
    RETIRED = "retired"
    """The pack cannot be named any more."""
    CHOSEN = "chosen"
    """These packs decide where a submission names none."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was done.

    Attributes:
        sequence: from 1, without gaps, for each tenant.
        kind: what.
        name, sha256: of the pack; "" for a choice of packs.
        names: the packs chosen, () otherwise.
        author, reason: who, and why.
        ledger_index: of its entry.
        created_at: RFC 3339.
    """

    sequence: int
    kind: Kind
    name: str
    sha256: str
    names: tuple[str, ...]
    author: str
    reason: str
    ledger_index: int = -1
    created_at: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the changes of a tenant come to.

    Attributes:
        active: pack name to the digest that it stands for.
        saved: pack name to the digests of its versions, oldest first.
        chosen: the packs that decide where a submission names none; () where nobody chose.
        sequence: of the last change, 0 before the first.
    """

    active: Mapping[str, str]
    saved: Mapping[str, tuple[str, ...]]
    chosen: tuple[str, ...]
    sequence: int


def find_changes(database: Database, tenant: Tenant, *, before: int = 0, limit: int = 0) -> tuple[Change, ...]:
    """Return what was done, newest first; only what came before a sequence number, where one is given."""
    query = select(POLICY_CHANGES).where(POLICY_CHANGES.c.tenant == tenant)
    query = query.order_by(POLICY_CHANGES.c.sequence.desc())
    if before:
        query = query.where(POLICY_CHANGES.c.sequence < before)
    if limit:
        query = query.limit(limit)
    with database.read() as connection:
        return tuple(_parse(row) for row in connection.execute(query))


def last_sequence(connection: Connection, tenant: Tenant) -> int:
    """Return the number of a tenant's last change, 0 before the first."""
    newest = select(func.max(POLICY_CHANGES.c.sequence)).where(POLICY_CHANGES.c.tenant == tenant)
    return connection.execute(newest).scalar() or 0


def find_standing(connection: Connection, tenant: Tenant) -> Standing:
    """Return what a tenant's changes come to."""
    query = select(POLICY_CHANGES).where(POLICY_CHANGES.c.tenant == tenant).order_by(POLICY_CHANGES.c.sequence)
    active: dict[str, str] = {}
    saved: dict[str, list[str]] = {}
    chosen: tuple[str, ...] = ()
    sequence = 0
    for change in map(_parse, connection.execute(query)):
        sequence = change.sequence
        if change.kind is Kind.SAVED:
            versions = saved.setdefault(change.name, [])
            versions[:] = [*(one for one in versions if one != change.sha256), change.sha256]
        elif change.kind is Kind.ACTIVATED:
            active[change.name] = change.sha256
        elif change.kind is Kind.RETIRED:
            active.pop(change.name, None)
        else:
            chosen = change.names
    return Standing(active, {name: tuple(versions) for name, versions in saved.items()}, chosen, sequence)


def append_change(
    connection: Connection,
    log: Log,
    tenant: Tenant,
    kind: Kind,
    *,
    name: str = "",
    sha256: str = "",
    names: Sequence[str] = (),
    author: str,
    reason: str,
) -> Change:
    """Put a change on record in the caller's transaction, with its entry in the ledger.

    Raises:
        PolicyError: author or reason is missing or too long.
    """
    for what, text, most in (("author", author, AUTHOR_LIMIT), ("reason", reason, REASON_LIMIT)):
        if not text.strip() or len(text) > most or "\0" in text or (what == "author" and not is_safe(text)):
            raise IncompleteError(f"a change needs a {what} of 1 to {most} characters, got {len(text.strip())}")
    before = find_standing(connection, tenant)
    sequence = before.sequence + 1
    by = name_reviewer(connection, author, tenant)
    entry = log.append(
        connection,
        kind=f"pack.{kind.value}",
        subject=log.scope(name or "packs"),
        body={
            "sequence": sequence,
            "by": by,
            **({"pack": name, "sha256": sha256, "was": before.active.get(name, "")} if name else {}),
            **({"packs": list(names), "were": list(before.chosen)} if kind is Kind.CHOSEN else {}),
        },
        key=f"policy:{log.scope(str(sequence))}",
    )
    columns: dict[str, Any] = {
        "sequence": sequence, "kind": kind.value, "name": name, "sha256": sha256, "names": list(names),
        "author": author, "reason": reason, "ledger_index": entry.index, "created_at": utc_now(),
    }  # fmt: skip
    row = connection.execute(insert(POLICY_CHANGES).values(tenant=tenant, **columns).returning(*POLICY_CHANGES.c)).one()
    return _parse(row)


def verify_new_version(pack: Pack, others: Sequence[Pack]) -> None:
    """Check that a version number stands for one content.

    Raises:
        PolicyError: another content has been saved under it.
    """
    same = next((one for one in others if one.version == pack.version and one.sha256 != pack.sha256), None)
    if same is not None:
        raise VersionUsedError(
            f"version {pack.version} of {pack.name} was saved with other content before: give this one a higher number"
        )


def _parse(row: Row[Any]) -> Change:
    return Change(
        row.sequence, Kind(row.kind), row.name, row.sha256, tuple(row.names), row.author, row.reason,
        row.ledger_index, row.created_at,
    )  # fmt: skip
