"""measure how reviewers agree."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quality_rules",
        sa.Column("tenant", sa.String(length=32), server_default="main", nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("updated_by", sa.String(length=128), nullable=False),
        sa.Column("updated_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_quality_rules")),
    )
    op.create_table(
        "quality_cases",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant", sa.String(length=32), server_default="main", nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asset_id", sa.String(length=36), nullable=True),
        sa.Column("decision_id", sa.String(length=36), server_default="", nullable=False),
        sa.Column("is_sensitive", sa.Boolean(), nullable=False),
        sa.Column("category", sa.String(length=128), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("clause", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("has_file", sa.Boolean(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("made_by_id", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("settled_outcome", sa.String(length=16), server_default="", nullable=False),
        sa.Column("settled_by", sa.String(length=128), server_default="", nullable=False),
        sa.Column("statement", sa.String(length=2000), server_default="", nullable=False),
        sa.Column("settled_at", sa.String(length=32), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_quality_cases_asset_id_assets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_cases")),
    )
    with op.batch_alter_table("quality_cases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quality_cases_asset_id"), ["asset_id"], unique=False)
        batch_op.create_index("ix_quality_cases_tenant", ["tenant", "kind", "state", "id"], unique=False)

    op.create_table(
        "quality_deals",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("tenant", sa.String(length=32), server_default="main", nullable=False),
        sa.Column("reviewer_id", sa.String(length=64), server_default="", nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("holder_id", sa.String(length=64), server_default="", nullable=False),
        sa.Column("holder", sa.String(length=128), server_default="", nullable=False),
        sa.Column("assigned_by", sa.String(length=128), server_default="", nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.String(length=16), server_default="", nullable=False),
        sa.Column("clause", sa.String(length=200), server_default="", nullable=False),
        sa.Column("reason", sa.String(length=2000), server_default="", nullable=False),
        sa.Column("answered_by_id", sa.String(length=64), server_default="", nullable=False),
        sa.Column("answered_by", sa.String(length=128), server_default="", nullable=False),
        sa.Column("answered_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["quality_cases.id"], name=op.f("fk_quality_deals_case_id_quality_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_deals")),
    )
    with op.batch_alter_table("quality_deals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quality_deals_case_id"), ["case_id"], unique=False)
        batch_op.create_index("ix_quality_deals_open", ["tenant", "state", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("quality_deals", schema=None) as batch_op:
        batch_op.drop_index("ix_quality_deals_open")
        batch_op.drop_index(batch_op.f("ix_quality_deals_case_id"))

    op.drop_table("quality_deals")
    with op.batch_alter_table("quality_cases", schema=None) as batch_op:
        batch_op.drop_index("ix_quality_cases_tenant")
        batch_op.drop_index(batch_op.f("ix_quality_cases_asset_id"))

    op.drop_table("quality_cases")
    op.drop_table("quality_rules")
