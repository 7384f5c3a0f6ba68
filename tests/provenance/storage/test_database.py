"""Transactions on both engines, and what a database url may be."""

import builtins
import os
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DatabaseError

from provenance.errors import ConfigurationError, DatabaseUnavailableError, MissingExtraError
from provenance.ledger.tables import LEDGER_HEAD
from provenance.storage import database as module
from provenance.storage.database import METADATA, Database, put_row, utc_now
from provenance.storage.review_tables import WELLNESS
from provenance.storage.tables import ASSETS

ASSET = {
    "id": "a",
    "sha256": "0" * 64,
    "media_type": "image/png",
    "size_bytes": 2**40,
    "origin": "submitted",
    "stage": "accepted",
    "request": {"packs": ["ü", None, 1.5]},
    "recipe": {},
    "has_prompt": True,
    "name": "'; DROP TABLE assets; --<script>",
    "created_at": "2026-11-22T21:35:00.000Z",
}


def test_what_is_written_is_read_and_what_fails_is_not_there(database):
    with database.write() as connection:
        connection.execute(insert(ASSETS).values(ASSET))
    with pytest.raises(ZeroDivisionError), database.write() as connection:  # noqa: PT012 - the last line fails
        connection.execute(insert(ASSETS).values({**ASSET, "id": "b"}))
        raise ZeroDivisionError
    with database.read() as connection:
        rows = connection.execute(select(ASSETS)).mappings().all()
    assert [{name: row[name] for name in ASSET} for row in rows] == [ASSET]
    assert (rows[0]["tenant"], rows[0]["medium"], rows[0]["facts"]) == ("main", "picture", {})


def test_a_read_sees_one_state_however_long_it_lasts(database):
    with database.read() as connection:
        query = select(ASSETS.c.id)
        before = connection.execute(query).scalars().all()
        thread = threading.Thread(target=add_asset, args=(database,))
        thread.start()
        thread.join()
        assert connection.execute(query).scalars().all() == before == []
    with database.read() as connection:
        assert connection.execute(query).scalars().all() == ["a"]


def add_asset(database):
    with database.write() as connection:
        connection.execute(insert(ASSETS).values(ASSET))


def test_a_read_cannot_write_and_the_next_write_can(database):
    for _ in range(3):
        with pytest.raises(DatabaseUnavailableError), database.read() as connection:
            connection.execute(insert(ASSETS).values(ASSET))
    add_asset(database)


