"""A backup that is taken while others release holds each file that its database names."""

import sqlite3
import tarfile
import threading

import pytest

from policies import gate
from policies.backup.archive import read_archive
from policies.backup.taking import take_backup
from provenance.errors import StoreError
from tests.policies.backup.conftest import as_site
from tests.sites import submission


def test_what_is_in_it(busy, tmp_path):
    manifest = take_backup(as_site(busy), tmp_path / "site.tar")
    with tarfile.open(tmp_path / "site.tar") as tar:
        names = set(tar.getnames())
    assert {"database/database.sqlite", "home/last-checkpoint.txt", "public/site", "manifest.json"} <= names
    assert manifest["ledger"]["size"] >= 3
    assert not any("key" in name for name in names)
    assert (tmp_path / "site.tar").stat().st_mode & 0o777 == 0o600
    with pytest.raises(StoreError, match="overwrites nothing"):
        take_backup(as_site(busy), tmp_path / "site.tar")


def test_each_file_that_its_database_names_is_in_it(busy, tmp_path):
    stopped = threading.Event()

    def release():
        while not stopped.is_set():
            gate.release(busy.deployment, submission(side=288))

    worker = threading.Thread(target=release)
    worker.start()
    try:
        manifests = [take_backup(as_site(busy), tmp_path / f"{number}.tar") for number in range(2)]
    finally:
        stopped.set()
        worker.join()
    for number, manifest in enumerate(manifests):
        read_archive(tmp_path / f"{number}.tar", tmp_path / str(number))
        database = sqlite3.connect(tmp_path / str(number) / "database" / "database.sqlite")
        stages = dict(database.execute("SELECT id, stage FROM assets"))
        database.close()
        for asset_id, stage in stages.items():
            side, name = ("public", "media.jpg") if stage == "published" else ("quarantine", "original")
            assert any(file.startswith(f"{side}/{asset_id}/{name}") for file in manifest["files"]), (asset_id, stage)
