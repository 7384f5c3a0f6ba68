"""the durable line: who waits in it, which processes walk it, and the keys that make a submission one."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "line",
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.Column("tenant", sa.String(length=32), nullable=False),
        sa.Column("ticket", sa.String(length=64), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("stopped", sa.String(length=500), nullable=False),
        sa.Column("queued_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_line_asset_id_assets")),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_line")),
        sa.UniqueConstraint("ticket", name=op.f("uq_line_ticket")),
    )
    op.create_index("ix_line_tenant", "line", ["tenant"])
    op.create_table(
        "workers",
        sa.Column("id", sa.String(length=96), nullable=False),
        sa.Column("incarnation", sa.String(length=32), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("process", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.String(length=32), nullable=False),
        sa.Column("beats_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    op.create_table(
        "submission_keys",
        sa.Column("tenant", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_submission_keys_asset_id_assets")),
        sa.PrimaryKeyConstraint("tenant", "key", name=op.f("pk_submission_keys")),
    )


def downgrade() -> None:
    """An older version finishes what waits in the line as it finishes whatever was interrupted."""
    for table in ("submission_keys", "workers", "line"):
        op.drop_table(table)
