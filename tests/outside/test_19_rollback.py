"""Database, remembered checkpoint and blobs, each set back alone: noticed, refused, and said what to do."""

import shutil

import pytest

from tests.api.conftest import _opened, _stocked, _wide_terminal, run, stock  # noqa: F401 - the command line's fixtures
from tests.sites import encode, photograph

PARTS = {
    "database": ("chopmark.db",),
    "database and checkpoint": ("chopmark.db", "last-checkpoint.txt"),
    "checkpoint": ("last-checkpoint.txt",),
    "quarantine": ("quarantine",),
    "public": ("public",),
    "both stores": ("quarantine", "public"),
}


@pytest.fixture
def site(run, stock, tmp_path):  # noqa: F811
    """A site with an older copy of itself, and a release since."""
    shutil.copytree(tmp_path / "home", tmp_path / "older")
    (tmp_path / "rocket.jpg").write_bytes(encode(photograph("rocket.jpg")))
    done = run("release", tmp_path / "rocket.jpg", "-o", tmp_path / "out.jpg")
    assert done.code == 0, done.err
    return tmp_path / "home"


def put_back(home, names):
    for name in names:
        for path in home.glob(f"{name}*") if name.endswith(".db") else (home / name,):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        source = home.parent / "older" / name
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, home / name)


def everything(home):
    kept = [path for path in home.rglob("*") if path.is_file() and not path.name.startswith("chopmark.db")]
    return {path: path.read_bytes() for path in kept}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_was_set_back_is_refused(run, site, tmp_path, part):  # noqa: F811
    put_back(site, PARTS[part])
    before = everything(site)
    for verb in (
        ("release", tmp_path / "rocket.jpg", "-o", tmp_path / "again.jpg"),
        ("review", "list"),
        ("verify", tmp_path / "out.jpg"),
        ("doctor",),
        ("works", "define-bank", "press", "--action", "hold"),
        ("sweep", "--days", "0"),
    ):
        done = run(*verb)
        told = f"{done.out} {done.err}"
        assert done.code == 2, (verb, told)
        assert "set back" in told or "not of the same time" in told, (verb, told)
        assert "restore" in told, (verb, told)
    assert everything(site) == before
    assert not (tmp_path / "again.jpg").exists()
    for verb in (("audit", "check"), ("audit", "checkpoint"), ("audit", "export", "-o", tmp_path / "audit")):
        assert run(*verb).code == 2, (part, verb)
    assert everything(site) == before


def test_nothing_is_signed_over_a_ledger_that_was_set_back(run, site):  # noqa: F811
    note = (site / "last-checkpoint.txt").read_text()
    put_back(site, ("chopmark.db",))
    for verb in (
        ("audit", "checkpoint"),
        ("adopt", "--yes"),
        ("audit", "proof", "1"),
        ("audit", "export", "-o", site / "x"),
    ):
        assert run(*verb).code == 2, verb
    assert (site / "last-checkpoint.txt").read_text() == note


def test_a_whole_backup_is_a_site(run, site, tmp_path):  # noqa: F811
    put_back(site, ("chopmark.db", "last-checkpoint.txt", "quarantine", "public"))
    assert run("review", "list").code == 0
    assert run("audit", "check").code == 0
    assert run("doctor", "--full").code == 0


def test_a_lost_checkpoint_is_missed_and_written_again_by_a_person(run, site):  # noqa: F811
    note = (site / "last-checkpoint.txt").read_text()
    (site / "last-checkpoint.txt").unlink()
    done = run("review", "list")
    assert (done.code, "chopmark adopt --yes" in done.err) == (2, True)
    assert run("adopt", "--yes").code == 0
    assert run("review", "list").code == 0
    (line,) = {int(text.split("\n")[1]) for text in ((site / "last-checkpoint.txt").read_text(),)}
    assert line > int(note.split("\n")[1]), "the adoption is on the ledger, and signed"
