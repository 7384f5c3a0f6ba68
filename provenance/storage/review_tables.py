"""What moderators work with: jobs and their claims, notes, second opinions, batches, and what each likes to see.

Registered by `provenance.storage.tables`. What was decided stands in `decisions` and `reviews`, as ever.
"""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint, text

from provenance.storage.columns import RecordColumn, partial_index
from provenance.storage.database import METADATA
from provenance.tenant import MAIN

JOBS: Final = Table(
    "review_jobs",
    METADATA,
    Column("asset_id", String(36), ForeignKey("assets.id"), primary_key=True),
    Column("tenant", String(32), nullable=False, server_default=MAIN),
    Column("state", String(16), nullable=False),
    Column("is_sensitive", Boolean, nullable=False),
    Column("medium", String(16), nullable=False),
    Column("name", String(255), nullable=False),
    Column("opened_at", String(32), nullable=False),
    Column("holder_id", String(64), nullable=False, server_default=""),
    Column("holder", String(128), nullable=False, server_default=""),
    Column("assigned_by", String(128), nullable=False, server_default=""),
    Column("expires_at_ms", BigInteger, nullable=False, server_default="0"),
    Column("escalated_by", String(64), nullable=False, server_default=""),
    Column("wants_opinion", Boolean, nullable=False, server_default="0"),
    Column("due_at_ms", BigInteger, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
)
"""One row an asset that was ever withheld. `state` is open, escalated or closed; `name` is folded, for searching; the
holder has it until `expires_at_ms` (Unix time), and "" is nobody; what was approved walks on at `due_at_ms`, 0 for
nothing that waits."""

WAITS: Final = text("state <> 'closed'")
"""What the queue's indexes are of; a question has to say it in these words for an engine to use them."""
for _name, _fields in (
    ("all", ("tenant", "asset_id")),
    ("seen", ("tenant", "is_sensitive", "asset_id")),
    ("opened", ("tenant", "opened_at")),
):
    partial_index(f"ix_review_jobs_{_name}", *(JOBS.c[field] for field in _fields), where=WAITS)
Index("ix_review_jobs_holder", JOBS.c.holder_id, JOBS.c.asset_id)
Index("ix_review_jobs_due", JOBS.c.due_at_ms)

FACETS: Final = Table(
    "review_facets",
    METADATA,
    Column("asset_id", String(36), ForeignKey("review_jobs.asset_id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("tenant", String(32), nullable=False, server_default=MAIN),
    Column("is_open", Boolean, nullable=False),
    Column("detector", String(64), nullable=False),
    Column("category", String(128), nullable=False),
    Column("pack", String(255), nullable=False),
)
"""What speaks against each job, for the filters of the queue."""

for _field in ("detector", "category", "pack"):
    Index(f"ix_review_facets_{_field}", FACETS.c.tenant, FACETS.c.is_open, FACETS.c[_field], FACETS.c.asset_id)

NOTES: Final = Table(
    "review_notes",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("asset_id", String(36), ForeignKey("review_jobs.asset_id"), nullable=False, index=True),
    Column("author_id", String(64), nullable=False),
    Column("author", String(128), nullable=False),
    Column("text", String(4000), nullable=False),
    Column("mentions", RecordColumn, nullable=False),
    Column("created_at", String(32), nullable=False),
)
"""What moderators write to themselves and to who they mention; to all reviewers once the job is closed."""

OPINIONS: Final = Table(
    "review_opinions",
    METADATA,
    Column("asset_id", String(36), ForeignKey("review_jobs.asset_id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("is_spent", Boolean, nullable=False),
    Column("reviewer_id", String(64), nullable=False),
    Column("reviewer", String(128), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("clause", String(200), nullable=False),
    Column("reason", String(2000), nullable=False),
    Column("created_at", String(32), nullable=False),
)
"""What each of several reviewers would decide; `is_spent` once a decision was made of them."""

BATCHES: Final = Table(
    "review_batches",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("tenant", String(32), nullable=False, server_default=MAIN),
    Column("key", String(64), nullable=False),
    Column("reviewer_id", String(64), nullable=False),
    Column("reviewer", String(128), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("clause", String(200), nullable=False),
    Column("reason", String(2000), nullable=False),
    Column("query", RecordColumn, nullable=False),
    Column("is_sensitive", Boolean, nullable=False),
    Column("size", Integer, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("finished_at", String(32), nullable=False, server_default=""),
    Column("undone_at", String(32), nullable=False, server_default=""),
    Column("undone_by", String(128), nullable=False, server_default=""),
    UniqueConstraint("tenant", "key", name="uq_review_batches_tenant_key"),
)
"""One decision about many jobs; `key` makes asking for it twice the same as once."""

BATCH_ITEMS: Final = Table(
    "review_batch_items",
    METADATA,
    Column("batch_id", String(36), ForeignKey("review_batches.id"), primary_key=True),
    Column("asset_id", String(36), ForeignKey("review_jobs.asset_id"), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("error", String(500), nullable=False, server_default=""),
)
"""What became of each: waiting, decided, refused, undone or kept."""

WELLNESS: Final = Table(
    "review_wellness",
    METADATA,
    Column("tenant", String(32), primary_key=True, server_default=MAIN),
    Column("person_id", String(64), primary_key=True),
    Column("body", RecordColumn, nullable=False),
    Column("updated_at", String(32), nullable=False),
)
"""How much each moderator wants to see of a picture before asking for it."""
