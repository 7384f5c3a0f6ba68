"""How well moderators agree: cases with a known answer, second looks at a share of decisions, and who answered what.

Registered by `provenance.storage.tables`. Nothing here decides about an asset: `decisions` and `reviews` do.
"""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, String, Table

from provenance.storage.columns import RecordColumn
from provenance.storage.database import METADATA
from provenance.tenant import MAIN

QUALITY_RULES: Final = Table(
    "quality_rules",
    METADATA,
    Column("tenant", String(32), primary_key=True, server_default=MAIN),
    Column("body", RecordColumn, nullable=False),
    Column("updated_by", String(128), nullable=False),
    Column("updated_at", String(32), nullable=False),
)
"""How often a tenant's moderators are dealt known cases and second looks, and what they are told."""

QUALITY_CASES: Final = Table(
    "quality_cases",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("tenant", String(32), nullable=False, server_default=MAIN),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("asset_id", String(36), ForeignKey("assets.id"), nullable=True, index=True),
    Column("decision_id", String(36), nullable=False, server_default=""),
    Column("is_sensitive", Boolean, nullable=False),
    Column("category", String(128), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("clause", String(200), nullable=False),
    Column("reason", String(2000), nullable=False),
    Column("name", String(255), nullable=False),
    Column("has_file", Boolean, nullable=False),
    Column("body", RecordColumn, nullable=False),
    Column("made_by_id", String(64), nullable=False),
    Column("made_by", String(128), nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("settled_outcome", String(16), nullable=False, server_default=""),
    Column("settled_by", String(128), nullable=False, server_default=""),
    Column("statement", String(2000), nullable=False, server_default=""),
    Column("settled_at", String(32), nullable=False, server_default=""),
    Index("ix_quality_cases_tenant", "tenant", "kind", "state", "id"),
)
"""What is judged without knowing. `kind` is golden (its answer is known: `outcome`, `clause` and `reason` are a quality
lead's) or double (they are the first moderator's, of `decision_id`). `body` has what moderators are shown: the file's
facts, signals, the policy's decision, and whom it is not dealt to; the file lies in quarantine under the case's id as
long as the case can be dealt."""

QUALITY_DEALS: Final = Table(
    "quality_deals",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("case_id", String(36), ForeignKey("quality_cases.id"), nullable=False, index=True),
    Column("tenant", String(32), nullable=False, server_default=MAIN),
    Column("reviewer_id", String(64), nullable=False, server_default=""),
    Column("state", String(16), nullable=False),
    Column("holder_id", String(64), nullable=False, server_default=""),
    Column("holder", String(128), nullable=False, server_default=""),
    Column("assigned_by", String(128), nullable=False, server_default=""),
    Column("expires_at_ms", BigInteger, nullable=False, server_default="0"),
    Column("notes", RecordColumn, nullable=False),
    Column("outcome", String(16), nullable=False, server_default=""),
    Column("clause", String(200), nullable=False, server_default=""),
    Column("reason", String(2000), nullable=False, server_default=""),
    Column("answered_by_id", String(64), nullable=False, server_default=""),
    Column("answered_by", String(128), nullable=False, server_default=""),
    Column("answered_at", String(32), nullable=False, server_default=""),
    Column("created_at", String(32), nullable=False),
    Index("ix_quality_deals_open", "tenant", "state", "id"),
)
"""A case as a job among the others: `id` looks like an asset's and is none. `reviewer_id` is whom it was dealt to, ""
for whoever may; an answer is release, block or escalate."""
