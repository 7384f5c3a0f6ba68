"""let two releases be the same file, byte for byte, as two short texts without any mark are."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

NAME = "uq_seals_sha256"
INDEX = "ix_seals_sha256"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        make_anew()
    else:
        op.drop_constraint(NAME, "seals", type_="unique")
    op.create_index(INDEX, "seals", ["sha256"])


def downgrade() -> None:
    refuse_same_files()
    op.drop_index(INDEX, "seals")
    if op.get_bind().dialect.name == "sqlite":
        make_anew(sa.UniqueConstraint("sha256", name=NAME))
    else:
        op.create_unique_constraint(NAME, "seals", ["sha256"])


def refuse_same_files() -> None:
    """An older version keeps one release for one file, and none of two may be lost."""
    count = "SELECT count(*) FROM (SELECT sha256 FROM seals GROUP BY sha256 HAVING count(*) > 1) AS same"
    if op.get_bind().execute(sa.text(count)).scalar():
        raise RuntimeError("some releases are the same file, of which older versions keep one")


def make_anew(*constraints: sa.Constraint) -> None:
    """SQLite changes no constraint of a table that is there: new ones take the rows, children are dropped first."""
    op.create_table(
        "new_seals",
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=32), nullable=False),
        sa.Column("manifest_id", sa.String(length=255), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("ledger_index", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name="fk_seals_asset_id_assets"),
        sa.PrimaryKeyConstraint("asset_id", name="pk_seals"),
        sa.UniqueConstraint("manifest_id", name="uq_seals_manifest_id"),
        *constraints,
    )
    op.create_table(
        "new_soft_bindings",
        sa.Column("alg", sa.String(length=128), nullable=False),
        sa.Column("value", sa.LargeBinary(length=64), nullable=False),
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["new_seals.asset_id"], name="fk_soft_bindings_asset_id_seals"),
        sa.PrimaryKeyConstraint("alg", "value", "asset_id", name="pk_soft_bindings"),
    )
    for table in ("seals", "soft_bindings"):
        op.execute(f"INSERT INTO new_{table} SELECT * FROM {table}")  # noqa: S608 - a constant; columns never moved
    for table in ("soft_bindings", "seals"):
        op.drop_table(table)
    for table in ("seals", "soft_bindings"):
        op.rename_table(f"new_{table}", table)
