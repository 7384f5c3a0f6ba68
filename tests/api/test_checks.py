from types import SimpleNamespace

import pytest
from sqlalchemy import text

from api.checks import Level, check_disk, check_installation, check_keys
from api.settings import load_settings
from tests.sites import build_settings


def levels(settings):
    return {check.what: check.level for check in check_installation(settings)}


def finding(settings, what):
    (check,) = [check for check in check_installation(settings) if check.what == what]
    return check


def test_a_fit_site_has_nothing_wrong(stock):
    found = levels(load_settings())
    assert Level.WRONG not in found.values()
    assert found["ledger"] is Level.OK
    assert found["signer"] is Level.NOTE
    assert found["classifiers"] is Level.NOTE


def test_a_full_disk_is_wrong(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1 << 20))
    check = check_disk(build_settings(tmp_path / "not" / "made" / "yet"))
    assert check.level is Level.WRONG
    assert "make room" in check.text


@pytest.mark.parametrize(("mode", "level"), [(0o600, Level.OK), (0o640, Level.WRONG), (0o604, Level.WRONG)])
def test_keys_are_for_their_owner_only(tmp_path, mode, level):
    assert check_keys(tmp_path / "absent").level is Level.OK
    (tmp_path / "ledger.key").write_text("x")
    (tmp_path / "ledger.key").chmod(mode)
    assert check_keys(tmp_path).level is level


def test_a_ledger_that_was_changed_is_wrong(stock):
    settings = load_settings()
    from provenance.storage.database import Database

    database = Database(settings.resolved_database_url())
    with database.write() as connection:
        for trigger in (
            connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        ):
            connection.execute(text(f"DROP TRIGGER {trigger}"))
        connection.execute(text('UPDATE ledger_entries SET body = :body WHERE "index" = 1'), {"body": b"{}"})
    database.close()
    check = finding(settings, "ledger")
    assert check.level is Level.WRONG
    assert "backup" in check.text


def test_a_clock_behind_the_ledger_is_wrong(stock, monkeypatch):
    from datetime import UTC, datetime, timedelta

    class Yesterday(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(UTC) - timedelta(days=1)

    monkeypatch.setattr("api.checks.datetime", Yesterday)
    assert finding(load_settings(), "clock").level is Level.WRONG


def test_a_damaged_index_is_rebuilt_from_the_database(stock, tmp_path):
    settings = load_settings()
    for path in settings.index_dir.rglob("*"):
        if path.is_file():
            path.write_bytes(b"damaged")
    check = finding(settings, "match index")
    assert check.level is Level.OK
    assert not check.text.startswith("0 ")


def test_a_site_that_does_not_open_is_a_finding_with_its_code(home, monkeypatch):
    settings = build_settings(home, detectors=("nonesuch",))
    assert levels(settings)["plugin.unknown"] is Level.WRONG
