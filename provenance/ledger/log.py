"""The append-only log: entries go in with the transaction that they speak of, and can be proven ever after."""

from collections.abc import Callable, Collection, Iterator, Mapping
from copy import copy
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from provenance.errors import DatabaseUnavailableError, InconsistentLedgerError, LedgerError, MissingKeyError
from provenance.ledger.canonical import Json, canonical_json
from provenance.ledger.checkpoint import Checkpoint, sign_checkpoint
from provenance.ledger.entry import LedgerEntry, build_entry, format_time, make_salt, parse_row
from provenance.ledger.growth import Growth
from provenance.ledger.handover import LogKeys
from provenance.ledger.memory import Memory
from provenance.ledger.merkle import (
    HASH_BYTES,
    build_consistency_proof,
    build_inclusion_proof,
    build_root,
    extend_frontier,
)
from provenance.ledger.note import NoteSigner
from provenance.ledger.proof import Proof
from provenance.ledger.signed import keep_checkpoint, read_keys, read_latest, verify_extends, verify_grown
from provenance.ledger.tables import LEDGER_ENTRIES, LEDGER_HEAD, LEDGER_NODES
from provenance.ledger.tiles import TILE_HEIGHT, StoredTree
from provenance.storage.database import Database, utc_now

_PAGE: Final = 1_000
"""Entries read at a time, each page in a transaction of its own: entries never change."""

TENANT: Final = "tenant"  # the field of an entry that says whose it is
_INSERT_ENTRY: Final = insert(LEDGER_ENTRIES)
_INSERT_NODE: Final = insert(LEDGER_NODES)
_UPDATE_HEAD: Final = update(LEDGER_HEAD)
_LOCK_HEAD: Final = select(LEDGER_HEAD).with_for_update()
_FIND: Final = select(LEDGER_ENTRIES).where(LEDGER_ENTRIES.c.key == bindparam("wanted"))


