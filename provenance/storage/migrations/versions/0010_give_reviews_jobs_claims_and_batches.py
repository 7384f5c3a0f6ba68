"""give reviews jobs, claims, notes, second opinions and batches; what is withheld already gets its job."""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


SENSITIVE = ("*sexual*", "*minors*", "*gore*")
"""As the setting `sensitive` has it by default; another one sorts anew when a server starts."""
STATES = {"held": "open", "blocked": "closed"}
WITHHELD = """
SELECT a.id, a.tenant, a.stage, a.medium, a.name, a.created_at, d.body FROM assets a
JOIN decisions d ON d.asset_id = a.id
WHERE a.stage IN ('held', 'blocked')
AND d.sequence = (SELECT max(o.sequence) FROM decisions o WHERE o.asset_id = a.id)
"""


def upgrade() -> None:
    op.create_table(
        "review_batches",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant", sa.String(length=32), server_default="main", nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("reviewer_id", sa.String(length=64), nullable=False),
        sa.Column("reviewer", sa.String(length=128), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("clause", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("query", sa.JSON(), nullable=False),
        sa.Column("is_sensitive", sa.Boolean(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("finished_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("undone_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("undone_by", sa.String(length=128), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_batches")),
        sa.UniqueConstraint("tenant", "key", name="uq_review_batches_tenant_key"),
    )
    op.create_table(
        "review_wellness",
        sa.Column("tenant", sa.String(length=32), server_default="main", nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person_id", name=op.f("pk_review_wellness")),
    )
    op.create_table(
        "review_jobs",
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.Column("tenant", sa.String(length=32), server_default="main", nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("is_sensitive", sa.Boolean(), nullable=False),
        sa.Column("medium", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("opened_at", sa.String(length=32), nullable=False),
        sa.Column("holder_id", sa.String(length=64), server_default="", nullable=False),
        sa.Column("holder", sa.String(length=128), server_default="", nullable=False),
        sa.Column("assigned_by", sa.String(length=128), server_default="", nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("escalated_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("wants_opinion", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("due_at_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_review_jobs_asset_id_assets")),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_review_jobs")),
    )
    op.create_index("ix_review_jobs_due", "review_jobs", ["due_at_ms"], unique=False)
    op.create_index("ix_review_jobs_holder", "review_jobs", ["holder_id", "asset_id"], unique=False)
    waits = sa.text("state <> 'closed'")
    for name, fields in (("all", ["tenant", "asset_id"]), ("seen", ["tenant", "is_sensitive", "asset_id"])):
        op.create_index(f"ix_review_jobs_{name}", "review_jobs", fields, sqlite_where=waits, postgresql_where=waits)
    op.create_table(
        "review_batch_items",
        sa.Column("batch_id", sa.String(length=36), nullable=False),
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("error", sa.String(length=500), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["review_jobs.asset_id"], name=op.f("fk_review_batch_items_asset_id_review_jobs")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["review_batches.id"], name=op.f("fk_review_batch_items_batch_id_review_batches")
        ),
        sa.PrimaryKeyConstraint("batch_id", "asset_id", name=op.f("pk_review_batch_items")),
    )
    op.create_table(
        "review_facets",
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tenant", sa.String(length=32), server_default="main", nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("detector", sa.String(length=64), nullable=False),
        sa.Column("category", sa.String(length=128), nullable=False),
        sa.Column("pack", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["review_jobs.asset_id"], name=op.f("fk_review_facets_asset_id_review_jobs")
        ),
        sa.PrimaryKeyConstraint("asset_id", "number", name=op.f("pk_review_facets")),
    )
    op.create_index(
        "ix_review_facets_category", "review_facets", ["tenant", "is_open", "category", "asset_id"], unique=False
    )
    op.create_index(
        "ix_review_facets_detector", "review_facets", ["tenant", "is_open", "detector", "asset_id"], unique=False
    )
    op.create_index("ix_review_facets_pack", "review_facets", ["tenant", "is_open", "pack", "asset_id"], unique=False)

    op.create_table(
        "review_notes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.Column("author_id", sa.String(length=64), nullable=False),
        sa.Column("author", sa.String(length=128), nullable=False),
        sa.Column("text", sa.String(length=4000), nullable=False),
        sa.Column("mentions", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["review_jobs.asset_id"], name=op.f("fk_review_notes_asset_id_review_jobs")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_notes")),
    )
    op.create_index(op.f("ix_review_notes_asset_id"), "review_notes", ["asset_id"], unique=False)

    op.create_table(
        "review_opinions",
        sa.Column("asset_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("is_spent", sa.Boolean(), nullable=False),
        sa.Column("reviewer_id", sa.String(length=64), nullable=False),
        sa.Column("reviewer", sa.String(length=128), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("clause", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["review_jobs.asset_id"], name=op.f("fk_review_opinions_asset_id_review_jobs")
        ),
        sa.PrimaryKeyConstraint("asset_id", "number", name=op.f("pk_review_opinions")),
    )
    op.add_column("reviews", sa.Column("clause", sa.String(length=200), server_default="", nullable=False))
    op.add_column("reviews", sa.Column("reviewer_id", sa.String(length=64), server_default="", nullable=False))
    op.add_column("reviews", sa.Column("batch_id", sa.String(length=36), server_default="", nullable=False))
    op.create_index("ix_reviews_asset_id", "reviews", ["asset_id"], unique=False)
    op.create_index("ix_reviews_created_at", "reviews", ["created_at", "id"], unique=False)
    open_jobs()


def downgrade() -> None:
    op.drop_index("ix_reviews_created_at")
    op.drop_index("ix_reviews_asset_id")
    op.drop_column("reviews", "batch_id")
    op.drop_column("reviews", "reviewer_id")
    op.drop_column("reviews", "clause")

    op.drop_table("review_opinions")
    op.drop_index(op.f("ix_review_notes_asset_id"))

    op.drop_table("review_notes")
    op.drop_index("ix_review_facets_pack")
    op.drop_index("ix_review_facets_detector")
    op.drop_index("ix_review_facets_category")

    op.drop_table("review_facets")
    op.drop_table("review_batch_items")
    op.drop_index("ix_review_jobs_seen")
    op.drop_index("ix_review_jobs_all")
    op.drop_index("ix_review_jobs_holder")
    op.drop_index("ix_review_jobs_due")

    op.drop_table("review_jobs")
    op.drop_table("review_wellness")
    op.drop_table("review_batches")


def open_jobs() -> None:
    """Give each asset that is withheld its job; a decision that cannot be read gives one without facets."""
    bind = op.get_bind()
    jobs = sa.table(
        "review_jobs", *map(sa.column, ("asset_id", "tenant", "state", "is_sensitive", "medium", "name", "opened_at"))
    )
    names = ("asset_id", "number", "tenant", "is_open", "detector", "category", "pack")
    facets = sa.table("review_facets", *map(sa.column, names))
    for row in bind.execute(sa.text(WITHHELD)).all():
        against = list(read_against(row.body))
        is_sensitive = any(fnmatchcase(word, pattern) for one in against for word in one[1:] for pattern in SENSITIVE)
        bind.execute(
            jobs.insert().values(
                asset_id=row.id,
                tenant=row.tenant,
                state=STATES[row.stage],
                is_sensitive=is_sensitive,
                medium=row.medium,
                name=row.name.casefold()[:255],
                opened_at=row.created_at,
            )
        )
        for number, (detector, category, rule, pack) in enumerate(against):
            values = (row.id, number, row.tenant, row.stage == "held", detector, category or rule, pack)
            bind.execute(facets.insert().values(dict(zip(names, values, strict=True))))


def read_against(body: Any) -> Iterator[tuple[str, ...]]:
    """Yield detector, category, rule and pack of each reason against an asset."""
    try:
        record = json.loads(body) if isinstance(body, str | bytes) else body
        for reason in record["reasons"]:
            if reason["outcome"] != "release" and reason["pack"] != "review":
                fields = (reason.get("detector", ""), reason.get("category", ""), reason["rule"], reason["pack"])
                yield tuple(str(field) for field in fields)
    except (TypeError, KeyError, ValueError, AttributeError):
        return
