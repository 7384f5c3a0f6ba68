"""Every part of a site is tried by itself, and one that fails keeps no other from being tried."""

import pytest

from api.checks import Level
from api.part_checks import TRIAL, check_parts, check_signer
from provenance.storage.database import Database
from provenance.storage.site import find_facts
from tests.sites import build_light_settings, build_settings


def told(settings):
    return {check.what: (check.level, check.text) for check in check_parts(settings)}


def test_every_part_is_tried_and_nothing_is_left(home):
    settings = build_settings(home)
    found = told(settings)
    assert {level for level, _ in found.values()} == {Level.OK, Level.NOTE}
    assert "written, read and deleted" in found["database"][1]
    for store in ("quarantine store", "public store"):
        assert "written, read, listed and deleted" in found[store][1]
    assert not list(home.rglob(f"{TRIAL}*"))
    database = Database(settings.resolved_database_url(), is_reading=True)
    with database.read() as connection:
        assert find_facts(connection, TRIAL) == {}
    database.close()


def test_no_site_is_the_one_finding_and_none_is_made(tmp_path):
    found = told(build_light_settings(tmp_path / "nowhere"))
    assert found.keys() == {"site"}
    assert "chopmark init" in found["site"][1]
    assert not (tmp_path / "nowhere").exists()


def test_one_part_that_fails_keeps_no_other_from_being_tried(home, monkeypatch):
    for name, value in {
        "AWS_ENDPOINT": "http://127.0.0.1:1", "AWS_ALLOW_HTTP": "true", "AWS_REGION": "x",
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMIwJalr",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    (home / "keys" / "ledger.key").rename(home / "ledger.key")
    found = told(build_settings(home, public_url="s3://bucket/x", environment="production"))
    assert {what for what, (level, _) in found.items() if level is Level.WRONG} == {
        "public store", "ledger and watermark keys", "signer",
    }  # fmt: skip
    assert "see that the address is right" in found["public store"][1]
    assert "wJalr" not in str(found)
    assert "AKIA" not in str(found)
    assert "Debug" not in str(found)
    assert "restore it from a backup" in found["ledger and watermark keys"][1]
    assert "all else works" in found["signer"][1]


@pytest.mark.parametrize(("environment", "level"), [("development", Level.NOTE), ("production", Level.WRONG)])
def test_the_signer_is_tried_by_signing(home, environment, level):
    assert check_signer(build_settings(home, environment=environment)).level is level