class Log:
    """The ledger in a database.

    Args:
        database: migrated.
        signer: signs checkpoints; its name is the log's origin and stays the log's for ever.
        memory: a file that keeps the last checkpoint signed here, apart from the database, so that a database that
            was set back to an older state is noticed instead of signed.
        is_only_signer: every checkpoint of this database is signed with this memory, so that a memory that lacks one
            was lost or set back. False where other hosts sign, too.
        reload: returns the signer of a public key, once the log was handed over to that one; raises where it has none.

    Limits: writers wait for each other from `append` to the end of their transaction, so append last. An entry can be
        proven once its transaction has committed.
    """

    def __init__(
        self,
        database: Database,
        signer: NoteSigner,
        *,
        memory: Path | None = None,
        is_only_signer: bool = False,
        reload: Callable[[str], NoteSigner] | None = None,
    ) -> None:
        self._database = database
        self._signer = signer
        self._reload = reload
        self._memory = None if memory is None else Memory(memory, signer.name, is_complete=is_only_signer)
        self.tenant = ""  # what entries call whoever they are of

    def of_tenant(self, pseudonym: str) -> "Log":
        """Return this one log as a tenant appends to it: entries say whose they are, but for "", the main tenant's."""
        own = copy(self)
        own.tenant = pseudonym
        return own

    def is_own(self, entry: LedgerEntry) -> bool:
        """Say whether an entry is the tenant's; every one is the main tenant's, who keeps the ledger."""
        return self.tenant in {"", entry.fields().get(TENANT, "")}

    def scope(self, name: str) -> str:
        """Return what a name that is a tenant's own is called in the ledger, where no two may be the same."""
        return f"{self.tenant}/{name}" if self.tenant else name

    @property
    def database(self) -> Database:
        """Where the entries are."""
        return self._database

    @property
    def signer(self) -> NoteSigner:
        """What signs for this log."""
        return self._signer

    @property
    def origin(self) -> str:
        """The name under which this log signs."""
        return self._signer.name

    def keys(self) -> LogKeys:
        """Return every key that has signed for this log; InconsistentLedgerError where a hand-over is none."""
        with self._database.read() as connection:
            return read_keys(connection, self._signer.verifier)

    def _renew_signer(self, connection: Connection) -> LogKeys:
        """Sign with the key that the log was handed over to, where another process has done so; return every key."""
        keys = read_keys(connection, self._signer.verifier)
        if keys.current != self._signer.verifier:
            if self._reload is None:
                raise MissingKeyError(
                    f"the ledger was handed over to the key {keys.current.vkey}, which this process lacks"
                )
            self._signer = self._reload(keys.current.vkey)
        return keys

    def sign_with(self, signer: NoteSigner) -> None:
        """Sign with this key from now on: the log was handed over to it."""
        self._signer = signer

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
        canonical_body = canonical_json({**body, TENANT: self.tenant} if self.tenant else body)
        head = self.lock_head(connection)
        found = _find(connection, key)
        if found is not None:
            if (found.kind, found.subject, found.body) != (kind, subject, canonical_body):
                raise LedgerError(f"key {key!r} already stands for other content at index {found.index}")
            return found
        facts = {"kind": kind, "subject": subject, "key": key, "created_at": utc_now()}
        entry = build_entry(head.size, **facts, body=canonical_body, salt=make_salt(kind))
        grown, completed = extend_frontier(head.frontier, head.size, entry.leaf_hash)
        try:
            connection.execute(_INSERT_ENTRY, _columns(entry))
            for level, index, root in completed:
                if level % TILE_HEIGHT == 0:
                    connection.execute(_INSERT_NODE, {"level": level // TILE_HEIGHT, "index": index, "hash": root})
            connection.execute(_UPDATE_HEAD, {"size": head.size + 1, "frontier": b"".join(grown)})
        except IntegrityError as exc:
            raise InconsistentLedgerError(f"the ledger's head says {head.size} entries, its rows disagree") from exc
        return entry

    def find(self, key: str) -> LedgerEntry | None:
        """Return the entry that was appended with `key`, if any."""
        with self._database.read() as connection:
            return _find(connection, key)

    def entry(self, index: int) -> LedgerEntry:
        """Return the entry at `index`.

        Raises:
            LedgerError: there is none.
        """
        for entry in self.entries(first=index, stop=index + 1):
            return entry
        raise LedgerError(f"the ledger has no entry {index}")

    def entries(
        self,
        *,
        first: int = 0,
        stop: int | None = None,
        kinds: Collection[str] | None = None,
        subject: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[LedgerEntry]:
        """Yield entries in order, a page at a time.

        Args:
            first: lowest index.
            stop: one past the highest; by default, all that there are.
            kinds: only these kinds.
            subject: only about this.
            since: made at this time or later; with a time zone.
            until: made before this time; with a time zone.
        """
        query = select(LEDGER_ENTRIES).order_by(LEDGER_ENTRIES.c.index).limit(_PAGE)
        if stop is not None:
            query = query.where(LEDGER_ENTRIES.c.index < stop)
        if kinds is not None:
            query = query.where(LEDGER_ENTRIES.c.kind.in_(sorted(kinds)))
        if subject is not None:
            query = query.where(LEDGER_ENTRIES.c.subject == subject)
        if since is not None:
            query = query.where(LEDGER_ENTRIES.c.created_at >= format_time(since))
        if until is not None:
            query = query.where(LEDGER_ENTRIES.c.created_at < format_time(until))
        while True:
            with self._database.read() as connection:
                page = connection.execute(query.where(LEDGER_ENTRIES.c.index >= first)).mappings().all()
            for row in page:
                yield parse_row(row)
            if len(page) < _PAGE:
                return
            first = int(page[-1]["index"]) + 1

    def size(self) -> int:
        """Return how many entries there are."""
        with self._database.read() as connection:
            return self.head(connection).size

    def head(self, connection: Connection) -> Growth:
        """Return the size and the frontier as the database keeps them."""
        row = connection.execute(select(LEDGER_HEAD)).one_or_none()
        return Growth(size=0, frontier=()) if row is None else _growth(row)

    def checkpoint(self) -> Checkpoint:
        """Sign the log as it stands now, and keep what was signed; the same size gives the same note.

        Before it signs, it rebuilds every leaf since the last checkpoint and checks that the tree extends that one.

        Raises:
            InconsistentLedgerError: it does not, so nothing is signed.
        """
        remembered = self.remembered()  # before the database, which by then holds at least as much
        with self._database.viewing(), self._database.read() as connection:
            keys = self._renew_signer(connection)  # one view: whoever sees an entry of after a hand-over sees that, too
            head = self.head(connection)
            size, tree = head.size, StoredTree(connection, head.size)
            root = build_root(tree, 0, size)
            if root != head.root:
                raise InconsistentLedgerError(f"the ledger's head does not match its {size} entries")
            if keys.current != self._signer.verifier:
                raise DatabaseUnavailableError("the ledger was handed over to another key this moment: try again")
            latest = read_latest(connection, keys)
            if self._memory is not None:
                self._memory.verify_complete(latest)
            known = [item for item in (latest, remembered) if item is not None]
            # What was signed elsewhere counts too: a database set back to an older checkpoint of its own is no newer.
            own = read_latest(connection, LogKeys(self._signer.verifier)) if keys.handovers else latest
            if own is not None and all((old.size, old.root) == (size, root) for old in (own, *known)):
                return own
            for old in known:
                verify_extends(old, Checkpoint(self.origin, size, root, ""), tree)
            self.verify_since(tree, head, max(known, key=lambda old: old.size, default=None))
        return self._keep(sign_checkpoint(size, root, self._signer))

    def verify_since(self, tree: StoredTree, head: Growth, known: Checkpoint | None) -> None:
        """Check that the entries since a checkpoint make the tree that stands for all of them.

        Raises:
            InconsistentLedgerError: they do not.
        """
        start = 0 if known is None else known.size
        verify_grown(tree, head, start, self.entries(first=start, stop=head.size))

    def latest_checkpoint(self) -> Checkpoint | None:
        """Return the last checkpoint that was signed with this log's key, or with one before it, if any."""
        with self._database.read() as connection:
            return self._latest(connection)

    def inclusion_proof(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """Return the audit path of an entry in the tree of `size` entries, by default of all.

        Raises:
            LedgerError: there is no such entry or no such tree yet.
        """
        with self._database.read() as connection:
            size = self._existing(connection, size)
            return build_inclusion_proof(StoredTree(connection, size), index, size)

    def consistency_proof(self, old_size: int, size: int | None = None) -> tuple[bytes, ...]:
        """Return the proof that the tree of `size` entries, by default of all, extends that of `old_size`.

        Raises:
            LedgerError: there is no such tree yet.
        """
        with self._database.read() as connection:
            size = self._existing(connection, size)
            return build_consistency_proof(StoredTree(connection, size), old_size, size)

    def proof(self, index: int) -> Proof:
        """Return the offline proof of an entry, under the newest checkpoint; signs one if none holds the entry yet.

        Raises:
            LedgerError: there is no such entry.
        """
        checkpoint = self.latest_checkpoint()
        if checkpoint is None or checkpoint.size <= index:
            checkpoint = self.checkpoint()
        hashes = self.inclusion_proof(index, checkpoint.size)
        return Proof(index=index, hashes=hashes, checkpoint=checkpoint.note)

    def _existing(self, connection: Connection, size: int | None) -> int:
        current = self.head(connection).size
        if size is not None and not 0 <= size <= current:
            raise LedgerError(f"the ledger has {current} entries, asked for its tree of {size}")
        return current if size is None else size

    def _latest(self, connection: Connection) -> Checkpoint | None:
        return read_latest(connection, read_keys(connection, self._signer.verifier))

    def remembered(self) -> Checkpoint | None:
        """Return the last checkpoint that was signed here, as the memory file has it.

        Raises:
            InconsistentLedgerError: it holds no checkpoint of this log.
        """
        return None if self._memory is None else self._memory.load()

    def verify_remembered(self) -> Checkpoint | None:
        """Check that the memory is whole, signed by this log's key, and covered by the database; return it.

        Raises:
            InconsistentLedgerError: the database or the memory was set back.
            VerificationError: the remembered checkpoint is signed by another key.
        """
        remembered = self.remembered()
        if remembered is not None:
            self.keys().verify_checkpoint(remembered.note)
        with self._database.read() as connection:
            head = self.head(connection)
            if self._memory is not None:
                self._memory.verify_complete(self._latest(connection))
            if remembered is not None:
                now = Checkpoint(self.origin, head.size, head.root, "")
                verify_extends(remembered, now, StoredTree(connection, head.size))
        return remembered

    def remember(self) -> None:
        """Have the memory hold the newest checkpoint in the database again, after it was lost or set back.

        Raises:
            InconsistentLedgerError: the database does not hold all that the memory knows.
        """
        remembered = self.remembered()
        with self._database.read() as connection:
            latest = self._latest(connection)
            if remembered is not None:
                head = self.head(connection)
                now = Checkpoint(self.origin, head.size, head.root, "")
                verify_extends(remembered, now, StoredTree(connection, head.size))
        if latest is not None and self._memory is not None:
            self._memory.keep(latest)

    def _keep(self, checkpoint: Checkpoint) -> Checkpoint:
        """Store the checkpoint; when another process stored one of this size, that must be the same.

        Where nothing can be written it is not kept, so it may prove what is asked now, and leaves no trace.
        """
        if self._database.is_reading:
            return checkpoint
        with self._database.write() as connection:
            keep_checkpoint(connection, checkpoint, self._signer.verifier)
            if self._memory is not None:
                self._memory.keep(checkpoint)  # before the commit, so that no kill leaves it behind the database
        return checkpoint

    def lock_head(self, connection: Connection) -> Growth:
        """Lock the head row until the transaction ends; return the size and the frontier.

        SQLite has no FOR UPDATE and needs none: `Database.write` holds its one write lock from the start.
        """
        row = connection.execute(_LOCK_HEAD).one_or_none()
        if row is None:
            statement = "INSERT INTO ledger_head (id, origin, size, frontier) VALUES (1, :origin, 0, :frontier)"
            connection.execute(
                text(f"{statement} ON CONFLICT DO NOTHING"), {"origin": self._signer.name, "frontier": b""}
            )
            row = connection.execute(_LOCK_HEAD).one()
        if row.origin != self._signer.name:
            raise LedgerError(f"this database holds the ledger {row.origin}, the signer is for {self._signer.name}")
        return _growth(row)


def _columns(entry: LedgerEntry) -> dict[str, Any]:
    return {**{name: getattr(entry, name) for name in LEDGER_ENTRIES.c.keys()}, "salt": entry.salt or None}


def _find(connection: Connection, key: str) -> LedgerEntry | None:
    row = connection.execute(_FIND, {"wanted": key}).mappings().one_or_none()
    return None if row is None else parse_row(row)


def _growth(row: Row[Any]) -> Growth:
    packed = bytes(row.frontier)
    peaks = tuple(packed[at : at + HASH_BYTES] for at in range(0, len(packed), HASH_BYTES))
    return Growth(size=row.size, frontier=peaks)
