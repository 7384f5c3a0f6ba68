"""The database: SQLite in WAL mode by default, PostgreSQL when outgrown, the same statements on both.

Every table of every domain hangs on one `METADATA`; migrations are in `provenance/storage/migrations`. A writer takes
its lock at the start of the transaction (`BEGIN IMMEDIATE` on SQLite), so that a transaction that began can finish.
"""

import re
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    MetaData,
    Table,
    create_engine,
    event,
    inspect,
    make_url,
)
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, ProgrammingError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from provenance.errors import ConfigurationError, MissingExtraError, ProvenanceError
from provenance.storage.faults import describe_os_error, translate_database_error
from provenance.storage.scrubbing import redact
from provenance.storage.secretfile import make_private_file

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""All tables of all domains; import `provenance.storage.tables` to have every one of them registered."""

BUSY_TIMEOUT_MS: Final = 30_000
"""How long a writer waits for another on SQLite."""

_MIGRATION_LOCK: Final = 7_304_091
"""Any number that nobody else in this database takes as an advisory lock."""

_URL_FORMS: Final = (
    "a database url looks like sqlite:////path/to/file or postgresql://host:5432/name: see database_url in the settings"
)

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_LINKS: Final = re.compile(r'^(?:down_)?revision = "(\d{4})"$', re.MULTILINE)


def utc_now() -> str:
    """Return the time as RFC 3339 text in UTC with milliseconds: sorts, reads the same on both engines."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def insert_new(connection: Connection, table: Table, rows: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> None:
    """Insert what is not there yet; what was there first stays.

    Args:
        connection: of `Database.write`.
        table: where to.
        rows: one, or several, of the same columns.
    """
    if not rows:
        return
    connection.execute(_insert(connection, table).on_conflict_do_nothing(), rows)


