"""The registry's tables: banks, works, and the codes that the match index is built from.

`codes` is append-only: a withdrawn code gets a row in `code_removals`. Both have sequence numbers that are never
reused and become visible in order (see `provenance.works.codes`), so whoever remembers the last number it saw can
read on from there.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from provenance.storage.columns import JsonColumn
from provenance.storage.database import METADATA
from provenance.tenant import MAIN

SequenceNumber = BigInteger().with_variant(Integer, "sqlite")
"""64 bits on both engines: SQLite numbers rows by itself only in a column declared INTEGER."""

BANKS: Final = Table(
    "banks",
    METADATA,
    Column("tenant", String(32), primary_key=True, server_default=MAIN),
    Column("name", String(64), primary_key=True),
    Column("action", String(16), nullable=False),
    Column("thresholds", JsonColumn, nullable=False),
    Column("description", String(500), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("updated_at", String(32), nullable=False),
)
"""A set of works that are treated alike. `thresholds` maps a fingerprint's name to the bits that still match."""

WORKS: Final = Table(
    "works",
    METADATA,
    Column("tenant", String(32), primary_key=True, server_default=MAIN),
    Column("id", String(128), primary_key=True),
    Column("title", String(500), nullable=False),
    Column("owner", String(255), nullable=False),
    Column("bank", String(64), nullable=False, index=True),
    Column("status", String(16), nullable=False),
    Column("claim", JsonColumn, nullable=False),
    Column("picture_sha256", String(64), nullable=False, index=True),
    Column("ledger_index", BigInteger, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("withdrawn_at", String(32)),
    Column("withdrawn_reason", Text),
    ForeignKeyConstraint(["tenant", "bank"], ["banks.tenant", "banks.name"]),
)
"""One row a registered original; an id is one work's within its tenant. `picture_sha256` is over the decoded pixels,
not over the file."""

WORK_REFERENCES: Final = Table(
    "work_references",
    METADATA,
    Column("tenant", String(32), primary_key=True, server_default=MAIN),
    Column("work_id", String(128), primary_key=True),
    Column("media", LargeBinary, nullable=False),
    ForeignKeyConstraint(["tenant", "work_id"], ["works.tenant", "works.id"]),
)
"""A small JPEG of each work: what a suspected copy is held against. Works registered before it was kept have none."""

CODES: Final = Table(
    "codes",
    METADATA,
    Column("sequence", SequenceNumber, primary_key=True, autoincrement=True),
    Column("tenant", String(32), nullable=False, server_default=MAIN),
    Column("collection", String(16), nullable=False),
    Column("owner_id", String(128), nullable=False),
    Column("alg", String(64), nullable=False),
    Column("variant", String(32), nullable=False),
    Column("value", LargeBinary(64), nullable=False),
    Column("created_at", String(32), nullable=False),
    sqlite_autoincrement=True,
)
"""Fingerprints of works (`collection` "works", owner a work) and of what was released ("releases", an asset)."""

CODE_REMOVALS: Final = Table(
    "code_removals",
    METADATA,
    Column("sequence", SequenceNumber, primary_key=True, autoincrement=True),
    Column("code_sequence", SequenceNumber, ForeignKey("codes.sequence"), nullable=False, unique=True),
    Column("created_at", String(32), nullable=False),
    sqlite_autoincrement=True,
)
"""Codes that no longer match."""

Index("ix_codes_owner", CODES.c.collection, CODES.c.owner_id, CODES.c.alg)
