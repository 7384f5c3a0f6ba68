"""Where DBOS keeps its notes, and how they are spelled.

In a schema of its own of the same PostgreSQL database; beside SQLite in a file of its own, for it knows no schemas
there, its transactions would wait for ours at one writer's lock, and what it notes need not survive the loss of power:
every asset that it has forgotten is handed to it again.
"""

import json
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event

from provenance.errors import ConfigurationError, DatabaseUnavailableError
from provenance.storage.database import BUSY_TIMEOUT_MS, Database, find_file
from provenance.storage.secretfile import make_private_file

SCHEMA: Final = "chopmark_line"
_BEGIN: Final = "BEGIN IMMEDIATE"


def quieten() -> None:
    """Keep DBOS from writing to the console: it offers its vendor's service, and quotes errors of anybody's code."""
    import logging

    logger = logging.getLogger("dbos")
    logger.handlers = [logging.NullHandler()]
    logger.propagate = False
    logger.setLevel(logging.ERROR)


def build_serializer() -> Any:  # noqa: ANN401 - of a class that is imported here
    """Build what spells ids for DBOS: JSON, never pickled objects, and of an error its kind alone."""
    from dbos import Serializer

    class Plain(Serializer):
        """JSON; what is read back of an error is one of ours that says it may pass."""

        def serialize(self, data: Any) -> str:  # noqa: ANN401 - as in the class above
            """Spell `data`, of an error its kind."""
            return json.dumps({"error": type(data).__name__} if isinstance(data, BaseException) else data)

        def deserialize(self, serialized_data: str) -> Any:  # noqa: ANN401 - as in the class above
            """Read what `serialize` wrote."""
            found = json.loads(serialized_data)
            is_error = isinstance(found, dict) and found.keys() == {"error"}
            return DatabaseUnavailableError(f"an earlier walk ended with {found['error']}") if is_error else found

        def name(self) -> str:
            """Return how DBOS notes that this wrote it."""
            return "chopmark_json"

    return Plain()


def open_engine(database: Database, *, pool_size: int) -> Engine:
    """Open the place of DBOS's tables.

    Raises:
        ConfigurationError: the database is in memory, where no other process finds it.
    """
    if not database.is_sqlite:
        return create_engine(database.engine.url, pool_size=pool_size, max_overflow=0, pool_pre_ping=True)
    path = find_file(database.engine.url)
    if path is None:
        raise ConfigurationError("expected a database that several processes can open, got one in memory")
    file = find_line_file(path)
    make_private_file(file)
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_alone)
    event.listen(engine, "before_cursor_execute", _begin_once, retval=True)
    return engine


def find_line_file(path: Path) -> Path:
    """Return where DBOS's tables are beside the SQLite database at `path`; a backup needs no copy of it."""
    return path.with_name(f"{path.stem}-line{path.suffix}")


def _begin_alone(connection: Connection) -> None:
    """Take the writer's lock before the first statement.

    DBOS counts what is walked and then takes more. Left to the driver the count would come before the lock, and two
    workers who count at once would together walk more than the line's limits allow.
    """
    connection.exec_driver_sql(_BEGIN)


def _begin_once(connection: Connection, _cursor: Any, statement: str, parameters: Any, *_: Any) -> tuple[str, Any]:  # noqa: ANN401 - as SQLAlchemy
    """Leave out where DBOS, which makes its tables, begins by itself what has begun."""
    held = connection.connection.dbapi_connection
    has_begun = statement == _BEGIN and held is not None and held.in_transaction
    return ("SELECT 1" if has_begun else statement), parameters


def _prepare_sqlite(connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's own connection type
    connection.isolation_level = None  # `_begin_alone` begins
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()
