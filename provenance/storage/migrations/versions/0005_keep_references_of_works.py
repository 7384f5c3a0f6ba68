"""keep references of works: what a suspected copy is held against."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "work_references",
        sa.Column("work_id", sa.String(length=128), nullable=False),
        sa.Column("media", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["work_id"], ["works.id"], name=op.f("fk_work_references_work_id_works")),
        sa.PrimaryKeyConstraint("work_id", name=op.f("pk_work_references")),
    )


def downgrade() -> None:
    op.drop_table("work_references")
