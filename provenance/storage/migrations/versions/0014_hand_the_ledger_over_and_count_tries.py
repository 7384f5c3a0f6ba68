"""hand the ledger over to another key, count tries of what has no place in the line, know the keys of workers."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLE = "ledger_handovers"
REFUSED = "the ledger is append-only"


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.create_table(
        TABLE,
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_ledger_handovers")),
    )
    if is_sqlite:
        for name, event, condition in (
            ("update", "UPDATE", "1"),
            ("delete", "DELETE", "1"),
            ("replace", "INSERT", f"EXISTS (SELECT 1 FROM {TABLE} WHERE size >= NEW.size)"),  # noqa: S608 - a constant
        ):
            op.execute(
                f"CREATE TRIGGER {TABLE}_no_{name} BEFORE {event} ON {TABLE} WHEN {condition} "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
            )
    else:
        for name, events, each in (("update", "UPDATE OR DELETE", "ROW"), ("truncate", "TRUNCATE", "STATEMENT")):
            op.execute(
                f"CREATE TRIGGER {TABLE}_{name} BEFORE {events} ON {TABLE} "
                f"FOR EACH {each} EXECUTE FUNCTION ledger_refuse()"
            )
    op.create_table(
        "resumptions",
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_resumptions_asset_id_assets")),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_resumptions")),
    )
    with op.batch_alter_table("workers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("keys", sa.String(length=255), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("workers", schema=None) as batch_op:
        batch_op.drop_column("keys")
    op.drop_table("resumptions")
    op.drop_table(TABLE)
