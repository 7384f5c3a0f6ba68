"""What doctor says of workers and of what does not go on."""

import pytest
from sqlalchemy import update

from api.checks import Level
from api.fleet_checks import check_fleet
from api.wiring import open_site
from policies.fleet import Membership
from policies.line.intake import intake
from policies.line.place import stop_place, take_place
from provenance.storage.line_tables import LINE, WORKERS
from tests.sites import build_light_settings, submission


@pytest.fixture
def here(tmp_path):
    with open_site(build_light_settings(tmp_path / "home"), quiet=True) as site:
        yield site.deployment


def found(here):
    return [(check.what, check.level, check.text) for check in check_fleet(here, silent_s=60)]


def test_a_site_without_line_and_workers_says_nothing(here):
    assert found(here) == []


def test_what_waits_is_told_with_who_walks_it_and_what_does_not_go_on(here, tmp_path):
    asset_id, stopped = (intake(here, submission(name, side=256)) for name in ("coffee.png", "rocket.jpg"))
    for one in (asset_id, stopped):
        with here.leases.handing_over(one) as give_back, here.database.write() as connection:
            give_back(connection)
    with here.database.write() as connection:
        take_place(connection, asset_id, "main", 5)
        stop_place(connection, stopped, take_place(connection, stopped, "main", 5).ticket, "public store is gone")
    assert ("worker", Level.NOTE, "2 assets wait and nobody walks them: chopmark worker") in found(here)
    Membership(here.database, tmp_path, name="host", silent_s=60, slots=2, version="1").join()
    with here.database.write() as connection:
        connection.execute(update(LINE).values(queued_at="2026-01-01T00:00:00.000Z"))
    texts = [text for _, _, text in found(here)]
    assert texts[0].startswith("host-0 1, 2 at a time, heard of 0 s ago")
    assert texts[1].startswith("2 wait and 0 are walked; the oldest since 2026-01-01")
    assert texts[2].startswith(f"{stopped} was stopped (public store is gone)")
    assert texts[3].startswith("1 wait for more than 10 minutes")
    with here.database.write() as connection:
        connection.execute(update(WORKERS).values(beats_at_ms=0))
    assert any("is silent for" in text for _, _, text in found(here))


def test_keys_that_two_hosts_have_and_that_differ_are_told_by_fingerprint(here, tmp_path):
    for host, keys in (("one", "access.key=1a secrets.key=77"), ("two", "access.key=2b secrets.key=77"), ("three", "")):
        (tmp_path / host).mkdir()
        Membership(
            here.database,
            tmp_path / host,
            name=host,
            silent_s=60,
            slots=1,
            version="1",
            find_keys=lambda told=keys: told,
        ).join()
    ((what, level, text),) = [one for one in found(here) if one[0] == "keys"]
    assert (what, level) == ("keys", Level.WRONG)
    assert text.startswith("access.key is not the same everywhere: one-0 has 1a, two-0 has 2b")
