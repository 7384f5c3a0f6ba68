"""keep jobs at services."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gateway_jobs",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant", sa.String(length=32), server_default="main", nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("gateway", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("order_sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("job", sa.String(length=512), server_default="", nullable=False),
        sa.Column("outcome", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("changed_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_jobs")),
        sa.UniqueConstraint("tenant", "key", name=op.f("uq_gateway_jobs_tenant_key")),
    )
    with op.batch_alter_table("gateway_jobs", schema=None) as batch_op:
        batch_op.create_index("ix_gateway_jobs_tenant_state", ["tenant", "state"], unique=False)


def downgrade() -> None:
    op.drop_table("gateway_jobs")
