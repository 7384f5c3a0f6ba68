"""keep tenants apart: whose each asset, work, bank, code and reviewer is; what is known of a file is one column."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MAIN = sa.text("'main'")
FACTS = {
    "sqlite": "json_object('width', width, 'height', height)",
    "postgresql": "json_build_object('width', width, 'height', height)",
}
COLUMNS: dict[str, dict[str, Any]] = {
    "banks": {
        "name": sa.String(64),
        "action": sa.String(16),
        "thresholds": sa.JSON(),
        "description": sa.String(500),
        "revision": sa.Integer(),
        "updated_at": sa.String(32),
    },
    "works": {
        "id": sa.String(128),
        "title": sa.String(500),
        "owner": sa.String(255),
        "bank": sa.String(64),
        "status": sa.String(16),
        "claim": sa.JSON(),
        "picture_sha256": sa.String(64),
        "ledger_index": sa.BigInteger(),
        "created_at": sa.String(32),
        "withdrawn_at": sa.String(32),
        "withdrawn_reason": sa.Text(),
    },
    "work_references": {"work_id": sa.String(128), "media": sa.LargeBinary()},
    "reviewers": {"name": sa.String(128), "pseudonym": sa.String(64), "created_at": sa.String(32)},
}
"""Tables whose key begins with the tenant from here on; parents first."""
KEYS = {"banks": "name", "works": "id", "work_references": "work_id", "reviewers": "name"}
PARENTS = {"works": ("bank", "banks"), "work_references": ("work_id", "works")}
FOREIGN_KEYS = {
    "works": {False: "fk_works_bank_banks", True: "fk_works_tenant_bank_banks"},
    "work_references": {
        False: "fk_work_references_work_id_works",
        True: "fk_work_references_tenant_work_id_works",
    },
}
"""With the tenant, and without."""


def tenant() -> sa.Column[str]:
    return sa.Column("tenant", sa.String(length=32), server_default=MAIN, nullable=False)


def upgrade() -> None:
    op.create_table(
        "tenants",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("pseudonym", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tenants")),
        sa.UniqueConstraint("pseudonym", name=op.f("uq_tenants_pseudonym")),
    )
    op.add_column("assets", tenant())
    op.add_column("assets", sa.Column("medium", sa.String(length=16), server_default="picture", nullable=False))
    op.add_column("assets", sa.Column("facts", sa.JSON(), server_default="{}", nullable=False))
    op.execute(f"UPDATE assets SET facts = {FACTS[op.get_bind().dialect.name]}")  # noqa: S608 - a constant
    for column in ("width", "height"):
        op.drop_column("assets", column)
    for column in ("created_at", "stage"):
        op.drop_index(op.f(f"ix_assets_{column}"), "assets")
    op.create_index("ix_assets_tenant_stage_id", "assets", ["tenant", "stage", "id"])
    op.create_index("ix_assets_tenant_created_at", "assets", ["tenant", "created_at"])
    op.add_column("codes", tenant())
    change_keys(["tenant"])


def downgrade() -> None:
    refuse_tenants()
    change_keys([])
    op.drop_column("codes", "tenant")
    op.drop_index("ix_assets_tenant_created_at", "assets")
    op.drop_index("ix_assets_tenant_stage_id", "assets")
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for column in ("width", "height"):
        op.add_column("assets", sa.Column(column, sa.Integer(), server_default="0", nullable=False))
        found = f"json_extract(facts, '$.{column}')" if is_sqlite else f"CAST(facts ->> '{column}' AS INTEGER)"
        op.execute(f"UPDATE assets SET {column} = {found}")  # noqa: S608 - constants
    for column in ("tenant", "medium", "facts"):
        op.drop_column("assets", column)
    for column in ("created_at", "stage"):
        op.create_index(op.f(f"ix_assets_{column}"), "assets", [column])
    op.drop_table("tenants")


def refuse_tenants() -> None:
    """Only a site of one tenant can go back: what others have would become everybody's."""
    for table in ("assets", *COLUMNS):
        others = f"SELECT count(*) FROM {table} WHERE tenant <> 'main'"  # noqa: S608 - constants
        if op.get_bind().execute(sa.text(others)).scalar():
            raise RuntimeError(f"the table {table} has rows of other tenants than main, which older versions would mix")


def change_keys(lead: list[str]) -> None:
    """Make keys begin with `lead`: the tenant, or nothing."""
    if op.get_bind().dialect.name == "sqlite":
        make_anew(lead)
        return
    for table, names in reversed(FOREIGN_KEYS.items()):
        op.drop_constraint(names[not lead], table, type_="foreignkey")
    for table, key in KEYS.items():
        op.drop_constraint(f"pk_{table}", table, type_="primary")
        if lead:
            op.add_column(table, tenant())
        else:
            op.drop_column(table, "tenant")
        op.create_primary_key(f"pk_{table}", table, [*lead, key])
    for table, (column, parent) in PARENTS.items():
        op.create_foreign_key(FOREIGN_KEYS[table][bool(lead)], table, parent, [*lead, column], [*lead, KEYS[parent]])


def make_anew(lead: list[str]) -> None:
    """SQLite changes no key of a table that is there: new ones take the old ones' rows, then their names.

    Children are dropped before their parents, so that no key ever dangles.
    """
    for table, columns in COLUMNS.items():
        named = [sa.Column(name, kind, nullable=name.startswith("withdrawn")) for name, kind in columns.items()]
        key = sa.PrimaryKeyConstraint(*lead, KEYS[table], name=op.f(f"pk_{table}"))
        op.create_table(f"new_{table}", *([tenant()] if lead else []), *named, key, *constrain(table, lead))
        listed = ", ".join(columns)
        op.execute(f"INSERT INTO new_{table} ({listed}) SELECT {listed} FROM {table}")  # noqa: S608 - constants
    for table in reversed(COLUMNS):
        op.drop_table(table)
    for table in COLUMNS:
        op.rename_table(f"new_{table}", table)
    for column in ("bank", "picture_sha256"):
        op.create_index(op.f(f"ix_works_{column}"), "works", [column])


def constrain(table: str, lead: list[str]) -> Iterator[sa.Constraint]:
    if table == "reviewers":
        yield sa.UniqueConstraint("pseudonym", name=op.f("uq_reviewers_pseudonym"))
    if table in PARENTS:
        column, parent = PARENTS[table]
        there = [f"new_{parent}.{name}" for name in (*lead, KEYS[parent])]
        yield sa.ForeignKeyConstraint([*lead, column], there, name=op.f(FOREIGN_KEYS[table][bool(lead)]))
