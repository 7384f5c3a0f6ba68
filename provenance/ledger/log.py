"""The append-only log: entries go in with the transaction that they speak of, and can be proven ever after."""

from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy import Connection, Row, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from provenance.database import Database, utc_now
from provenance.errors import InconsistentLedgerError, LedgerError
from provenance.ledger.canonical import Json, build_canonical
from provenance.ledger.entry import LedgerEntry, build_entry
from provenance.ledger.merkle import HASH_BYTES, extend_frontier
from provenance.ledger.tables import LEDGER_ENTRIES, LEDGER_HEAD, LEDGER_NODES


class Signer(Protocol):
    """What signs checkpoints; see `provenance.ledger.note`."""

    @property
    def name(self) -> str:
        """The log's origin."""
        ...


class Log:
    """The ledger in a database.

    Limits: writers wait for each other from `append` to the end of their transaction, so append last.
    """

    def __init__(self, database: Database, signer: Signer) -> None:
        self._database = database
        self._signer = signer

    @property
    def origin(self) -> str:
        """The name under which this log signs."""
        return self._signer.name

    def append(
        self, connection: Connection, *, kind: str, subject: str, body: Mapping[str, Json], key: str
    ) -> LedgerEntry:
        """Append an entry in the caller's transaction, once for each `key`.

        Args:
            connection: of `Database.write`; the entry exists when that transaction commits.
            kind: what happened, such as ``decision`` or ``work.registered``.
            subject: the id of what it happened to.
            body: digests and ids only, never media, prompts or other text of people.
            key: the same for every attempt at recording the same event.

        Returns:
            The new entry, or the one that an earlier attempt with this key and content made.

        Raises:
            LedgerError: the key was used for other content, or the entry is not allowed.
            InconsistentLedgerError: the tables disagree with each other.
        """
        canonical_body = build_canonical(body)
        size, frontier = self._lock_head(connection)
        found = _find(connection, key)
        if found is not None:
            if (found.kind, found.subject, found.body) != (kind, subject, canonical_body):
                raise LedgerError(f"key {key!r} already stands for other content at index {found.index}")
            return found
        entry = build_entry(size, kind=kind, subject=subject, key=key, body=canonical_body, created_at=utc_now())
        grown, completed = extend_frontier(frontier, size, entry.leaf_hash)
        try:
            connection.execute(insert(LEDGER_ENTRIES).values(**_columns(entry)))
            for level, index, root in completed:
                if level % 8 == 0:
                    connection.execute(insert(LEDGER_NODES).values(level=level // 8, index=index, hash=root))
            connection.execute(update(LEDGER_HEAD).values(size=size + 1, frontier=b"".join(grown)))
        except IntegrityError as exc:
            raise InconsistentLedgerError(f"the ledger's head says {size} entries, its rows disagree") from exc
        return entry

    def find(self, key: str) -> LedgerEntry | None:
        """Return the entry that was appended with `key`, if any."""
        with self._database.read() as connection:
            return _find(connection, key)

    def _lock_head(self, connection: Connection) -> tuple[int, tuple[bytes, ...]]:
        """Lock the head row until the transaction ends; return the size and the frontier.

        SQLite has no FOR UPDATE and needs none: `Database.write` holds its one write lock from the start.
        """
        query = select(LEDGER_HEAD).with_for_update()
        row = connection.execute(query).one_or_none()
        if row is None:
            statement = "INSERT INTO ledger_head (id, origin, size, frontier) VALUES (1, :origin, 0, :frontier)"
            connection.execute(
                text(f"{statement} ON CONFLICT DO NOTHING"), {"origin": self._signer.name, "frontier": b""}
            )
            row = connection.execute(query).one()
        if row.origin != self._signer.name:
            raise LedgerError(f"this database holds the ledger {row.origin}, the signer is for {self._signer.name}")
        packed = bytes(row.frontier)
        return row.size, tuple(packed[at : at + HASH_BYTES] for at in range(0, len(packed), HASH_BYTES))


def _columns(entry: LedgerEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in LEDGER_ENTRIES.c.keys()}  # noqa: SIM118 - a column collection


def _find(connection: Connection, key: str) -> LedgerEntry | None:
    row = connection.execute(select(LEDGER_ENTRIES).where(LEDGER_ENTRIES.c.key == key)).one_or_none()
    return None if row is None else _entry(row)


def _entry(row: Row[Any]) -> LedgerEntry:
    fields = row._mapping  # noqa: SLF001 - public in spite of its name
    return LedgerEntry(
        index=fields["index"],
        kind=fields["kind"],
        subject=fields["subject"],
        key=fields["key"],
        leaf_hash=bytes(fields["leaf_hash"]),
        body=bytes(fields["body"]),
        created_at=fields["created_at"],
    )
