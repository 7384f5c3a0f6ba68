"""hide what entries say in their leaves: a salt for each."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ledger_entries", sa.Column("salt", sa.LargeBinary(length=32), nullable=True))


def downgrade() -> None:
    query = sa.text("SELECT count(*) FROM ledger_entries WHERE salt IS NOT NULL")
    if op.get_bind().execute(query).scalar():
        raise ValueError("the ledger has entries that an older version cannot prove: restore a backup of before")
    op.drop_column("ledger_entries", "salt")
