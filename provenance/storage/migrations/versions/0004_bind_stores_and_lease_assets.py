"""bind stores and lease assets: whose blobs these are, who works on an asset, which packs and reviewers were named."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "store_binding",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("nonce", sa.String(length=32), nullable=False),
        sa.Column("upcoming", sa.String(length=32), nullable=False),
        sa.Column("ledger_size", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_store_binding_one_row"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store_binding")),
    )
    op.create_table(
        "leases",
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_leases")),
    )
    with op.batch_alter_table("leases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_leases_owner"), ["owner"], unique=False)
    op.create_table(
        "packs",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "name", name=op.f("pk_packs")),
    )
    op.create_table(
        "reviewers",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("pseudonym", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_reviewers")),
        sa.UniqueConstraint("pseudonym", name=op.f("uq_reviewers_pseudonym")),
    )


def downgrade() -> None:
    for table in ("reviewers", "packs", "leases", "store_binding"):
        op.drop_table(table)
