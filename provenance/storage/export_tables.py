"""The table of exports that are made in the background, for whoever ordered them to fetch."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, String, Table

from provenance.storage.columns import JsonColumn
from provenance.storage.database import METADATA
from provenance.tenant import MAIN

EXPORTS: Final = Table(
    "exports",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("tenant", String(32), nullable=False, server_default=MAIN),
    Column("state", String(16), nullable=False),
    Column("wanted", JsonColumn, nullable=False),
    Column("ordered_by", String(128), nullable=False),
    Column("rows_done", BigInteger, nullable=False, server_default="0"),
    Column("summary", JsonColumn, nullable=False),
    Column("size_bytes", BigInteger, nullable=False, server_default="0"),
    Column("error", String(1000), nullable=False, server_default=""),
    Column("worker", String(64), nullable=False, server_default=""),
    Column("seen_at_ms", BigInteger, nullable=False, server_default="0"),
    Column("created_at", String(32), nullable=False),
    Column("finished_at", String(32)),
    Column("expires_at_ms", BigInteger),
    Index("ix_exports_tenant_id", "tenant", "id"),
    Index("ix_exports_state", "state", "id"),
)
"""One row an order. `state` is waiting, running, ready, failed, or expired; `wanted` the order, `summary` what came of
it; `worker` and `seen_at_ms` say who makes it and when they last did something. The file lies in quarantine."""