def put_row(connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Insert one row, or where its key is there, change it.

    Args:
        connection: of `Database.write`.
        table: where to.
        key: columns that make the row one of a kind.
        values: the others.
    """
    put = _insert(connection, table).values({**key, **values})
    connection.execute(put.on_conflict_do_update(index_elements=list(key), set_=values))


def _insert(connection: Connection, table: Table) -> Any:  # noqa: ANN401 - of one of the two dialects
    """Return an INSERT of the engine's own; the other's dialect is not imported: it brings every driver's."""
    return import_module(f"sqlalchemy.dialects.{connection.dialect.name}").insert(table)


class Database:
    """An open database.

    Args:
        url: as SQLAlchemy spells it.
        is_reading: write nothing, neither rows nor files beside the database: for a folder that cannot be written. The
            schema stays as it is.

    Limits: SQLite serves any number of processes of one machine; several machines need PostgreSQL.
    """

    def __init__(self, url: str, *, is_reading: bool = False) -> None:
        self.url = url
        self.is_reading = is_reading
        self.engine: Engine = _create_engine(url, is_reading=is_reading)
        # SQLite itself refuses to write in a reading transaction: its connections are others than those that write.
        self.reading: Engine = _create_sqlite(self.engine.url, is_reading=True) if self._has_readers else self.engine
        self._view = threading.local()

    @property
    def _has_readers(self) -> bool:
        """Whether reading has connections of its own; a database in memory has one for everything."""
        return self.is_sqlite and not self.is_reading and find_file(self.engine.url) is not None

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded engine."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Run one read-write transaction; commits at the end, rolls back on any error.

        On SQLite this is the only writer while it lasts, so keep it short and never open a second one inside it. On
        PostgreSQL each statement sees what others have committed by then (READ COMMITTED), row locks order the rest.

        Raises:
            DatabaseUnavailableError: no connection, or another writer did not finish within the busy time.
        """
        with self._transaction(self.engine, "BEGIN IMMEDIATE") as connection:
            yield connection
            connection.commit()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Run one read-only transaction over one consistent view, however many statements it has.

        Within `viewing` it is part of that view.

        Raises:
            DatabaseUnavailableError: no connection.
        """
        shared: Connection | None = getattr(self._view, "connection", None)
        if shared is not None:
            with self.telling_errors():
                yield shared
            return
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self._transaction(self.reading, "BEGIN", **options) as connection:
            yield connection

    @contextmanager
    def viewing(self) -> Iterator[None]:
        """Have every `read` of this thread see one consistent view, in one transaction, while the block lasts.

        What this thread writes meanwhile it does not see in that view, so a block that writes has no place in it.

        Raises:
            DatabaseUnavailableError: no connection.
        """
        if getattr(self._view, "connection", None) is not None:
            yield
            return
        with self.read() as connection:
            self._view.connection = connection
            try:
                yield
            finally:
                self._view.connection = None

    @contextmanager
    def _transaction(self, engine: Engine, begin: str, **postgres_options: Any) -> Iterator[Connection]:  # noqa: ANN401 - as SQLAlchemy
        """Begin explicitly on SQLite, at the given isolation on PostgreSQL; roll back what was not committed."""
        with self.telling_errors(), engine.connect() as connection:  # leaving rolls back
            if self.is_sqlite:
                connection.exec_driver_sql(begin)
            elif postgres_options:
                connection.execution_options(**postgres_options)
            yield connection

    @contextmanager
    def telling_errors(self) -> Iterator[None]:
        """Turn what the driver raises into an error of ours that says where and what to do.

        What speaks of the statement and not of the database is left as it is: a broken constraint, wrong SQL.

        Raises:
            DatabaseUnavailableError: full, held by another, not to be written, not to be reached.
            DatabaseDamagedError: damaged, or no database at all.
        """
        try:
            yield
        except (IntegrityError, ProgrammingError, DataError):
            raise
        except (DBAPIError, PoolTimeoutError, sqlite3.Error) as exc:
            raise translate_database_error(exc, self.where) from exc

    @property
    def where(self) -> str:
        """The database's place in words, without secrets."""
        path = find_file(self.engine.url) if self.is_sqlite else None
        return f"the database {path}" if path else f"the database at {redact(str(self.engine.url))}"

    def migrate(self, revision: str = "head") -> None:
        """Bring the schema to the newest revision; safe to call at every start and from several processes.

        One transaction that one process at a time is in: a killed process leaves the old schema. Nothing is locked
        where nothing is to be done.

        Args:
            revision: an older one, for what was copied out of it.

        Raises:
            ConfigurationError: the database cannot be opened, or is of a newer revision than this code.
        """
        if self.has_newest_schema():
            return
        from alembic import command
        from alembic.config import Config
        from alembic.util import CommandError

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        try:
            with self.write() as connection:
                if not self.is_sqlite:
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
                config.attributes["connection"] = connection
                command.upgrade(config, revision)
        except (SQLAlchemyError, CommandError, ProvenanceError) as exc:
            raise self._not_migrated(exc) from exc

    def _not_migrated(self, error: Exception) -> ConfigurationError:
        reason = (str(error).splitlines() or [""])[0].replace(f"{self.where} ", "it ", 1)
        return ConfigurationError(f"{self.where} could not be migrated: {redact(reason)}")

    def has_newest_schema(self) -> bool:
        """Say whether the schema is the one that this code makes.

        Raises:
            ConfigurationError: it is a newer one, or the database cannot be read.
        """
        newest, known = _find_revisions()
        try:
            with self.read() as connection:
                if not inspect(connection).has_table("alembic_version"):
                    return False
                found = str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar())
        except (SQLAlchemyError, ProvenanceError) as exc:
            raise self._not_migrated(exc) from exc
        if found not in known:
            raise ConfigurationError(
                f"{self.where} is of schema {found}, newer than {newest}, which this version of "
                "chopmark makes: use the version that migrated it"
            )
        return found == newest

    def table_names(self) -> frozenset[str]:
        """Return the names of the tables that exist."""
        return frozenset(inspect(self.engine).get_table_names())

    def close(self) -> None:
        """Close every pooled connection."""
        self.reading.dispose()
        self.engine.dispose()


@cache
def _find_revisions() -> tuple[str, frozenset[str]]:
    """Return the revision that no other follows, and all of them; numbers name them, links put them in order."""
    links = [_LINKS.findall(path.read_text(encoding="utf-8")) for path in (_MIGRATIONS / "versions").glob("[0-9]*.py")]
    known = frozenset(link[0] for link in links)
    (newest,) = known - {older for link in links for older in link[1:]}
    return newest, known


