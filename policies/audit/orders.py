"""Exports that take a while: ordered, made in the background, fetched while they last, by the tenant who ordered alone.

An order is a row; what carries it out is any process that asks for the next one. One that died leaves an order that is
taken up again. The file lies in quarantine, which nothing outside reads, until it expires.
"""

import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, insert, or_, select, update

from policies.audit.exporting import Order, verify_order
from policies.audit.packing import ENDING, write_to
from policies.audit.source import Holder
from policies.audit.spelling import parse_order, spell_order
from policies.refusals import WithdrawnError
from provenance.errors import BlobNotFoundError, ExportNotFoundError, GateError, TooManyOrdersError
from provenance.journal import Journal, spell_surprise
from provenance.ledger.selection import CLAIMS
from provenance.storage.blob import Blob
from provenance.storage.database import Database, utc_now
from provenance.storage.export_tables import EXPORTS
from provenance.storage.scrubbing import redact
from provenance.storage.store import EXPORTS as FOLDER
from provenance.storage.store import BlobStore
from provenance.tenant import Tenant

KEPT_S: Final = 7 * 86_400.0
"""How long a file waits to be fetched."""
MOST_WAITING: Final = 20
"""Orders of one tenant that wait or are made."""
SILENT_S: Final = 120.0
"""Whoever makes an export and says nothing for so long is gone."""

_log = Journal(__name__)


@dataclass(frozen=True, slots=True)
class Export:
    """One order and what became of it.

    Attributes:
        id: a UUID.
        tenant: whose.
        state: waiting, running, ready, failed, or expired.
        wanted: the order as JSON.
        ordered_by: name of whoever ordered.
        rows_done: ledger entries so far.
        summary: rows, claim, scope and what that proves; {} before it is ready.
        size_bytes: of the file.
        error: why it failed, or "".
        created_at, finished_at: RFC 3339.
        expires_at_ms: Unix time, or None.
    """

    id: str
    tenant: Tenant
    state: str
    wanted: dict[str, Any]
    ordered_by: str
    rows_done: int
    summary: dict[str, Any]
    size_bytes: int
    error: str
    created_at: str
    finished_at: str | None
    expires_at_ms: int | None


def place_order(here: Holder, order: Order, *, ordered_by: str) -> Export:
    """Put an order on the list.

    Raises:
        PolicyError: it cannot be carried out, see `verify_order`.
        TooManyOrdersError: the tenant has too many that wait.
    """
    verify_order(here, order)
    row = {
        "id": str(uuid.uuid4()),
        "tenant": here.tenant,
        "state": "waiting",
        "wanted": spell_order(order),
        "ordered_by": ordered_by[:128],
        "summary": {},
        "created_at": utc_now(),
    }
    with here.database.write() as connection:
        waiting = select(EXPORTS.c.id).where(
            EXPORTS.c.tenant == here.tenant, EXPORTS.c.state.in_(("waiting", "running"))
        )
        if len(connection.execute(waiting.limit(MOST_WAITING)).all()) == MOST_WAITING:
            raise TooManyOrdersError(f"{MOST_WAITING} exports wait already: fetch them first, or wait")
        connection.execute(insert(EXPORTS).values(row))
        return _find(connection, EXPORTS.c.id == row["id"])[0]


def find_exports(database: Database, tenant: Tenant, *, before: str = "", limit: int = 50) -> list[Export]:
    """Return the tenant's exports, newest first, from the one after `before` on."""
    wanted = [EXPORTS.c.tenant == tenant]
    with database.read() as connection:
        if before:
            at = select(EXPORTS.c.created_at).where(EXPORTS.c.id == before, EXPORTS.c.tenant == tenant)
            moment = connection.execute(at).scalar() or ""
            earlier = (EXPORTS.c.created_at == moment) & (EXPORTS.c.id < before)
            wanted.append(or_(EXPORTS.c.created_at < moment, earlier))
        return _find(connection, *wanted, limit=limit)


def find_export(database: Database, tenant: Tenant, export_id: str) -> Export:
    """Return one export of the tenant.

    Raises:
        ExportNotFoundError: there is none.
    """
    with database.read() as connection:
        found = _find(connection, EXPORTS.c.id == export_id, EXPORTS.c.tenant == tenant)
    if not found:
        raise ExportNotFoundError(f"no export has the id {export_id[:40]!r}")
    return found[0]


def open_export(blobs: BlobStore, export: Export) -> Blob:
    """Return the file of an export.

    Raises:
        ExportNotFoundError: it is not ready, or has expired.
    """
    if export.state == "ready":
        try:
            return blobs.quarantine.open(_key(export.id))
        except BlobNotFoundError as exc:
            raise ExportNotFoundError(f"the file of export {export.id} is gone: order it again") from exc
    raise ExportNotFoundError(f"export {export.id} is {export.state}: only what is ready can be fetched")


def drop_export(here: Holder, export_id: str) -> None:
    """Delete the file of an export, or stop it before it is made; the order stays on the list as expired.

    Raises:
        ExportNotFoundError: the tenant has none with this id.
    """
    export = find_export(here.database, here.tenant, export_id)
    with here.database.write() as connection:
        connection.execute(update(EXPORTS).where(EXPORTS.c.id == export.id).values(state="expired"))
    here.blobs.quarantine.delete(_key(export.id))


