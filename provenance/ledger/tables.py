"""The ledger's tables: entries are the truth, everything else is derived from them in the same transaction.

Triggers (see the initial migration) refuse UPDATE, DELETE and TRUNCATE on all but the head, on both engines.
"""

from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, LargeBinary, String, Table, Text

from provenance.storage.database import METADATA

# On SQLite an INTEGER key is the row id itself: one B-tree instead of two.
Position: Final = BigInteger().with_variant(Integer(), "sqlite")

LEDGER_ENTRIES: Final = Table(
    "ledger_entries",
    METADATA,
    Column("index", Position, primary_key=True, autoincrement=False),
    Column("kind", String(64), nullable=False),
    Column("subject", String(255), nullable=False, index=True),
    Column("key", String(255), nullable=False, unique=True),
    Column("body", LargeBinary, nullable=False),
    Column("leaf_hash", LargeBinary(32), nullable=False),
    Column("created_at", String(32), nullable=False, index=True),
    Column("salt", LargeBinary(32)),
    CheckConstraint('"index" >= 0', name="ck_ledger_entries_index"),
)
"""One row an entry, strictly sequential from 0. `key` makes appending idempotent; `body` is canonical JSON; `salt`
hides what the entry says in its leaf, and is not there where the leaf says it."""

LEDGER_NODES: Final = Table(
    "ledger_nodes",
    METADATA,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("index", Position, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary(32), nullable=False),
)
"""Root of each complete subtree of 256**level leaves, level 1 and up: the hashes that tiles above the leaves hold."""

LEDGER_HEAD: Final = Table(
    "ledger_head",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("origin", String(255), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    CheckConstraint("id = 1", name="ck_ledger_head_one_row"),
)
"""The one row that writers lock. `frontier` is the roots of the complete subtrees, largest first, 32 bytes each."""

LEDGER_CHECKPOINTS: Final = Table(
    "ledger_checkpoints",
    METADATA,
    Column("size", Position, primary_key=True, autoincrement=False),
    Column("key_id", String(8), primary_key=True),
    Column("root", LargeBinary(32), nullable=False),
    Column("note", Text, nullable=False),
    Column("created_at", String(32), nullable=False),
)
"""Every checkpoint ever signed; the log never signs one that does not extend the last."""

Index("ix_ledger_entries_kind_index", LEDGER_ENTRIES.c.kind, LEDGER_ENTRIES.c.index)

LEDGER_HANDOVERS: Final = Table(
    "ledger_handovers",
    METADATA,
    Column("size", Position, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
    Column("created_at", String(32), nullable=False),
)
"""Each time that one key handed the log over to the next, as both signed it (`provenance.ledger.handover`)."""
