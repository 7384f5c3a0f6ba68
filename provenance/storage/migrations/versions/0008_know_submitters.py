"""know submitters: who handed each asset in, lists by tenant and by submitter, and prompts that are to be drawn."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OWN = "ix_assets_tenant_submitter_id"
ALL = "ix_assets_tenant_id"


def upgrade() -> None:
    op.add_column("assets", sa.Column("submitter", sa.String(length=64), server_default="", nullable=False))
    op.create_index(ALL, "assets", ["tenant", "id"])
    op.create_index(OWN, "assets", ["tenant", "submitter", "id"])
    op.create_table(
        "wishes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant", sa.String(length=32), nullable=False),
        sa.Column("submitter", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wishes")),
    )
    op.create_index("ix_wishes_state_id", "wishes", ["state", "id"])
    op.create_index("ix_wishes_tenant_submitter_id", "wishes", ["tenant", "submitter", "id"])


def downgrade() -> None:
    op.drop_table("wishes")
    op.drop_index(OWN, table_name="assets")
    op.drop_index(ALL, table_name="assets")
    op.drop_column("assets", "submitter")
