"""Database and blob stores that belong together, and every way in which they do not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from provenance.errors import SiteMismatchError
from provenance.ledger.log import Log
from provenance.ledger.note import load_signer
from provenance.storage import binding
from provenance.storage.binding import adopt_stores, bind_stores, renew_binding, verify_owner, verify_stores
from provenance.storage.database import Database
from provenance.storage.store import MARKER, open_store

ROOT = Path(__file__).parents[3]


@pytest.fixture
def blobs(tmp_path):
    return open_store(str(tmp_path / "quarantine"), str(tmp_path / "public"))


def everything(tmp_path):
    return {
        str(path.relative_to(tmp_path)): path.read_bytes()
        for name in ("quarantine", "public")
        for path in (tmp_path / name).rglob("*")
        if path.is_file()
    }


def refuse(database, blobs, tmp_path, said):
    before = everything(tmp_path)
    for look in (bind_stores, verify_stores):
        with pytest.raises(SiteMismatchError, match=said) as caught:
            look(database, blobs)
        assert "chopmark adopt" in str(caught.value)
    assert everything(tmp_path) == before


def another_database(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'another.db'}")
    database.migrate()
    return database


def test_a_new_site_marks_its_stores_once(database, blobs):
    verify_stores(database, blobs)
    bind_stores(database, blobs)
    marker = blobs.public.get(MARKER)
    assert marker == blobs.quarantine.get(MARKER)
    bind_stores(database, blobs)
    verify_stores(database, blobs)
    assert blobs.public.get(MARKER) == marker
    assert not list(blobs.public.keys()), "a marker is no blob of anybody's"


def test_a_kill_between_row_and_markers_is_made_good(database, blobs, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("provenance.storage.binding._mark", lambda *_: None)
        bind_stores(database, blobs)
    assert not blobs.public.has(MARKER)
    bind_stores(database, blobs)
    verify_stores(database, blobs)
    assert blobs.public.has(MARKER)


def test_two_kills_in_a_row_while_the_nonce_changes_are_made_good(database, blobs, monkeypatch):
    """The first leaves the new nonce in one store only, the second dies before it has written its own into any."""
    bind_stores(database, blobs)
    put = type(blobs.public).put

    def dying(side, key, data):
        if side is blobs.public:
            raise KeyboardInterrupt
        return put(side, key, data)

    with monkeypatch.context() as patched:
        patched.setattr(type(blobs.public), "put", dying)
        with pytest.raises(KeyboardInterrupt):
            renew_binding(database, blobs, 3)
    begun = blobs.quarantine.get(MARKER)
    assert begun != blobs.public.get(MARKER)
    verify_stores(database, blobs)
    finish = binding._mark

    def dying_later(*arguments):
        if arguments[-1] not in begun.decode():
            raise KeyboardInterrupt
        return finish(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(binding, "_mark", dying_later)
        with pytest.raises(KeyboardInterrupt):
            renew_binding(database, blobs, 5)
    assert blobs.quarantine.get(MARKER) == blobs.public.get(MARKER) == begun
    verify_stores(database, blobs)
    renew_binding(database, blobs, 6)
    verify_stores(database, blobs)
    assert blobs.quarantine.get(MARKER) == blobs.public.get(MARKER) != begun


def test_files_that_an_empty_database_does_not_know_are_nobodys_to_take(database, blobs, tmp_path):
    blobs.quarantine.put("an-asset/original", b"held")
    refuse(database, blobs, tmp_path, "none of which this database knows")


def test_the_store_of_another_site_is_refused(database, blobs, tmp_path):
    bind_stores(database, blobs)
    other = another_database(tmp_path)
    refuse(other, blobs, tmp_path, "belongs to the site")
    with pytest.raises(SiteMismatchError, match="belongs to the site"):
        verify_owner(other, blobs)
    verify_owner(database, blobs)
    other.close()


def test_a_store_that_is_away_is_refused(database, blobs, tmp_path):
    bind_stores(database, blobs)
    shutil.rmtree(tmp_path / "public")
    elsewhere = open_store(str(tmp_path / "quarantine"), str(tmp_path / "public"))
    refuse(database, elsewhere, tmp_path, "has no marker")


@pytest.mark.parametrize("side", ["quarantine", "public"])
def test_a_store_that_was_set_back_is_refused(database, blobs, tmp_path, side):
    bind_stores(database, blobs)
    shutil.copytree(tmp_path / side, tmp_path / "older")
    renew_binding(database, blobs, 5)
    verify_stores(database, blobs)
    shutil.rmtree(tmp_path / side)
    shutil.copytree(tmp_path / "older", tmp_path / side)
    refuse(database, blobs, tmp_path, "not of the same time")


def test_a_database_that_was_set_back_is_refused(sqlite_database, blobs, tmp_path):
    bind_stores(sqlite_database, blobs)
    with sqlite_database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE older AS SELECT * FROM store_binding")
    renew_binding(sqlite_database, blobs, 5)
    with sqlite_database.write() as connection:
        connection.exec_driver_sql("DELETE FROM store_binding")
        connection.exec_driver_sql("INSERT INTO store_binding SELECT * FROM older")
    refuse(sqlite_database, blobs, tmp_path, "not of the same time")


def test_the_nonce_changes_only_when_the_ledger_grew(database, blobs):
    bind_stores(database, blobs)
    renew_binding(database, blobs, 3)
    marker = blobs.public.get(MARKER)
    renew_binding(database, blobs, 3)
    assert blobs.public.get(MARKER) == marker
    renew_binding(database, blobs, 4)
    assert blobs.public.get(MARKER) != marker


def test_a_damaged_marker_is_said(database, blobs, tmp_path):
    bind_stores(database, blobs)
    blobs.public.put(MARKER, b"\xff{")
    refuse(database, blobs, tmp_path, "is damaged")


def test_a_person_can_adopt_what_is_left(database, blobs, tmp_path):
    log = Log(database, load_signer(tmp_path / "keys" / "ledger.key", None))
    blobs.quarantine.put("an-asset/original", b"held")
    site = adopt_stores(database, blobs, log)
    verify_stores(database, blobs)
    assert [entry.kind for entry in log.entries(subject=site)] == ["site.adopted"]
    assert blobs.quarantine.get("an-asset/original") == b"held"


def test_stores_that_forget_are_not_bound(database):
    bind_stores(database, open_store("memory://", "memory://"))
    bind_stores(database, open_store("memory://", "memory://"))


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_many_processes_may_begin_one_site_at_once(engine, request, tmp_path):
    url = f"sqlite:///{tmp_path}/new.db" if engine == "sqlite" else request.getfixturevalue("empty_postgres_url")
    code = """
import sys
from provenance.storage.binding import bind_stores, verify_owner
from provenance.storage.database import Database
from provenance.storage.store import open_store
database, blobs = Database(sys.argv[1]), open_store(sys.argv[2] + "/q", sys.argv[2] + "/p")
database.migrate()
verify_owner(database, blobs)
bind_stores(database, blobs)
verify_owner(database, blobs)
"""
    arguments = [sys.executable, "-c", code, url, str(tmp_path)]
    running = [subprocess.Popen(arguments, stderr=subprocess.PIPE, cwd=ROOT) for _ in range(4)]
    for process in running:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors.decode()
