"""The revisions make exactly the tables that the code declares, on both engines, atomically."""

import shutil
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, select

import provenance.storage.tables  # noqa: F401 - registers every table
from provenance.errors import ConfigurationError
from provenance.storage.database import METADATA, Database
from provenance.storage.migrations import __main__ as module
from provenance.storage.migrations.__main__ import build_config, go_back
from provenance.storage.site import find_facts, record_facts
from provenance.storage.tables import ASSETS, SEALS, SOFT_BINDINGS
from tests.provenance.storage.test_tables import ASSET, SEAL


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request):
    """Not the shared one: these tests change the schema."""
    database = Database(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "fresh_postgres_url"))
    yield database
    database.close()


def test_the_revisions_make_the_declared_tables(database):
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        difference = compare_metadata(context, METADATA)
    assert difference == [], "run: python -m provenance.storage.migrations new 'what changes'"
    assert set(METADATA.tables) == database.table_names() - {"alembic_version"}


def test_migrating_again_changes_nothing(database):
    before = database.table_names()
    database.migrate()
    assert database.table_names() == before


def test_every_revision_can_be_undone_and_redone(database):
    from alembic import command

    config = build_config()
    for direction, target in ((command.downgrade, "base"), (command.upgrade, "head")):
        with database.write() as connection:
            config.attributes["connection"] = connection
            direction(config, target)
        if target == "base":
            assert database.table_names() == {"alembic_version"}
    assert set(METADATA.tables) <= database.table_names()


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_many_processes_may_migrate_at_once(engine, request, tmp_path):
    url = f"sqlite:///{tmp_path}/new.db" if engine == "sqlite" else request.getfixturevalue("empty_postgres_url")
    program = "import sys; from provenance.storage.database import Database; Database(sys.argv[1]).migrate()"
    running = [subprocess.Popen([sys.executable, "-c", program, url], stderr=subprocess.PIPE) for _ in range(4)]
    for process in running:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors.decode()
    database = Database(url)
    assert set(METADATA.tables) <= database.table_names()
    database.close()


def test_a_migration_that_fails_leaves_nothing(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/new.db")
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE works (id INTEGER)")  # the migration meets a table in its way
    with pytest.raises(ConfigurationError, match="could not be migrated"):
        database.migrate()
    assert database.table_names() == {"works"}
    database.close()


def test_a_database_of_a_newer_release_is_refused(database):
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigurationError, match="9999"):
        database.migrate()


def test_revisions_are_written_from_the_declared_tables(tmp_path, monkeypatch):
    folder = shutil.copytree(module.FOLDER, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(module, "FOLDER", folder)
    initial = module.write_revision("", initial=True)
    assert initial.parent == folder / "versions"
    written = initial.read_text()
    assert all(f'"{name}"' in written for name in METADATA.tables)
    versions = ScriptDirectory.from_config(build_config())
    newest, highest = versions.get_current_head(), max(script.revision for script in versions.walk_revisions())
    following = module.write_revision("nothing new")
    assert following.name == f"{int(highest) + 1:04}_nothing_new.py"
    assert f'down_revision = "{newest}"' in following.read_text()
    assert "create_table" not in following.read_text()


def test_there_is_a_way_back_that_keeps_what_older_tables_hold(database):
    with database.write() as connection:
        record_facts(connection, {"kept": "x"})
    go_back("0006", database.engine.url.render_as_string(hide_password=False))
    assert "webhooks" not in database.table_names()
    assert not database.has_newest_schema()
    database.migrate()
    with database.read() as connection:
        assert find_facts(connection, "kept") == {"kept": "x"}


def test_seals_and_what_is_bound_to_them_outlive_the_change_that_lets_files_be_the_same(database):
    url = database.engine.url.render_as_string(hide_password=False)
    row = {"asset_id": "a", "sha256": "1", "manifest_id": "m", **SEAL, "body": {"kept": "x"}}
    with database.write() as connection:
        connection.execute(insert(ASSETS), [{"id": name, **ASSET} for name in ("a", "b")])
        connection.execute(insert(SEALS).values(**row))
        connection.execute(insert(SOFT_BINDINGS).values(alg="pdq", value=b"1", asset_id="a"))
    go_back("0019", url)
    database.migrate()
    with database.write() as connection:
        assert connection.execute(select(SEALS.c.asset_id, SEALS.c.body)).all() == [("a", {"kept": "x"})]
        assert connection.execute(select(SOFT_BINDINGS.c.asset_id)).scalars().all() == ["a"]
        connection.execute(insert(SEALS).values(**{**row, "asset_id": "b", "manifest_id": "n"}))
    with pytest.raises(RuntimeError, match="releases are the same file"):
        go_back("0019", url)
    assert database.has_newest_schema()