def test_writers_wait_for_each_other_and_lose_nothing(database):
    with database.write() as connection:
        connection.execute(insert(LEDGER_HEAD).values(id=1, origin="o", size=0, frontier=b""))

    def count():
        for _ in range(10):
            with database.write() as connection:
                size = connection.execute(select(LEDGER_HEAD.c.size).with_for_update()).scalar_one()
                connection.execute(LEDGER_HEAD.update().values(size=size + 1))

    threads = [threading.Thread(target=count) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert connection.execute(select(LEDGER_HEAD.c.size)).scalar_one() == 60


def test_foreign_keys_hold(database):
    with pytest.raises(DatabaseError), database.write() as connection:
        connection.execute(
            text("INSERT INTO signals (asset_id, detector, status, body, created_at) VALUES ('x', 'd', 's', '{}', 't')")
        )


def test_sqlite_is_durable_and_in_wal_mode(sqlite_database):
    with sqlite_database.read() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


def test_a_writer_that_holds_on_for_too_long_is_reported(sqlite_url, monkeypatch):
    monkeypatch.setattr(module, "BUSY_TIMEOUT_MS", 50)
    database = Database(sqlite_url)
    with (
        database.write(),
        pytest.raises(DatabaseUnavailableError, match="locked"),
        database.write(),
    ):
        pass
    add_asset(database)
    database.close()


def test_a_server_that_does_not_answer_is_reported(tmp_path):
    database = Database(f"postgresql://user:secret@/db?host={tmp_path}")
    with pytest.raises(DatabaseUnavailableError) as caught, database.read():
        pass
    assert "secret" not in str(caught.value)
    with pytest.raises(ConfigurationError) as caught:
        database.migrate()
    assert "secret" not in str(caught.value)
    database.close()


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://host/db", "oracle://x", "sqlite", "postgres:host"])
def test_urls_that_cannot_work_are_refused(url):
    with pytest.raises(ConfigurationError):
        Database(url)


@pytest.mark.parametrize("url", ["postgres://h/d", "postgresql://h/d", "postgresql+psycopg://h/d"])
def test_every_spelling_of_postgresql_means_psycopg(url):
    database = Database(url)
    assert database.engine.url.drivername == "postgresql+psycopg"
    assert not database.is_sqlite
    database.close()


def test_postgresql_without_its_driver_names_the_extra(monkeypatch):
    original = builtins.__import__

    def refuse(name, *arguments, **options):
        if name.startswith("psycopg"):
            raise ImportError(name)
        return original(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    for name in [name for name in sys.modules if name.startswith("psycopg")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(MissingExtraError, match=r"chopmark\[postgres\]"):
        Database("postgresql://host/db")


def test_the_folder_of_a_sqlite_file_is_made(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/new/folder/c.db")
    database.migrate()
    assert database.is_sqlite
    assert set(METADATA.tables) <= database.table_names()
    database.close()


def test_a_folder_in_place_of_the_file_is_reported(tmp_path):
    with pytest.raises(ConfigurationError, match="is a directory"):
        Database(f"sqlite:///{tmp_path}")


def test_a_database_is_for_its_owner_only_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        database = Database(f"sqlite:///{tmp_path}/c.db")
        database.migrate()
    finally:
        os.umask(before)
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == dict.fromkeys(
        ("c.db", "c.db-wal", "c.db-shm"), 0o600
    )
    for path in tmp_path.iterdir():
        path.chmod(0o664)
    other = Database(f"sqlite:///{tmp_path}/c.db")
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    other.close()
    database.close()


def test_a_file_that_is_no_database_is_reported(tmp_path):
    (tmp_path / "c.db").write_bytes(b"not a database, but long enough to be looked at" * 100)
    database = Database(f"sqlite:///{tmp_path}/c.db")
    with pytest.raises(ConfigurationError, match="could not be migrated"):
        database.migrate()
    database.close()


def test_time_sorts_as_text():
    first, second = utc_now(), utc_now()
    assert first <= second
    assert len(first) == 24
    assert first[-5] == "."
    assert first.endswith("Z")


def test_a_process_killed_in_a_transaction_leaves_no_lock(database):
    program = """
import sys
from provenance.storage.database import Database
database = Database(sys.argv[1])
with database.write() as connection:
    connection.exec_driver_sql("INSERT INTO ledger_head (id, origin, size, frontier) VALUES (1, 'o', 7, '')")
    print("in", flush=True)
    sys.stdin.read()
"""
    url = database.engine.url.render_as_string(hide_password=False)
    process = subprocess.Popen(
        [sys.executable, "-c", program, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "in\n"
    process.kill()
    process.communicate()
    with database.write() as connection:
        assert connection.execute(select(LEDGER_HEAD)).all() == []


def test_every_name_in_the_schema_is_short_enough_for_postgresql():
    for table in METADATA.tables.values():
        names = [table.name, *(index.name for index in table.indexes), *(item.name for item in table.constraints)]
        assert all(len(str(name)) <= 63 for name in names)


def test_reads_of_one_thread_within_a_view_see_one_state(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    database.migrate()
    facts = lambda: _read_facts(database)  # noqa: E731 - short for the test
    with database.viewing():
        assert facts() == []
        with ThreadPoolExecutor(1) as pool:
            pool.submit(_write_fact, database, "one").result()
            assert pool.submit(facts).result() == ["one"], "another thread sees what was committed"
        assert facts() == []
        with database.viewing():
            assert facts() == []
    assert facts() == ["one"]
    database.close()


def test_a_view_ends_with_an_error(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    database.migrate()
    with pytest.raises(KeyError), database.viewing():
        raise KeyError
    _write_fact(database, "later")
    assert _read_facts(database) == ["later"]
    database.close()


def _read_facts(database):
    with database.read() as connection:
        return list(connection.execute(text("SELECT value FROM site_facts WHERE name = 'test'")).scalars())


def _write_fact(database, value):
    with database.write() as connection:
        connection.execute(
            text("INSERT INTO site_facts (name, value, created_at) VALUES ('test', :value, '')"), {"value": value}
        )


def test_a_row_is_put_or_changed_by_its_key(database):
    key, values = {"tenant": "main", "person_id": "one"}, {"body": {"blur": 1}, "updated_at": "2026"}
    with database.write() as connection:
        put_row(connection, WELLNESS, key, values)
        put_row(connection, WELLNESS, {**key, "person_id": "two"}, values)
        put_row(connection, WELLNESS, key, {**values, "body": {"blur": 2}})
        found = connection.execute(select(WELLNESS.c.person_id, WELLNESS.c.body).order_by(WELLNESS.c.person_id)).all()
    assert [tuple(row) for row in found] == [("one", {"blur": 2}), ("two", {"blur": 1})]
