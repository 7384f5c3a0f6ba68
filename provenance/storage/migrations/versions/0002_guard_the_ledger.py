"""guard the ledger: what stands there is never changed, removed or skipped, whatever the caller."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEPT = {
    "ledger_entries": '"index" = NEW."index" OR key = NEW.key',
    "ledger_nodes": '"level" = NEW."level" AND "index" = NEW."index"',
    "ledger_checkpoints": "size = NEW.size AND key_id = NEW.key_id",
}
REFUSED = "the ledger is append-only"
NEXT_INDEX = '(SELECT coalesce(max("index") + 1, 0) FROM ledger_entries)'


def sqlite_triggers() -> dict[str, tuple[str, str, str]]:
    """Name to (event, table, condition): each aborts when its condition holds."""
    triggers = {}
    for table, same in KEPT.items():
        for event in ("UPDATE", "DELETE"):
            triggers[f"{table}_no_{event.lower()}"] = (event, table, "1")
        # INSERT OR REPLACE deletes what it replaces without running any delete trigger.
        triggers[f"{table}_no_replace"] = ("INSERT", table, f"EXISTS (SELECT 1 FROM {table} WHERE {same})")  # noqa: S608 - constants
    triggers["ledger_entries_in_order"] = ("INSERT", "ledger_entries", f'NEW."index" <> {NEXT_INDEX}')
    triggers["ledger_head_no_delete"] = ("DELETE", "ledger_head", "1")
    triggers["ledger_head_no_replace"] = ("INSERT", "ledger_head", "EXISTS (SELECT 1 FROM ledger_head)")
    triggers["ledger_head_one_by_one"] = (
        "UPDATE",
        "ledger_head",
        "NEW.size <> OLD.size + 1 OR NEW.origin <> OLD.origin",
    )
    return triggers


def postgres_statements() -> list[str]:
    statements = [
        postgres_function("ledger_refuse", ""),
        postgres_function("ledger_in_order", f'IF NEW."index" = {NEXT_INDEX} THEN RETURN NEW; END IF;'),
        postgres_function(
            "ledger_one_by_one", "IF NEW.size = OLD.size + 1 AND NEW.origin = OLD.origin THEN RETURN NEW; END IF;"
        ),
        postgres_trigger("ledger_entries", "INSERT", "ROW", "ledger_in_order"),
        postgres_trigger("ledger_head", "UPDATE", "ROW", "ledger_one_by_one"),
        postgres_trigger("ledger_head", "DELETE", "ROW", "ledger_refuse"),
        postgres_trigger("ledger_head", "TRUNCATE", "STATEMENT", "ledger_refuse"),
    ]
    for table in KEPT:
        statements.append(postgres_trigger(table, "UPDATE OR DELETE", "ROW", "ledger_refuse"))
        statements.append(postgres_trigger(table, "TRUNCATE", "STATEMENT", "ledger_refuse"))
    return statements


def postgres_function(name: str, unless: str) -> str:
    raised = f"RAISE EXCEPTION '{REFUSED}' USING ERRCODE = 'integrity_constraint_violation';"
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {unless} {raised} END $$"


def postgres_trigger(table: str, events: str, each: str, function: str) -> str:
    name = f"{table}_{events.split(maxsplit=1)[0].lower()}"
    return f"CREATE TRIGGER {name} BEFORE {events} ON {table} FOR EACH {each} EXECUTE FUNCTION {function}()"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name, (event, table, condition) in sqlite_triggers().items():
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {condition} "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
            )
        return
    for statement in postgres_statements():
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in sqlite_triggers():
            op.execute(f"DROP TRIGGER {name}")
        return
    for function in ("ledger_refuse", "ledger_in_order", "ledger_one_by_one"):
        op.execute(f"DROP FUNCTION {function}() CASCADE")
