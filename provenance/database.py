"""The database: SQLite in WAL mode by default, PostgreSQL when outgrown, the same statements on both.

Every table of every domain hangs on one `METADATA`; migrations are in `provenance/migrations`. A writer takes its lock
at the start of the transaction (`BEGIN IMMEDIATE` on SQLite), so that a transaction that began can finish.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import JSON, Connection, Engine, MetaData, create_engine, event, inspect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from provenance.errors import ConfigurationError

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""All tables of all domains; import `provenance.tables` to have every one of them registered."""

BUSY_TIMEOUT_MS: Final = 30_000
"""How long a writer waits for another on SQLite."""

JsonColumn = JSON
"""One JSON type that both engines have."""


def utc_now() -> str:
    """Return the time as RFC 3339 text in UTC with milliseconds: sorts, reads the same on both engines."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Database:
    """An open database.

    Limits: SQLite serves any number of processes of one machine; several machines need PostgreSQL.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine: Engine = _create_engine(url)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded engine."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Run one read-write transaction; commits at the end, rolls back on any error."""
        with self.engine.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            with connection.begin() if not connection.in_transaction() else _joined(connection):
                yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Run one read-only transaction over a consistent view."""
        with self.engine.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                connection.rollback()

    def migrate(self) -> None:
        """Bring the schema to the newest revision; safe to call at every start and from several processes."""
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.attributes["engine"] = self.engine
        try:
            with _migration_lock(self):
                command.upgrade(config, "head")
        except SQLAlchemyError as exc:
            raise ConfigurationError(f"the database at {self.engine.url!r} could not be migrated: {exc}") from exc

    def table_names(self) -> frozenset[str]:
        """Return the names of the tables that exist."""
        return frozenset(inspect(self.engine).get_table_names())

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


@contextmanager
def _joined(connection: Connection) -> Iterator[None]:
    """Commit or roll back the transaction that the explicit BEGIN made SQLAlchemy aware of."""
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    else:
        connection.commit()


@contextmanager
def _migration_lock(database: Database) -> Iterator[None]:
    """Let one process migrate at a time: an advisory lock on PostgreSQL, a lock file beside a SQLite file."""
    if not database.is_sqlite:
        with database.engine.connect() as connection:
            connection.exec_driver_sql("SELECT pg_advisory_lock(7304091)")
            try:
                yield
            finally:
                connection.exec_driver_sql("SELECT pg_advisory_unlock(7304091)")
        return
    path = database.engine.url.database
    if not path or path == ":memory:":
        yield
        return
    import fcntl

    with Path(f"{path}.migrate-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _create_engine(url: str) -> Engine:
    if url.startswith("sqlite"):
        engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    return create_engine(url, pool_pre_ping=True)


def _prepare_sqlite(connection: Any, _: ConnectionPoolEntry) -> None:  # noqa: ANN401 - the driver's own connection type
    connection.isolation_level = None  # the driver must not begin transactions behind our back
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
