"""The table of jobs at services that generate: what was asked for, under which key, and what came of it.

No prompt and no secret lies here: the order itself is kept in quarantine until its job is over.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, String, Table, UniqueConstraint

from provenance.storage.columns import JsonColumn
from provenance.storage.database import METADATA
from provenance.tenant import MAIN

WAITING: Final = ("planned", "asked", "running", "made", "unsure")
"""States of jobs of which something may still come: what lies in quarantine under their ids stays there."""

GATEWAY_JOBS: Final = Table(
    "gateway_jobs",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("tenant", String(32), nullable=False, server_default=MAIN),
    Column("key", String(255), nullable=False),
    Column("gateway", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("order_sha256", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("job", String(512), nullable=False, server_default=""),
    Column("outcome", JsonColumn, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("changed_at_ms", BigInteger, nullable=False),
    UniqueConstraint("tenant", "key"),
    Index("ix_gateway_jobs_tenant_state", "tenant", "state"),
)
"""One row a paid call. `key` was written before the call was made; `outcome` holds refusal, problem, usage, assets."""
