"""Banks: sets of works that are treated alike, and the rules for defining them."""

from collections.abc import Mapping
from dataclasses import replace
from re import compile as compile_pattern
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from provenance.errors import WorksError
from provenance.ledger.log import Log
from provenance.storage.database import utc_now
from provenance.tenant import MAIN, Tenant
from provenance.text import is_safe
from provenance.works.record import Action, Bank
from provenance.works.tables import BANKS

DEFAULT_BANK: Final = Bank("works", Action.BLOCK, {}, "Registered originals; a copy is not released.")
"""The one bank that makes itself when it is first used."""

_NAME: Final = compile_pattern(r"[A-Za-z0-9_-]{1,64}")
_DESCRIPTION_LIMIT: Final = 500


def load_banks(connection: Connection, tenant: Tenant = MAIN) -> tuple[Bank, ...]:
    """Return every bank of a tenant, by name."""
    query = select(BANKS).where(BANKS.c.tenant == tenant).order_by(BANKS.c.name)
    return tuple(_parse_bank(row) for row in connection.execute(query))


def define_bank(
    connection: Connection,
    log: Log,
    wanted: Bank,
    *,
    tenant: Tenant = MAIN,
    action: Action | str,
    limits: Mapping[str, int],
) -> Bank:
    """Make or change a bank in the caller's transaction, with its ledger entry; nothing if it is so already.

    Args:
        connection: of `Database.write`.
        log: the ledger.
        wanted: name, thresholds and description; the rest is found here.
        tenant: whose bank it is.
        action: what a match is to mean.
        limits: fingerprints that may have a threshold, and the largest each may have.

    Raises:
        WorksError: something about it is not allowed.
    """
    wanted = replace(wanted, action=_parse_action(action), thresholds=dict(wanted.thresholds))
    _check(wanted, limits)
    known = find_bank(connection, wanted.name, tenant)
    if known is not None:
        wanted = replace(wanted, revision=known.revision, updated_at=known.updated_at)
        if wanted == known:
            return known
    made = replace(wanted, revision=wanted.revision + 1 if known else 1, updated_at=utc_now())
    log.append(
        connection,
        kind="bank.defined",
        subject=log.scope(made.name),
        body={
            "bank": made.name,
            "action": made.action.value,
            "thresholds": dict(made.thresholds),
            "revision": made.revision,
        },
        key=f"bank.defined:{log.scope(made.name)}:{made.revision}",
    )
    if known is None and (raced := find_bank(connection, made.name, tenant)) is not None:
        return raced  # another process made the same one while we waited for the ledger
    columns: dict[str, Any] = {
        "action": made.action.value,
        "thresholds": dict(made.thresholds),
        "description": made.description,
        "revision": made.revision,
        "updated_at": made.updated_at,
    }
    if known is None:
        connection.execute(insert(BANKS).values(tenant=tenant, name=made.name, **columns))
    else:
        this = (BANKS.c.tenant == tenant, BANKS.c.name == made.name)
        connection.execute(update(BANKS).where(*this).values(**columns))
    return made


def find_bank(connection: Connection, name: str, tenant: Tenant = MAIN) -> Bank | None:
    """Return the bank of this name that a tenant has, if there is one."""
    row = connection.execute(select(BANKS).where(BANKS.c.tenant == tenant, BANKS.c.name == name)).one_or_none()
    return None if row is None else _parse_bank(row)


def _parse_bank(row: Row[Any]) -> Bank:
    return Bank(row.name, Action(row.action), dict(row.thresholds), row.description, row.revision, row.updated_at)


def _parse_action(action: Action | str) -> Action:
    try:
        return Action(action)
    except ValueError as exc:
        known = ", ".join(Action)
        raise WorksError(f"expected one of the actions {known}, got {str(action)[:40]!r}") from exc


def _check(bank: Bank, limits: Mapping[str, int]) -> None:
    if not _NAME.fullmatch(bank.name):
        raise WorksError(f"a bank's name is 1 to 64 of letters, digits, _ and -, got {bank.name[:80]!r}")
    if len(bank.description) > _DESCRIPTION_LIMIT or not is_safe(bank.description):
        raise WorksError(f"a bank's description is at most {_DESCRIPTION_LIMIT} printable characters")
    for alg, bits in bank.thresholds.items():
        if alg not in limits:
            raise WorksError(f"a threshold is for one of {', '.join(sorted(limits))}, got {alg[:40]!r}")
        # Two different photographs were never nearer than 84 of 256 bits (PDQ, 530,000 pairs): a quarter stays below.
        if isinstance(bits, bool) or not isinstance(bits, int) or not 0 <= bits <= limits[alg]:
            raise WorksError(f"the threshold of {alg} is 0 to {limits[alg]} bits, got {bits!r}")