def make_next(
    database: Database,
    find_holder: Callable[[Tenant], Holder],
    *,
    announce: Callable[[Connection, Export], None] | None = None,
    kept_s: float = KEPT_S,
) -> Export | None:
    """Carry out the oldest order that nobody is at; return what became of it, or None when there is none.

    Args:
        database: of the site.
        find_holder: gives what a tenant has.
        announce: is told of a finished export in the transaction that finishes it.
        kept_s: how long the file may be fetched.
    """
    worker = secrets.token_hex(8)
    export = _claim(database, worker)
    if export is None:
        return None
    try:
        here = find_holder(export.tenant)
        changes = _make(here, export, worker, kept_s)
    except GateError as exc:
        _log.error("an export failed", export_id=export.id, code=exc.code, error=str(exc))
        changes = {"state": "failed", "error": redact(str(exc))[:1000]}
    except Exception as exc:  # noqa: BLE001 - else one order would be taken up for ever, before all others
        told = spell_surprise(exc)
        _log.error("an export failed unforeseen", export_id=export.id, error=told)
        changes = {"state": "failed", "error": f"failed unforeseen: {told}"}
    with database.write() as connection:
        mine = (EXPORTS.c.id == export.id, EXPORTS.c.worker == worker, EXPORTS.c.state == "running")
        done = connection.execute(update(EXPORTS).where(*mine).values(finished_at=utc_now(), **changes))
        ended = _find(connection, EXPORTS.c.id == export.id)[0]
        if announce is not None and done.rowcount:
            announce(connection, ended)
    return ended


def expire_exports(database: Database, blobs: BlobStore, *, dry_run: bool = False) -> list[str]:
    """Delete the files of exports that waited long enough; return the ids of their orders."""
    now = _now_ms()
    with database.read() as connection:
        found = _find(connection, EXPORTS.c.state == "ready", EXPORTS.c.expires_at_ms < now, limit=1000)
    for export in () if dry_run else found:
        with database.write() as connection:
            connection.execute(update(EXPORTS).where(EXPORTS.c.id == export.id).values(state="expired"))
        blobs.quarantine.delete(_key(export.id))
    return [export.id for export in found]


def _claim(database: Database, worker: str) -> Export | None:
    silent = (EXPORTS.c.state == "running") & (EXPORTS.c.seen_at_ms < _now_ms() - int(SILENT_S * 1000))
    free = or_(EXPORTS.c.state == "waiting", silent)
    with database.read() as connection:  # mostly there is nothing, and then nobody else waits for it
        if not connection.execute(select(EXPORTS.c.id).where(free).limit(1)).first():
            return None
    with database.write() as connection:
        oldest = select(EXPORTS.c.id).where(free).order_by(EXPORTS.c.created_at).limit(1)
        if connection.dialect.name != "sqlite":
            oldest = oldest.with_for_update(skip_locked=True)
        export_id = connection.execute(oldest).scalar()
        if export_id is None:
            return None
        begun = {"state": "running", "worker": worker, "seen_at_ms": _now_ms(), "rows_done": 0}
        connection.execute(update(EXPORTS).where(EXPORTS.c.id == export_id).values(begun))
        return _find(connection, EXPORTS.c.id == export_id)[0]


def _make(here: Holder, export: Export, worker: str, kept_s: float) -> dict[str, Any]:
    with TemporaryDirectory(prefix="chopmark-") as folder:
        packed = Path(folder) / f"export{ENDING}"
        manifest = write_to(here, parse_order(export.wanted), packed, tell=_Progress(here.database, export.id, worker))
        here.blobs.quarantine.put(_key(export.id), Blob.from_path(packed))
        size_bytes = packed.stat().st_size
    summary = {
        "rows": manifest.rows,
        "first_index": manifest.first_index,
        "last_index": manifest.last_index,
        "scope": manifest.scope,
        "claim": manifest.claim,
        "vkey": manifest.vkey,
        "proves": CLAIMS[manifest.claim],
        "files": [one.file for one in manifest.attachments][:100],
    }
    until = _now_ms() + int(kept_s * 1000)
    return {
        "state": "ready",
        "summary": summary,
        "rows_done": manifest.rows,
        "size_bytes": size_bytes,
        "expires_at_ms": until,
    }


class _Progress:
    """Notes how far an export is; ends one that is not wanted any more, or that another took up."""

    def __init__(self, database: Database, export_id: str, worker: str) -> None:
        self._database = database
        self._mine = (EXPORTS.c.id == export_id, EXPORTS.c.worker == worker, EXPORTS.c.state == "running")
        self._told = 0.0

    def __call__(self, rows: int) -> None:
        if time.monotonic() - self._told < 1.0:
            return
        self._told = time.monotonic()
        with self._database.write() as connection:
            noted = {"rows_done": rows, "seen_at_ms": _now_ms()}
            if not connection.execute(update(EXPORTS).where(*self._mine).values(noted)).rowcount:
                raise WithdrawnError("the export is not wanted any more, or another process took it up")


def _find(connection: Connection, *wanted: ColumnElement[bool], limit: int = 1) -> list[Export]:
    query = select(EXPORTS).where(*wanted).order_by(EXPORTS.c.created_at.desc(), EXPORTS.c.id.desc()).limit(limit)
    return [_parse(row) for row in connection.execute(query).mappings()]


def _parse(row: RowMapping) -> Export:
    named = {name: row[name] for name in Export.__dataclass_fields__}
    return Export(**{**named, "wanted": dict(row["wanted"]), "summary": dict(row["summary"])})


def _key(export_id: str) -> str:
    return f"{FOLDER}/{export_id}/export{ENDING}"


def _now_ms() -> int:
    return int(time.time() * 1000)
