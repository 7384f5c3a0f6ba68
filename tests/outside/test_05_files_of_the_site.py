"""Whatever a home is called, its database is its own, and nobody else reads what is private."""

import os
import stat

import pytest


@pytest.mark.parametrize("name", ["what?", "100%41", "a#b", "two words", "x?mode=memory"])
def test_a_home_of_any_name_has_its_own_database(run, light, tmp_path, monkeypatch, name):
    for home in (tmp_path / name, tmp_path / f"{name}-other"):
        monkeypatch.setenv("CHOPMARK_HOME", str(home))
        assert run("works", "define-bank", "b", "--action", "hold").code == 0
        assert (home / "chopmark.db").is_file()
        assert len(run("works", "banks", "--json").document["banks"]) == 1
    assert {path.name for path in tmp_path.iterdir()} >= {name, f"{name}-other", "home"}
    assert len(list(tmp_path.iterdir())) == 3


def test_in_a_home_that_others_can_read_nothing_private_can_be(run, light, tmp_path, monkeypatch):
    home = tmp_path / "shared"
    before = os.umask(0)
    try:
        home.mkdir(mode=0o755)
        monkeypatch.setenv("CHOPMARK_HOME", str(home))
        assert run("works", "define-bank", "b", "--action", "hold").code == 0
    finally:
        os.umask(before)
    loose = [
        path.relative_to(home)
        for path in home.rglob("*")
        if stat.S_IMODE(path.lstat().st_mode) & 0o077 and not path.is_relative_to(home / "public")
    ]
    assert loose == []


@pytest.mark.parametrize("name", ["ledger.key", "watermark-keys.json", "development-ca.pem"])
def test_every_secret_is_refused_with_the_same_words(run, light, name):
    (light / "keys" / name).chmod(0o644)
    done = run("works", "define-bank", "b", "--action", "hold")
    assert done.code == 2
    assert f"key file {name} has mode 0644, expected 0600" in done.err
