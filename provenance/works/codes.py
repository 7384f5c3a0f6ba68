"""Codes as the database keeps them: appended, withdrawn, and read on from where a reader stopped.

Sequence numbers are given out one transaction at a time, so they become visible in order: SQLite has one writer, and
on PostgreSQL a lock is held from the first append until the transaction ends. A reader that remembers the last numbers
it saw therefore never misses a row that a slower transaction committed late.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, PoolProxiedConnection, exists, insert, select, true

from provenance.errors import WorksError
from provenance.storage.database import Database, utc_now
from provenance.tenant import MAIN, Tenant
from provenance.works.tables import CODE_REMOVALS, CODES

# Any constant that no other advisory lock of ours has.
_APPEND_LOCK: Final = 7_304_092

# One round trip and two index look-ups on both engines: this runs before every query.
_READ_MARKS: Final = "SELECT (SELECT max(sequence) FROM codes), (SELECT max(sequence) FROM code_removals)"

CHUNK_ROWS: Final = 50_000
"""Rows read at a time: 1.6 MB of 256-bit codes."""


@dataclass(frozen=True, slots=True, order=True)
class Marks:
    """How far a reader has read: the last sequence number of `codes` and that of `code_removals`."""

    code: int = 0
    removal: int = 0


@dataclass(frozen=True, slots=True)
class Code:
    """One code to append."""

    alg: str
    variant: str
    value: bytes


@dataclass(frozen=True, slots=True)
class OwnedCode:
    """A code as it was appended, with whom it belongs to."""

    sequence: int
    owner_id: str
    alg: str
    variant: str
    value: bytes
    tenant: Tenant = MAIN


class ChangeWatch:
    """Tells cheaply whether anything was committed since it was last asked.

    SQLite answers a pragma on a connection of its own in 6 microseconds, fifty times faster than a query through the
    pool; on other engines, and for a database in memory, the answer is always yes. Not safe for several threads.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: PoolProxiedConnection | None = None
        path = database.engine.url.database
        if database.is_sqlite and path and path != ":memory:":
            with database.telling_errors():
                self._connection = database.engine.raw_connection()
                self._connection.detach()  # stays ours: the pool gives out another in its place
        self._last: int | None = None

    def has_changed(self) -> bool:
        """Return whether there may be something new; what is committed after this call is told by the next."""
        if self._connection is None:
            return True
        with self._database.telling_errors():
            cursor = self._connection.cursor()
            # sqlite.org/pragma.html#pragma_data_version: differs if another connection has committed in between
            cursor.execute("PRAGMA data_version")
            row = cursor.fetchone()
            cursor.close()
        assert row is not None
        is_new = bool(row[0] != self._last)
        self._last = row[0]
        return is_new

    def forget(self) -> None:
        """Answer yes next time: the caller could not read what was new."""
        self._last = None

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def append_codes(
    connection: Connection, collection: str, *, owner_id: str, codes: Iterable[Code], tenant: Tenant = MAIN
) -> None:
    """Append codes in the caller's transaction; they match as soon as it has committed.

    Limits: on PostgreSQL other transactions that append codes wait for this one; append to the ledger after this.
    """
    _lock(connection)
    now = utc_now()
    rows = [
        {
            "tenant": tenant,
            "collection": collection,
            "owner_id": owner_id,
            "alg": code.alg,
            "variant": code.variant,
            "value": code.value,
            "created_at": now,
        }
        for code in codes
    ]
    if rows:
        connection.execute(insert(CODES), rows)


def remove_codes(connection: Connection, collection: str, *, owner_id: str, tenant: Tenant = MAIN) -> int:
    """Withdraw every code of an owner in the caller's transaction; return how many there were."""
    _lock(connection)
    owned = select(CODES.c.sequence).where(CODES.c.collection == collection, CODES.c.owner_id == owner_id)
    left = owned.where(CODES.c.tenant == tenant, ~_is_removed())
    now = utc_now()
    rows = [{"code_sequence": number, "created_at": now} for number in connection.scalars(left)]
    if rows:
        connection.execute(insert(CODE_REMOVALS), rows)
    return len(rows)


def read_marks(connection: Connection) -> Marks:
    """Return the last sequence numbers that this transaction sees."""
    code, removal = connection.exec_driver_sql(_READ_MARKS).one()
    return Marks(code or 0, removal or 0)


