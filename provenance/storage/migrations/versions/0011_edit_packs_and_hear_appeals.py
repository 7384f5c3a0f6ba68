"""keep what tenants change about their packs, and what is asked of a refusal afterwards."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "policy_changes",
        sa.Column("tenant", sa.String(length=32), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("ledger_index", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "sequence", name=op.f("pk_policy_changes")),
    )
    op.create_table(
        "appeals",
        sa.Column("decision_id", sa.String(length=36), nullable=False),
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("filed_at", sa.String(length=32)),
        sa.Column("decided_by", sa.String(length=128), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.String(length=32)),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_appeals_decision_id_decisions")),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_appeals_asset_id_assets")),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_appeals")),
        sa.UniqueConstraint("token", name=op.f("uq_appeals_token")),
    )
    op.create_index(op.f("ix_appeals_asset_id"), "appeals", ["asset_id"])
    op.create_index("ix_appeals_state_filed_at", "appeals", ["state", "filed_at"])


def downgrade() -> None:
    op.drop_table("appeals")
    op.drop_table("policy_changes")
