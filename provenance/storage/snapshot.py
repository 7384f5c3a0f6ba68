"""A database as it stood at one moment, copied while others go on writing; and such a copy put in a database's place.

SQLite is copied page by page into one file. PostgreSQL is copied table by table, as `COPY` spells rows, so that no
program of the server is needed. The two do not stand for each other.

Limits: a copy is restored by the same kind of database, under the schema that it was made of or one that is newer.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, Table

from provenance.errors import ConfigurationError
from provenance.ledger.tables import LEDGER_ENTRIES
from provenance.storage.database import METADATA, Database, find_file
from provenance.storage.secretfile import make_private_file
from provenance.storage.tables import SITE_FACTS

SQLITE_FILE: Final = "database.sqlite"
TABLES_FILE: Final = "tables.json"

_LOCKED: Final = "assets, store_binding, ledger_head"
_CHUNK: Final = 1 << 20


class Snapshot:
    """The database as it stood when `pin_snapshot` began, for as long as its block lasts."""

    def __init__(self, copy_to: Any, release: Any, revision: str) -> None:  # noqa: ANN401 - two functions
        self._copy_to = copy_to
        self._release = release
        self.revision: Final = revision

    def let_writers_go(self) -> None:
        """Let others write again; what they write from now on is no part of this."""
        self._release()

    def write(self, folder: Path) -> None:
        """Copy it into files of `folder`."""
        self._copy_to(folder)


@contextmanager
def pin_snapshot(database: Database) -> Iterator[Snapshot]:
    """Keep others from writing, note how everything stands, and give that; writers wait until `let_writers_go`.

    Raises:
        ConfigurationError: the database lies in memory alone.
    """
    with (_pin_sqlite if database.is_sqlite else _pin_postgres)(database) as snapshot:
        yield snapshot


@contextmanager
def _pin_sqlite(database: Database) -> Iterator[Snapshot]:
    path = find_file(database.engine.url)
    if path is None:
        raise ConfigurationError("a database in memory cannot be copied")
    address = f"file:{quote(str(path))}"
    with (
        closing(sqlite3.connect(f"{address}?mode=rw", uri=True, isolation_level=None, timeout=60)) as writer,
        closing(sqlite3.connect(f"{address}?mode=ro", uri=True, isolation_level=None, timeout=60)) as reader,
    ):
        writer.execute("BEGIN IMMEDIATE")
        reader.execute("BEGIN")
        revision = str(reader.execute("SELECT version_num FROM alembic_version").fetchone()[0])

        def copy_to(folder: Path) -> None:
            make_private_file(folder / SQLITE_FILE)
            with closing(sqlite3.connect(folder / SQLITE_FILE, isolation_level=None)) as target:
                reader.backup(target)
                target.execute("PRAGMA journal_mode=DELETE")

        yield Snapshot(copy_to, writer.rollback, revision)


@contextmanager
def _pin_postgres(database: Database) -> Iterator[Snapshot]:
    with database.telling_errors(), database.engine.connect() as writer, database.engine.connect() as reader:
        writer.exec_driver_sql(f"LOCK TABLE {_LOCKED} IN EXCLUSIVE MODE")
        reader.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        revision = str(reader.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one())

        def copy_to(folder: Path) -> None:
            columns = {table.name: [column.name for column in table.columns] for table in METADATA.sorted_tables}
            (folder / TABLES_FILE).write_text(json.dumps(columns, indent=2), encoding="utf-8")
            for table in METADATA.sorted_tables:
                _copy_out(reader, table, folder / f"{table.name}.copy")

        yield Snapshot(copy_to, writer.rollback, revision)


def _copy_out(connection: Connection, table: Table, path: Path) -> None:
    ordered = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
    query = f'SELECT {_list(table)} FROM "{table.name}" ORDER BY {ordered}'  # noqa: S608 - our own names
    cursor: Any = connection.connection.cursor()
    with path.open("xb") as file, cursor.copy(f"COPY ({query}) TO STDOUT") as copied:
        for part in copied:
            file.write(part)


def _list(table: Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.columns)


def restore_snapshot(database: Database, folder: Path, revision: str) -> None:
    """Fill an empty database from the files of a snapshot, and bring it to the newest schema.

    Args:
        database: where there is nothing yet; of SQLite the file must not be there, or be empty.
        folder: that `Snapshot.write` filled.
        revision: of the schema that the copy was made of.

    Raises:
        ConfigurationError: something is there already, or the copy is one of another kind of database.
    """
    if database.is_sqlite != (folder / SQLITE_FILE).exists():
        raise ConfigurationError(
            "the backup is of another kind of database than the one to restore to: expected "
            + ("SQLite" if database.is_sqlite else "PostgreSQL")
        )
    if database.is_sqlite:
        _restore_sqlite(database, folder / SQLITE_FILE)
    else:
        database.migrate(revision)
        with database.write() as connection:
            _restore_postgres(connection, folder)
    database.migrate()


def _restore_sqlite(database: Database, copy: Path) -> None:
    path = find_file(database.engine.url)
    if path is None or (path.exists() and path.stat().st_size > 0):
        raise ConfigurationError(f"a backup overwrites nothing, and the database {path} is there already")
    path.parent.mkdir(parents=True, exist_ok=True)
    make_private_file(path)
    with closing(sqlite3.connect(copy)) as source, closing(sqlite3.connect(path)) as target:
        source.backup(target)


def _restore_postgres(connection: Connection, folder: Path) -> None:
    columns = json.loads((folder / TABLES_FILE).read_text(encoding="utf-8"))
    known = {table.name: table for table in METADATA.sorted_tables}
    if any(connection.execute(table.select().limit(1)).first() is not None for table in (LEDGER_ENTRIES, SITE_FACTS)):
        raise ConfigurationError("a backup overwrites nothing, and the database is a site's already")
    cursor: Any = connection.connection.cursor()
    for name, listed in columns.items():
        if name not in known:
            raise ConfigurationError(f"the backup has a table {name[:60]!r} that this version does not know")
        names = ", ".join(f'"{column}"' for column in listed if column.replace("_", "").isalnum())
        with (folder / f"{name}.copy").open("rb") as file, cursor.copy(f'COPY "{name}" ({names}) FROM STDIN') as copied:
            while part := file.read(_CHUNK):
                copied.write(part)
        _set_sequence(connection, known[name])


def _set_sequence(connection: Connection, table: Table) -> None:
    column = table.autoincrement_column
    if column is None:
        return
    found = connection.exec_driver_sql(f"SELECT pg_get_serial_sequence('{table.name}', '{column.name}')").scalar()
    if found:
        highest = f'(SELECT max("{column.name}") FROM "{table.name}")'  # noqa: S608 - our own names
        connection.exec_driver_sql(f"SELECT setval('{found}', {highest}) WHERE {highest} IS NOT NULL")