def _create_engine(url: str, *, is_reading: bool) -> Engine:
    parsed = parse_url(url)
    try:
        if parsed.get_backend_name() == "sqlite":
            return _create_sqlite_reader(parsed) if is_reading else _create_sqlite(parsed)
        if parsed.get_backend_name() in {"postgresql", "postgres"}:
            # Not left to the server's own default: appending relies on seeing what others committed.
            parsed = parsed.set(drivername="postgresql+psycopg")
            return create_engine(parsed, pool_pre_ping=True, isolation_level="READ COMMITTED")
    except ArgumentError as exc:
        raise ConfigurationError(_URL_FORMS) from exc
    except ImportError as exc:
        raise MissingExtraError("PostgreSQL needs the extra: pip install 'chopmark[postgres]'") from exc
    raise ConfigurationError(f"the database must be sqlite or postgresql, got {parsed.get_backend_name()}")


def _create_sqlite(url: URL, *, is_reading: bool = False) -> Engine:
    path = find_file(url)
    if path is not None:
        _prepare_file(path)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False})
    event.listen(engine, "connect", partial(_prepare_sqlite, is_reading=is_reading))
    return engine


def parse_url(url: str) -> URL:
    """Return the parts of a database's URL.

    Raises:
        ConfigurationError: it is none.
    """
    try:
        return make_url(url)
    except (ArgumentError, ValueError) as exc:  # a port that is no number is a ValueError
        raise ConfigurationError(_URL_FORMS) from exc


def _create_sqlite_reader(url: URL) -> Engine:
    """Open a file for reading only: it may lie where nothing can be written, and a writer is not kept waiting."""
    path = find_file(url)
    if path is None:
        return _create_sqlite(url)
    if not path.exists():
        raise ConfigurationError(f"the database {path} is missing: restore it from a backup of the site")
    engine = create_engine(url, creator=partial(_open_reading, path))
    event.listen(engine, "connect", _prepare_reader)
    return engine


def _open_reading(path: Path) -> sqlite3.Connection:
    """Open `path` for reading.

    In WAL mode SQLite makes two files beside the database, even to read. Where it cannot, and no writer left anything
    in them, the file alone is the whole database.
    """
    address = f"file:{quote(str(path))}"
    options: dict[str, Any] = {"uri": True, "timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False}
    connection: sqlite3.Connection = sqlite3.connect(f"{address}?mode=ro", **options)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").close()
    except sqlite3.OperationalError:
        connection.close()
        log = path.with_name(f"{path.name}-wal")
        if log.exists() and log.stat().st_size > 0:
            raise
        connection = sqlite3.connect(f"{address}?immutable=1", **options)
    return connection


def _prepare_reader(connection: Any, _: ConnectionPoolEntry) -> None:  # noqa: ANN401 - the driver's own connection type
    connection.isolation_level = None
    connection.execute("PRAGMA query_only=ON").close()
    connection.execute("PRAGMA temp_store=MEMORY").close()


def find_file(url: URL) -> Path | None:
    """Return the file of an SQLite database; None for one in memory."""
    is_file = url.database and url.database != ":memory:" and not url.database.startswith("file:")
    return Path(url.database).absolute() if url.database and is_file else None


def _prepare_file(path: Path) -> None:
    """Make an empty database that only its owner can read, or take others' rights from the one that is there.

    SQLite gives the files beside it the mode of the database.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        make_private_file(path)
        for beside in (path.with_name(f"{path.name}{suffix}") for suffix in ("-wal", "-shm")):
            if beside.exists():
                make_private_file(beside)
    except OSError as exc:
        raise ConfigurationError(f"the database {path} cannot be opened or made: {describe_os_error(exc)}") from exc


def _prepare_sqlite(connection: Any, _: ConnectionPoolEntry, *, is_reading: bool) -> None:  # noqa: ANN401 - the driver's own connection type
    connection.isolation_level = None  # the driver must not begin transactions behind our back
    query_only = "ON" if is_reading else "OFF"
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}").close()
    connection.execute(f"PRAGMA query_only={query_only}").close()
