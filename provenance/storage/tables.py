"""The gate's own tables, and the door through which every domain's tables are registered.

JSON columns hold records that are read whole; whatever is searched has a column. Times are RFC 3339 text in UTC.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

import provenance.ledger.tables
import provenance.storage.access_tables
import provenance.storage.export_tables
import provenance.storage.gateway_tables
import provenance.storage.line_tables
import provenance.storage.policy_tables
import provenance.storage.quality_tables
import provenance.storage.review_tables
import provenance.storage.webhook_tables
import provenance.works.tables  # noqa: F401 - all register their tables on METADATA
from provenance.storage.columns import JsonColumn, RecordColumn
from provenance.storage.database import METADATA
from provenance.tenant import MAIN

ASSETS: Final = Table(
    "assets",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("sha256", String(64), nullable=False, index=True),
    Column("media_type", String(32), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("tenant", String(32), nullable=False, server_default=MAIN),
    Column("medium", String(16), nullable=False, server_default="picture"),
    Column("facts", RecordColumn, nullable=False, server_default="{}"),
    Column("origin", String(16), nullable=False),
    Column("stage", String(16), nullable=False),
    Column("request", RecordColumn, nullable=False),
    Column("recipe", JsonColumn, nullable=False),
    Column("has_prompt", Boolean, nullable=False),
    Column("name", String(255), nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("submitter", String(64), nullable=False, server_default=""),
    Index("ix_assets_tenant_id", "tenant", "id"),
    Index("ix_assets_tenant_submitter_id", "tenant", "submitter", "id"),
    Index("ix_assets_tenant_stage_id", "tenant", "stage", "id"),
    Index("ix_assets_tenant_created_at", "tenant", "created_at"),
)
"""One row an accepted submission. `stage` is the last finished step of the line; `facts` holds what is known of a file
of its medium (width, height, ...); `request` the packs asked for and the context flags, see `policies.line.request`;
`name` is for people only; `submitter` is the id of the person or key that handed it in, "" where the operator did. What
other tables have of an asset is its tenant's through this row."""

