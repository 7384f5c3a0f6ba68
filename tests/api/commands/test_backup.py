"""A site in one file, and back, on the command line."""

import shutil

import pytest


@pytest.fixture
def passphrase(tmp_path):
    path = tmp_path / "passphrase"
    path.write_text("correct horse battery\n")
    path.chmod(0o600)
    return path


def test_a_backup_restores_elsewhere_and_agrees_with_its_ledger(run, stock, tmp_path, monkeypatch, passphrase):
    taken = run("backup", "-o", tmp_path / "site.tar", "--keys-with", passphrase)
    assert (taken.code, "was read back" in taken.out) == (0, True), taken.err
    assert run("backup", "--check", tmp_path / "site.tar", "--json").document["keys"] == "sealed"
    shutil.rmtree(tmp_path / "home")
    monkeypatch.setenv("CHOPMARK_HOME", str(tmp_path / "new"))
    assert "sealed" in run("restore", tmp_path / "site.tar").err
    shutil.rmtree(tmp_path / "new", ignore_errors=True)
    restored = run("restore", tmp_path / "site.tar", "--keys-with", passphrase, "--json")
    assert restored.code == 0, restored.err
    assert run("audit", "check").code == 0
    assert run("fetch", stock.released_id, "-o", tmp_path / "copy.jpg").code == 0
    assert (tmp_path / "copy.jpg").read_bytes() == stock.file
    exported = run("audit", "export", "-o", tmp_path / "audit", "--kind", "site.restored", "--json").document
    assert exported["manifest"]["rows"] == 1
    assert "there is a site" in run("restore", tmp_path / "site.tar", "--keys-with", passphrase).err


def test_without_keys_they_are_asked_for(run, stock, tmp_path, monkeypatch):
    taken = run("backup", "-o", tmp_path / "site.tar")
    assert "no keys are in it" in taken.err
    monkeypatch.setenv("CHOPMARK_HOME", str(tmp_path / "new"))
    assert "--keys FOLDER" in run("restore", tmp_path / "site.tar").err
    assert run("restore", tmp_path / "site.tar", "--keys", tmp_path / "home" / "keys").code == 0
    assert run("verify", tmp_path / "site.tar").code != 0


def test_an_old_backup_over_newer_stores_is_told(run, stock, tmp_path, coffee, monkeypatch):
    run("backup", "-o", tmp_path / "old.tar")
    home = tmp_path / "home"
    assert run("release", coffee).code in {0, 3}
    monkeypatch.setenv("CHOPMARK_HOME", str(tmp_path / "new"))
    monkeypatch.setenv("CHOPMARK_PUBLIC_URL", str(home / "public"))
    done = run("restore", tmp_path / "old.tar", "--keys", home / "keys")
    assert (done.code, "holds files already" in done.err) == (2, True)


def test_what_is_no_backup(run, stock, tmp_path, monkeypatch):
    (tmp_path / "bad.tar").write_bytes(b"nothing")
    assert run("backup", "--check", tmp_path / "bad.tar").code == 2
    monkeypatch.setenv("CHOPMARK_HOME", str(tmp_path / "new"))
    assert run("restore", tmp_path / "bad.tar").code == 2
    assert run("restore", tmp_path / "none.tar").code == 2
    assert not (tmp_path / "new" / "keys").exists()
