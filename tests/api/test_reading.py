"""Asking needs no right to write, takes no lock and leaves nothing behind."""

import os
import subprocess
import sys

import pytest

from api.reading import build_marks, load_site_keys, open_database, open_log, open_reader
from api.wiring import open_site
from provenance.errors import NoSiteError
from provenance.watermarks.base import WatermarkKey
from tests.sites import build_light_settings, encode, photograph


@pytest.fixture
def settings(tmp_path):
    settings = build_light_settings(tmp_path / "home")
    with open_site(settings) as site:
        site.deployment.works.define_bank("b", action="hold")
    return settings


def listing(folder):
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def test_reading_changes_nothing(settings):
    before = listing(settings.home)
    with open_reader(settings) as reader:
        assert [bank.name for bank in reader.works.banks()] == ["b"]
        assert reader.verifier.verify(encode(photograph())).state.value == "none_found"
        assert reader.log.checkpoint().size == 1
    after = listing(settings.home)
    assert {path: after[path] for path in before if "chopmark.db-" not in path.name} == before | {
        path: after[path] for path in before if "chopmark.db-" in path.name
    }
    assert {path.name for path in after.keys() - before.keys()} <= {"chopmark.db-wal", "chopmark.db-shm"}


def test_reading_waits_for_no_writer(settings):
    with open_site(settings) as site, site.deployment.database.write(), open_reader(settings) as reader:
        assert reader.works.size() == 0


def test_reading_makes_no_site(tmp_path):
    settings = build_light_settings(tmp_path / "nowhere")
    for opened in (open_reader(settings).__enter__, lambda: load_site_keys(settings)):
        with pytest.raises(NoSiteError, match="nowhere"):
            opened()
    assert not settings.home.exists()


def test_an_older_schema_is_brought_up_to_date_to_be_read(tmp_path):
    from alembic import command

    from provenance.storage.migrations.__main__ import build_config

    config = build_config()
    settings = build_light_settings(tmp_path / "home")
    load_site_keys(settings, may_make=True)
    database = open_database(settings)
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0002")
    database.close()
    with open_reader(settings) as reader:
        assert not reader.database.is_reading
        assert reader.works.banks() == ()


READ = """
import os, sys
from pathlib import Path
from tests.sites import build_light_settings
from api.reading import open_reader
settings = build_light_settings(Path(sys.argv[1]))
if os.geteuid() == 0:
    os.setresgid(65534, 65534, 65534), os.setresuid(65534, 65534, 65534)
assert not os.access(settings.home, os.W_OK)
with open_reader(settings) as reader:
    print([bank.name for bank in reader.works.banks()], reader.log.checkpoint().size)
"""


def test_a_home_that_cannot_be_written_can_be_read(settings):
    for path in (settings.home, *settings.home.rglob("*")):
        if os.geteuid() == 0:
            os.chown(path, 65534, 65534)
        path.chmod(0o500 if path.is_dir() else 0o400)
    for path in reversed(settings.home.parents):
        if path.stat().st_uid == os.geteuid() and path != settings.home.root:
            path.chmod(path.stat().st_mode | 0o011)
    done = subprocess.run([sys.executable, "-c", READ, settings.home], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("['b'] 1\n", 0), done.stderr[-2000:]
    settings.home.chmod(0o700)


def test_a_log_for_reading_keeps_no_checkpoint(settings):
    database = open_database(settings)
    log = open_log(settings, database)
    with database.write() as connection:
        log.append(connection, kind="test", subject="s", body={}, key="k")
    database.close()
    memory = (settings.home / "last-checkpoint.txt").read_text()
    database = open_database(settings, is_reading=True)
    log = open_log(settings, database)
    assert log.checkpoint().size == 2
    assert log.latest_checkpoint().size == 1
    assert (settings.home / "last-checkpoint.txt").read_text() == memory
    database.close()


@pytest.mark.parametrize(
    ("listed", "read"),
    [
        (("tile", "dwt_dct_svd"), ["tile2", "tile", "dwt_dct_svd"]),
        (("tile", "tile2"), ["tile", "tile2"]),
        ((), []),
    ],
)
def test_what_is_embedded_is_read_whatever_older_settings_list(tmp_path, listed, read):
    settings = build_light_settings(tmp_path, watermark="tile2", read_watermarks=listed)
    assert list(build_marks(settings, (WatermarkKey("own", bytes(32)),))) == read
