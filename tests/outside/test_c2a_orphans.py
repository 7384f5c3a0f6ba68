"""Held originals stay, whatever became of the database."""

import os
import shutil
import sqlite3
import time

import pytest

from api.wiring import open_site
from tests.api.conftest import _opened, _stocked, _wide_terminal, run, stock  # noqa: F401 - the command line's fixtures
from tests.sites import build_settings

VERBS = [("review", "list"), ("doctor",), ("works", "list"), ("audit", "check"), ("sweep",), ("sweep", "--days", "0")]


@pytest.fixture
def old_home(stock, tmp_path):  # noqa: F811
    """A site with a held asset whose files are a day old."""
    home = tmp_path / "home"
    yesterday = time.time() - 86_400
    for path in (home / "quarantine").rglob("*"):
        os.utime(path, (yesterday, yesterday))
    return home


def files_of(home):
    return {path: path.read_bytes() for path in (home / "quarantine").rglob("*") if path.is_file()}


def move_away(home):
    for path in home.glob("chopmark.db*"):
        path.unlink()


def put_another(home, tmp_path):
    move_away(home)
    with open_site(build_settings(tmp_path / "another")):
        pass
    shutil.copyfile(tmp_path / "another" / "chopmark.db", home / "chopmark.db")


@pytest.mark.parametrize("lose", [lambda home, _: move_away(home), put_another], ids=["moved away", "another one"])
def test_no_verb_touches_quarantine_without_its_database(run, old_home, stock, tmp_path, lose):  # noqa: F811
    before = files_of(old_home)
    assert any(stock.held_id in str(path) for path in before)
    lose(old_home, tmp_path)
    for verb in VERBS:
        done = run(*verb)
        assert done.code == 2, (verb, done.out)
        assert files_of(old_home) == before, verb
    (old_home / "last-checkpoint.txt").unlink()
    done = run("review", "list")
    assert done.code == 2
    assert "chopmark adopt" in done.err
    assert "restore" in done.err
    assert files_of(old_home) == before


def test_an_older_database_is_refused_and_deletes_nothing(run, old_home, tmp_path, coffee_file):  # noqa: F811
    with sqlite3.connect(old_home / "chopmark.db") as connection:
        connection.execute("VACUUM INTO ?", (str(tmp_path / "older.db"),))
    connection.close()
    checkpoint = (old_home / "last-checkpoint.txt").read_bytes()
    assert run("release", coffee_file, "-o", tmp_path / "out").code == 0
    before = files_of(old_home)
    move_away(old_home)
    shutil.copyfile(tmp_path / "older.db", old_home / "chopmark.db")
    assert run("review", "list").code == 2
    (old_home / "last-checkpoint.txt").write_bytes(checkpoint)  # restored together, but the stores have gone on
    done = run("review", "list")
    assert done.code == 2
    assert "not of the same time" in done.err
    assert files_of(old_home) == before
    assert run("adopt").code == 2
    assert run("adopt", "--yes").code == 0
    assert run("review", "list").code == 0
    assert {path: data for path, data in files_of(old_home).items() if path.name != "site"} == {
        path: data for path, data in before.items() if path.name != "site"
    }


@pytest.fixture
def coffee_file(tmp_path):
    from tests.sites import encode, photograph

    path = tmp_path / "rocket.jpg"
    path.write_bytes(encode(photograph("rocket.jpg")))
    return path


def test_opening_a_site_removes_no_file_of_anybody(run, old_home):  # noqa: F811
    orphan = old_home / "quarantine" / "0a" / "original"
    orphan.parent.mkdir()
    orphan.write_bytes(b"no record knows me")
    os.utime(orphan, (1, 1))
    for verb in (("review", "list"), ("doctor",), ("works", "list")):
        run(*verb)
        assert orphan.read_bytes() == b"no record knows me"
    assert "0a/original" in run("sweep", "--dry-run").out
    assert orphan.exists()
    assert run("sweep").code == 0
    assert [path.read_bytes() for path in (old_home / "quarantine" / "bin").rglob("original")] == [
        b"no record knows me"
    ]
