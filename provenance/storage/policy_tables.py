"""Tables of what people change about the policies, of consents, and of what is asked of a decision afterwards."""

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

CONSENTS: Final = Table(
    "consents",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("tenant", String(32), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("salt", String(32), nullable=False),
    Column("scope", JsonColumn, nullable=False),
    Column("last_day", String(10), nullable=False),
    Column("photo_sha256", String(64), nullable=False),
    Column("note", String(2000), nullable=False),
    Column("recorded_by", String(128), nullable=False),
    Column("recorder_id", String(64), nullable=False, server_default=""),
    Column("recorded_at", String(32), nullable=False),
    Column("ledger_index", BigInteger, nullable=False),
    Column("revoked_at", String(32), nullable=False, server_default=""),
    Column("revoked_by", String(128), nullable=False, server_default=""),
    Column("reason", String(2000), nullable=False, server_default=""),
)
"""Who agreed to what may be made of a photograph of theirs, until when. The ledger holds `subject` as a digest with
`salt` alone, so that it proves who was meant and tells nobody; `revoked_at` is "" for as long as it stands."""

CONSENT_USES: Final = Table(
    "consent_uses",
    METADATA,
    Column("consent_id", String(36), ForeignKey("consents.id"), primary_key=True),
    Column("asset_id", String(36), ForeignKey("assets.id"), primary_key=True),
)
"""Which assets named a consent when they were taken in: what somebody has to look at once it is revoked."""

Index("ix_consents_tenant_id", CONSENTS.c.tenant, CONSENTS.c.id)
