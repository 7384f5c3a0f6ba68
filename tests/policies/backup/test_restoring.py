"""What is restored is the site of that moment, which says so; nothing that is there is ever overwritten."""

import pytest

from policies.backup.archive import read_archive
from policies.backup.restoring import restore_keys, restore_site, unpacked
from policies.backup.taking import take_backup
from provenance.errors import ConfigurationError, SiteMismatchError
from provenance.storage.database import Database
from provenance.storage.store import open_store
from tests.policies.backup.conftest import as_site


@pytest.fixture(scope="module")
def backup(busy, tmp_path_factory):
    path = tmp_path_factory.mktemp("backup") / "site.tar"
    take_backup(as_site(busy), path, passphrase="correct horse battery")
    return path


def test_a_store_in_use_and_a_database_in_use_are_left_alone(backup, tmp_path):
    manifest = read_archive(backup, tmp_path / "out")
    blobs = open_store(tmp_path / "q", tmp_path / "p")
    blobs.public.put("other/file", b"x")
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    with pytest.raises(SiteMismatchError, match="holds files already"):
        restore_site(manifest, tmp_path / "out", database, blobs, tmp_path)
    blobs.public.delete("other/file")
    database.migrate()
    with pytest.raises(ConfigurationError, match="overwrites nothing"):
        restore_site(manifest, tmp_path / "out", database, blobs, tmp_path)
    database.close()


def test_another_kind_of_database_is_told(backup, tmp_path, empty_postgres_url):
    manifest = read_archive(backup, tmp_path / "out")
    database = Database(empty_postgres_url)
    with pytest.raises(ConfigurationError, match="expected PostgreSQL"):
        restore_site(manifest, tmp_path / "out", database, open_store(tmp_path / "q", tmp_path / "p"), tmp_path)
    database.close()


def test_keys_in_use_are_left_alone(backup, tmp_path):
    with unpacked(backup, tmp_path) as (manifest, folder):
        assert manifest["keys"] == "sealed"
        assert restore_keys(folder, tmp_path / "keys", "correct horse battery") > 2
        with pytest.raises(ConfigurationError, match="keys in"):
            restore_keys(folder, tmp_path / "keys", "correct horse battery")
    assert [one.name for one in tmp_path.iterdir()] == ["keys"]