WISHES: Final = Table(
    "wishes",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("tenant", String(32), nullable=False),
    Column("submitter", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("body", RecordColumn, nullable=False),
    Column("answer", RecordColumn, nullable=False),
    Column("created_at", String(32), nullable=False),
    Index("ix_wishes_state_id", "state", "id"),
    Index("ix_wishes_tenant_submitter_id", "tenant", "submitter", "id"),
)
"""Prompts that are to be drawn: what is drawn becomes the asset of the same id. `body` is how, without the prompt, for
that lies in quarantine; `answer` says why nothing was drawn. See `policies.line.wish`."""

SIGNALS: Final = Table(
    "signals",
    METADATA,
    Column("asset_id", String(36), ForeignKey("assets.id"), primary_key=True),
    Column("detector", String(64), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("body", RecordColumn, nullable=False),
    Column("created_at", String(32), nullable=False),
)
"""What each detector answered."""

DECISIONS: Final = Table(
    "decisions",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("asset_id", String(36), ForeignKey("assets.id"), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("outcome", String(16), nullable=False, index=True),
    Column("body", RecordColumn, nullable=False),
    Column("created_at", String(32), nullable=False),
    UniqueConstraint("asset_id", "sequence"),
)
"""Sequence 0 is the policy's own decision; reviews add more. The highest counts."""

GRANTS: Final = Table(
    "grants",
    METADATA,
    Column("asset_id", String(36), ForeignKey("assets.id"), primary_key=True),
    Column("decision_id", String(36), ForeignKey("decisions.id"), nullable=False),
    Column("payload", BigInteger, nullable=False, unique=True),
    Column("created_at", String(32), nullable=False),
)
"""One grant an asset; `payload` is the 56-bit id that its watermark carries."""

SEALS: Final = Table(
    "seals",
    METADATA,
    Column("asset_id", String(36), ForeignKey("assets.id"), primary_key=True),
    Column("sha256", String(64), nullable=False, index=True),
    Column("media_type", String(32), nullable=False),
    Column("manifest_id", String(255), nullable=False, unique=True),
    Column("body", RecordColumn, nullable=False),
    Column("ledger_index", BigInteger, nullable=False),
    Column("created_at", String(32), nullable=False),
)
"""What was sealed and recorded: digest of the file that ships, its C2PA manifest, the marks that read back.

Two releases may be the same file: short texts that carry nothing but the manifest beside them.
"""

SOFT_BINDINGS: Final = Table(
    "soft_bindings",
    METADATA,
    Column("alg", String(128), primary_key=True),
    Column("value", LargeBinary(64), primary_key=True),
    Column("asset_id", String(36), ForeignKey("seals.asset_id"), primary_key=True),
)
"""What leads back from a stripped picture to its manifest. The same value may be bound to several assets."""

REVIEWS: Final = Table(
    "reviews",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("asset_id", String(36), ForeignKey("assets.id"), nullable=False),
    Column("decision_id", String(36), ForeignKey("decisions.id"), nullable=False),
    Column("reviewer", String(128), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("reason", String(2000), nullable=False),
    Column("clause", String(200), nullable=False, server_default=""),
    Column("reviewer_id", String(64), nullable=False, server_default=""),
    Column("batch_id", String(36), nullable=False, server_default=""),
    Column("created_at", String(32), nullable=False),
    Index("ix_reviews_created_at", "created_at", "id"),
    Index("ix_reviews_counted", "created_at", "outcome", "reviewer", "asset_id"),
    Index("ix_reviews_asset_id", "asset_id"),
)
"""What moderators decided about held assets; `clause` is the rule that they cite, `batch_id` what it was part of."""

SITE_FACTS: Final = Table(
    "site_facts",
    METADATA,
    Column("name", String(128), primary_key=True),
    Column("value", String(1024), nullable=False),
    Column("created_at", String(32), nullable=False),
)
"""What the database knows of its site: the site's id, and a fingerprint of each key that it has used. See
`provenance.storage.site`; what is written once stays."""

STORE_BINDING: Final = Table(
    "store_binding",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("nonce", String(32), nullable=False),
    Column("upcoming", String(32), nullable=False),
    Column("ledger_size", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="ck_store_binding_one_row"),
)
"""The one row that says what the markers in both blob stores hold, see `provenance.storage.binding`. `nonce` is ""
until the first marker is written; `ledger_size` is how long the ledger was when it was last changed."""

LEASES: Final = Table(
    "leases",
    METADATA,
    Column("asset_id", String(36), primary_key=True),
    Column("owner", String(64), nullable=False, index=True),
    Column("expires_at_ms", BigInteger, nullable=False),
)
"""Which process works on which asset, see `provenance.storage.lease`. What a process that is gone has left was
interrupted."""

PACKS: Final = Table(
    "packs",
    METADATA,
    Column("sha256", String(64), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("document", LargeBinary, nullable=False),
    Column("created_at", String(32), nullable=False),
)
"""Every pack that a submission was taken in under, whole, so that it is decided by just that one."""

REVIEWERS: Final = Table(
    "reviewers",
    METADATA,
    Column("tenant", String(32), primary_key=True, server_default=MAIN),
    Column("name", String(128), primary_key=True),
    Column("pseudonym", String(64), nullable=False, unique=True),
    Column("created_at", String(32), nullable=False),
)
"""What the ledger calls each reviewer of each tenant; the names stay here."""

TENANTS: Final = Table(
    "tenants",
    METADATA,
    Column("name", String(32), primary_key=True),
    Column("pseudonym", String(64), nullable=False, unique=True),
    Column("created_at", String(32), nullable=False),
)
"""What the ledger calls each tenant but the main one, of which it says nothing; the names stay here."""

Index("ix_decisions_asset_id", DECISIONS.c.asset_id)
