"""Where a site is, what is missing from it, and that nobody else reads what is private."""

import os
import stat
from pathlib import Path

import pytest

from api.home import LOCK_FILE, MEMORY_FILE, find_database_file, has_site, make_home, verify_site
from api.wiring import open_site
from provenance.errors import ConfigurationError, NoSiteError
from tests.sites import build_settings


@pytest.mark.parametrize("home", ["/proc/chopmark", "/dev/null/chopmark"])
def test_a_home_that_cannot_be_written_teaches(home):
    with pytest.raises(ConfigurationError, match=r"cannot be written .*set CHOPMARK_HOME"):
        make_home(build_settings(Path(home)))


def test_a_folder_in_place_of_the_lock_is_named(tmp_path):
    (tmp_path / LOCK_FILE).mkdir()
    with pytest.raises(ConfigurationError, match=rf"is a directory, at {LOCK_FILE}"):
        make_home(build_settings(tmp_path))


def test_a_site_is_there_once_it_was_made(tmp_path):
    settings = build_settings(tmp_path / "home")
    assert not has_site(settings)
    with pytest.raises(NoSiteError, match="make one there with chopmark init"):
        verify_site(settings)
    assert make_home(settings)
    assert not has_site(settings)
    with open_site(settings):
        pass
    assert has_site(settings)
    verify_site(settings)
    assert not make_home(settings)


def test_a_lost_database_is_missed_by_who_asks_and_by_who_works(tmp_path):
    settings = build_settings(tmp_path / "home")
    with open_site(settings) as site:
        site.deployment.works.define_bank("b", action="hold")
    database = find_database_file(settings)
    assert database == settings.home / "chopmark.db"
    for path in settings.home.glob("chopmark.db*"):
        path.unlink()
    with pytest.raises(ConfigurationError, match=r"chopmark\.db is missing .*restore it from a backup"):
        verify_site(settings)
    with pytest.raises(ConfigurationError, match=rf"was used \({MEMORY_FILE}.*restore it from a backup"):
        make_home(settings)
    assert not database.exists()


def test_keys_that_were_put_there_before_the_first_start_are_no_lost_database(tmp_path):
    first, second = build_settings(tmp_path / "first"), build_settings(tmp_path / "second")
    with open_site(first):
        pass
    second.home.mkdir()
    first.keys_dir.rename(second.keys_dir)
    with open_site(second) as site:
        assert site.deployment.log.size() == 0


def test_databases_elsewhere_have_no_file(tmp_path):
    for url in ("postgresql://host/name", "sqlite://", "sqlite:///:memory:"):
        assert find_database_file(build_settings(tmp_path, database_url=url)) is None


@pytest.mark.parametrize("umask", [0, 0o022])
def test_everything_private_is_for_its_owner_in_a_home_that_others_can_read(tmp_path, umask):
    home = tmp_path / "home"
    before = os.umask(umask)
    try:
        home.mkdir(mode=0o755)
        with open_site(build_settings(home)) as site:
            site.deployment.works.define_bank("b", action="hold")
            site.deployment.log.checkpoint()
            site.deployment.blobs.quarantine.put("a/original", b"x")
            private = [path for path in home.rglob("*") if not path.is_relative_to(home / "public")]
            modes = {str(path.relative_to(home)): stat.S_IMODE(path.stat().st_mode) for path in private}
    finally:
        os.umask(before)
    assert {name for name, mode in modes.items() if mode & 0o077} == set()
    assert {"chopmark.db", "chopmark.db-wal", LOCK_FILE, MEMORY_FILE, "index", "keys/ledger.key"} <= modes.keys()
