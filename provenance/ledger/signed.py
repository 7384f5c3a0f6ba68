"""What the log has signed, in the database: checkpoints, and the hand-overs from one key to the next."""

from collections import deque
from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, insert, select, text

from provenance.errors import InconsistentLedgerError, VerificationError
from provenance.ledger.checkpoint import Checkpoint, verify_extension
from provenance.ledger.entry import LedgerEntry
from provenance.ledger.growth import Growth, grow
from provenance.ledger.handover import Handover, LogKeys, verify_handover
from provenance.ledger.merkle import build_consistency_proof, build_frontier
from provenance.ledger.note import NoteVerifier
from provenance.ledger.tables import LEDGER_CHECKPOINTS, LEDGER_HANDOVERS
from provenance.ledger.tiles import StoredTree
from provenance.storage.database import utc_now

_SET_BACK: Final = (
    "the database was set back or changed, so nothing is signed or released; restore its newest copy, or the whole "
    "backup with its own last-checkpoint.txt, or begin a new ledger openly (docs/storage.md)"
)
_NOTES: Final = select(LEDGER_HANDOVERS.c.note).order_by(LEDGER_HANDOVERS.c.size)


def read_keys(connection: Connection, trusted: NoteVerifier) -> LogKeys:
    """Return every key that has signed for this log, by one of them.

    Raises:
        InconsistentLedgerError: a hand-over is none, or the key is none of this log's.
    """
    notes = connection.execute(_NOTES).scalars().all()
    try:
        return LogKeys.build(trusted, notes)
    except VerificationError as exc:
        raise InconsistentLedgerError(f"the ledger's keys in the database were changed: {exc}") from exc


def find_current_vkey(connection: Connection) -> str:
    """Return the verifier key that the log was last handed over to, or "" where it has had one key.

    Raises:
        VerificationError: what the database has there is no hand-over.
    """
    note = connection.execute(_NOTES.order_by(None).order_by(LEDGER_HANDOVERS.c.size.desc()).limit(1)).scalar()
    return "" if note is None else verify_handover(note).new.vkey


def read_latest(connection: Connection, keys: LogKeys) -> Checkpoint | None:
    """Return the largest checkpoint that any of the keys signed; of two of one size the later."""
    table = LEDGER_CHECKPOINTS
    ids = [key.key_id.hex() for key, _, _ in keys.terms()]
    query = select(table).where(table.c.key_id.in_(ids)).order_by(table.c.size.desc(), table.c.created_at.desc())
    row = connection.execute(query.limit(1)).one_or_none()
    return None if row is None else Checkpoint(keys.name, row.size, bytes(row.root), row.note)


def keep_checkpoint(connection: Connection, checkpoint: Checkpoint, key: NoteVerifier) -> None:
    """Store a checkpoint; when another process stored one of this size, that must be the same.

    Raises:
        InconsistentLedgerError: it is another.
    """
    key_id = key.key_id.hex()
    columns = {
        "size": checkpoint.size,
        "key_id": key_id,
        "root": checkpoint.root,
        "note": checkpoint.note,
        "created_at": utc_now(),
    }
    table = LEDGER_CHECKPOINTS
    query = select(table.c.root).where(table.c.size == checkpoint.size, table.c.key_id == key_id)
    names = ", ".join(columns)
    values = ", ".join(f":{name}" for name in columns)
    statement = text(f"INSERT INTO ledger_checkpoints ({names}) VALUES ({values}) ON CONFLICT DO NOTHING")  # noqa: S608
    # First, for the guard of SQLite's table refuses a second row before it would be a conflict.
    root = connection.execute(query).scalar()
    if root is None:
        is_ours = connection.execute(statement, columns).rowcount == 1
        root = checkpoint.root if is_ours else connection.execute(query).scalar_one()
    if bytes(root) != checkpoint.root:
        raise InconsistentLedgerError(f"two different trees of {checkpoint.size} entries were to be signed")


def keep_handover(connection: Connection, handover: Handover) -> None:
    """Store that another key signs from now on; the head is locked."""
    row = {"size": handover.size, "note": handover.checkpoint.note, "created_at": utc_now()}
    connection.execute(insert(LEDGER_HANDOVERS), row)


def verify_extends(old: Checkpoint, new: Checkpoint, tree: StoredTree) -> None:
    """Check that the tree holds all that was signed.

    Raises:
        InconsistentLedgerError: it does not.
    """
    proof = build_consistency_proof(tree, old.size, new.size) if old.size <= new.size else ()
    try:
        verify_extension(old, new, proof)
    except InconsistentLedgerError as exc:
        raise InconsistentLedgerError(f"{exc}: {_SET_BACK}") from exc


def verify_grown(tree: StoredTree, head: Growth, start: int, entries: Iterator[LedgerEntry]) -> None:
    """Check that the entries from `start` on make, of the tree that stands for those before, the tree that stands now.

    Raises:
        InconsistentLedgerError: they do not.
    """
    known = Growth(size=start, frontier=build_frontier(tree, start))
    grown = deque(grow(known, entries, head.size), maxlen=1).pop()
    if grown.root != head.root:
        raise InconsistentLedgerError(f"the ledger's {head.size} entries do not make the tree that stands for them")
