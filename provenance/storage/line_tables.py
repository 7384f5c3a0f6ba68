"""Tables of the durable line: who waits in it, which processes walk it, and the keys that make a submission one.

What became of an asset is in its own rows; these say who is to go on with it.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table

from provenance.storage.database import METADATA

LINE: Final = Table(
    "line",
    METADATA,
    Column("asset_id", String(36), ForeignKey("assets.id"), primary_key=True),
    Column("tenant", String(32), nullable=False),
    Column("ticket", String(64), nullable=False, unique=True),
    Column("priority", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("stopped", String(500), nullable=False),
    Column("queued_at", String(32), nullable=False),
)
"""The assets that workers are to walk, each until it has reached an end. `ticket` names the workflow that may walk it,
`tries` how often one began to; `stopped` is why none goes on, or "". See `policies.line.place`."""

RESUMPTIONS: Final = Table(
    "resumptions",
    METADATA,
    Column("asset_id", String(36), ForeignKey("assets.id"), primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("tried_at", String(32), nullable=False),
)
"""How often somebody began to finish an asset that was interrupted and has no place in the line; gone once it has
reached an end. See `policies.line.resuming`."""

WORKERS: Final = Table(
    "workers",
    METADATA,
    Column("id", String(96), primary_key=True),
    Column("incarnation", String(32), nullable=False),
    Column("place", String(64), nullable=False),
    Column("process", Integer, nullable=False),
    Column("version", String(32), nullable=False),
    Column("slots", Integer, nullable=False),
    Column("started_at", String(32), nullable=False),
    Column("beats_at_ms", BigInteger, nullable=False),
    Column("keys", String(255), nullable=False, server_default=""),
)
"""The processes that walk the line. `incarnation` is one process's own, `place` a digest of its host and folder,
`beats_at_ms` when it was last heard of, and `keys` a fingerprint of each key that it has. See `policies.fleet`."""

SUBMISSION_KEYS: Final = Table(
    "submission_keys",
    METADATA,
    Column("tenant", String(32), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("request_sha256", String(64), nullable=False),
    Column("asset_id", String(36), ForeignKey("assets.id"), nullable=False),
    Column("created_at", String(32), nullable=False),
)
"""The keys that callers chose, each tenant its own: the same key with the same request is the same asset."""

Index("ix_line_tenant", LINE.c.tenant)
