"""Tables of what people change about the policies, and of what is asked of a decision afterwards."""

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from provenance.storage.columns import JsonColumn
from provenance.storage.database import METADATA

POLICY_CHANGES: Final = Table(
    "policy_changes",
    METADATA,
    Column("tenant", String(32), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("name", String(255), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("names", JsonColumn, nullable=False),
    Column("author", String(128), nullable=False),
    Column("reason", String(2000), nullable=False),
    Column("ledger_index", BigInteger, nullable=False),
    Column("created_at", String(32), nullable=False),
)
"""What was done to a tenant's own packs, in order and never changed: what counts now is what they come to. `kind` is
saved, activated, retired or chosen (`names` then decide where a submission names none). The documents lie in `packs`
by their digest."""

APPEALS: Final = Table(
    "appeals",
    METADATA,
    Column("decision_id", String(36), ForeignKey("decisions.id"), primary_key=True),
    Column("asset_id", String(36), ForeignKey("assets.id"), nullable=False, index=True),
    Column("token", String(64), nullable=False, unique=True),
    Column("state", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("filed_at", String(32)),
    Column("decided_by", String(128), nullable=False),
    Column("statement", Text, nullable=False),
    Column("decided_at", String(32)),
    Column("created_at", String(32), nullable=False),
)
"""One row for each refusal that was told with a link to appeal by; `state` is offered until somebody does, then filed,
and at last upheld or overturned."""

Index("ix_appeals_state_filed_at", APPEALS.c.state, APPEALS.c.filed_at)
"""What waits, oldest first."""