def read_codes(
    connection: Connection,
    collection: str,
    *,
    alg: str,
    size_bytes: int,
    after: int,
    upto: int,
    tenant: Tenant | None = MAIN,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint8]]]:
    """Yield (sequence numbers, (n, size_bytes) codes) in order of sequence, a chunk at a time.

    Raises:
        WorksError: a code has another length.
    """
    columns = (CODES.c.sequence, CODES.c.value)
    query = select(*columns).where(CODES.c.collection == collection, CODES.c.alg == alg)
    query = query.where(CODES.c.sequence > after, CODES.c.sequence <= upto, _is_of(tenant)).order_by(CODES.c.sequence)
    rows = connection.execution_options(yield_per=CHUNK_ROWS).execute(query)
    for chunk in rows.partitions():
        numbers, values = zip(*chunk, strict=True)
        joined = b"".join(values)
        if any(len(value) != size_bytes for value in values):
            raise WorksError(f"expected {alg} codes of {size_bytes} bytes, got another in {numbers[0]}..{numbers[-1]}")
        yield np.array(numbers, np.int64), np.frombuffer(joined, np.uint8).reshape(len(values), size_bytes)


def read_removals(
    connection: Connection, collection: str, *, alg: str, after: int, upto: int, tenant: Tenant | None = MAIN
) -> dict[int, int]:
    """Return code sequence to removal sequence for what was withdrawn in this range of removals."""
    joined = CODE_REMOVALS.join(CODES, CODES.c.sequence == CODE_REMOVALS.c.code_sequence)
    query = select(CODE_REMOVALS.c.code_sequence, CODE_REMOVALS.c.sequence).select_from(joined)
    query = query.where(CODES.c.collection == collection, CODES.c.alg == alg, _is_of(tenant))
    query = query.where(CODE_REMOVALS.c.sequence > after, CODE_REMOVALS.c.sequence <= upto)
    return {row[0]: row[1] for row in connection.execute(query)}


def find_codes(connection: Connection, sequences: Iterable[int]) -> dict[int, OwnedCode]:
    """Return the codes with these sequence numbers."""
    wanted = list(sequences)
    columns = (CODES.c.sequence, CODES.c.owner_id, CODES.c.alg, CODES.c.variant, CODES.c.value, CODES.c.tenant)
    found: dict[int, OwnedCode] = {}
    # SQLite takes 32,766 parameters at most (SQLITE_MAX_VARIABLE_NUMBER).
    for first in range(0, len(wanted), 10_000):
        query = select(*columns).where(CODES.c.sequence.in_(wanted[first : first + 10_000]))
        found.update((row[0], OwnedCode(*row)) for row in connection.execute(query))
    return found


def find_owner_codes(
    connection: Connection, collection: str, *, owner_ids: Iterable[str], alg: str, tenant: Tenant = MAIN
) -> list[OwnedCode]:
    """Return every code of one fingerprint that these owners have and that was not withdrawn."""
    wanted = list(owner_ids)
    columns = (CODES.c.sequence, CODES.c.owner_id, CODES.c.alg, CODES.c.variant, CODES.c.value, CODES.c.tenant)
    found: list[OwnedCode] = []
    for first in range(0, len(wanted), 10_000):
        query = select(*columns).where(CODES.c.collection == collection, CODES.c.alg == alg, _is_of(tenant))
        query = query.where(CODES.c.owner_id.in_(wanted[first : first + 10_000])).where(~_is_removed())
        found += [OwnedCode(*row) for row in connection.execute(query)]
    return found


def find_every_code(connection: Connection, collection: str, owner_id: str, tenant: Tenant = MAIN) -> list[OwnedCode]:
    """Return every code of one owner in the order in which they were appended, withdrawn or not."""
    columns = (CODES.c.sequence, CODES.c.owner_id, CODES.c.alg, CODES.c.variant, CODES.c.value, CODES.c.tenant)
    query = select(*columns).where(CODES.c.collection == collection, CODES.c.owner_id == owner_id, _is_of(tenant))
    return [OwnedCode(*row) for row in connection.execute(query.order_by(CODES.c.sequence))]


def _lock(connection: Connection) -> None:
    """Let one transaction at a time give out sequence numbers; SQLite's write lock does that already."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_APPEND_LOCK})")


def _is_of(tenant: Tenant | None) -> ColumnElement[bool]:
    """Keep to what is a tenant's; None for every tenant's."""
    return true() if tenant is None else CODES.c.tenant == tenant


def _is_removed() -> ColumnElement[bool]:
    return exists().where(CODE_REMOVALS.c.code_sequence == CODES.c.sequence)
