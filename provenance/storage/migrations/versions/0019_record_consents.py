"""record consents."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consents",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("scope", sa.JSON(), nullable=False),
        sa.Column("last_day", sa.String(length=10), nullable=False),
        sa.Column("photo_sha256", sa.String(length=64), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.Column("recorded_by", sa.String(length=128), nullable=False),
        sa.Column("recorder_id", sa.String(length=64), server_default="", nullable=False),
        sa.Column("recorded_at", sa.String(length=32), nullable=False),
        sa.Column("ledger_index", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("revoked_by", sa.String(length=128), server_default="", nullable=False),
        sa.Column("reason", sa.String(length=2000), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.create_index("ix_consents_tenant_id", ["tenant", "id"], unique=False)
    op.create_table(
        "consent_uses",
        sa.Column("consent_id", sa.String(length=36), nullable=False),
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_consent_uses_asset_id_assets")),
        sa.ForeignKeyConstraint(["consent_id"], ["consents.id"], name=op.f("fk_consent_uses_consent_id_consents")),
        sa.PrimaryKeyConstraint("consent_id", "asset_id", name=op.f("pk_consent_uses")),
    )


def downgrade() -> None:
    op.drop_table("consent_uses")
    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.drop_index("ix_consents_tenant_id")
    op.drop_table("consents")
