"""find jobs by age."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

WAITS = sa.text("state <> 'closed'")


def upgrade() -> None:
    with op.batch_alter_table("review_jobs", schema=None) as batch_op:
        batch_op.create_index(
            "ix_review_jobs_opened", ["tenant", "opened_at"], unique=False, sqlite_where=WAITS, postgresql_where=WAITS
        )
    with op.batch_alter_table("reviews", schema=None) as batch_op:
        batch_op.create_index("ix_reviews_counted", ["created_at", "outcome", "reviewer", "asset_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("reviews", schema=None) as batch_op:
        batch_op.drop_index("ix_reviews_counted")
    with op.batch_alter_table("review_jobs", schema=None) as batch_op:
        batch_op.drop_index("ix_review_jobs_opened", sqlite_where=WAITS, postgresql_where=WAITS)
