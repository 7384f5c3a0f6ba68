"""Alembic's entry: runs inside the transaction that `Database.migrate` opened and will commit."""

from alembic import context

import provenance.storage.tables  # noqa: F401 - registers every table
from provenance.storage.database import METADATA

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    render_as_batch=connection.dialect.name == "sqlite",
    # SQLite's DDL is transactional once the driver is kept from committing, which `Database` does.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
