"""What is old goes, with a tombstone; what is young, held or another's stays."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from api.access.person import add_person
from api.wiring import open_site
from policies import gate
from policies.audit.concordance import compare_records
from policies.audit.holdings import compare_blobs
from policies.line.retention import Expired, Rules, build_tombstone_key, find_expired, let_go
from policies.review.judgement import review
from policies.rules.decision import Outcome
from policies.webhooks.endpoints import Endpoints
from policies.webhooks.outbox import announce
from provenance.ledger.audit import verify_log
from provenance.ledger.entry import format_time
from provenance.storage.access_tables import SESSIONS
from provenance.storage.secretbox import load_box
from provenance.storage.webhook_tables import WEBHOOK_DELIVERIES
from tests.policies.deployments import SIDE, entries_of, kept_of
from tests.sites import as_submission, build_light_settings, encode, photograph, submission

LATER = datetime.now(UTC) + timedelta(days=31)
RULES = Rules(originals_days=30, names_days=30, events_days=30)


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    settings = build_light_settings(tmp_path_factory.mktemp("kept") / "home", tenants={"blue": {}})
    with open_site(settings, quiet=True) as site:
        yield site.deployment


def refuse(here):
    held = gate.release(
        here, as_submission(encode(photograph(side=SIDE)), prompt="a casino at night", name="casino.jpg")
    ).asset_id
    return review(here, held, outcome=Outcome.BLOCK, reviewer="Ada", reason="no").asset_id


def test_a_refused_file_goes_and_leaves_a_tombstone(here):
    asset_id = refuse(here)
    held = gate.release(here, submission(side=SIDE, prompt="a casino at night")).asset_id
    other = refuse(here.tenancy("blue"))
    assert find_expired(here, RULES) == Expired()
    assert find_expired(here, Rules(), LATER) == Expired()
    found = let_go(here, RULES, LATER)
    assert (found.originals, found.names) == ((asset_id,), (asset_id,))
    assert kept_of(here, asset_id) == []
    assert kept_of(here, held) != []
    assert kept_of(here, other) != []
    assert entries_of(here, asset_id)[-1] == "original.deleted"
    stone = here.log.find(build_tombstone_key(asset_id)).fields()
    assert stone["originals_days"] == 30
    assert let_go(here, RULES, LATER) == Expired()
    assert list(compare_blobs(here)) == []
    assert list(compare_records(here.database)) == []
    verify_log(here.log)


def test_each_run_that_did_something_is_on_the_ledger(here):
    refuse(here)
    before = sum(1 for entry in here.log.entries(kinds=["retention.run"]))
    let_go(here, RULES, LATER + timedelta(days=1))
    let_go(here, RULES, LATER + timedelta(days=2))
    runs = list(here.log.entries(kinds=["retention.run"]))
    assert len(runs) == before + 1
    assert runs[-1].fields()["counts"]["originals"] == 1


def test_an_event_that_only_a_removed_endpoint_waits_for_goes(here, tmp_path):
    endpoints = Endpoints(here.database, load_box(tmp_path), here.tenant)
    made, _ = endpoints.add("https://example.com/hook")
    with here.database.write() as connection:
        event_id = announce(connection, tenant=here.tenant, kind="release.held", key="removed", data={})
    assert event_id not in find_expired(here, RULES, LATER).events
    endpoints.remove(made.id)
    assert event_id in find_expired(here, RULES, LATER).events
    with here.database.write() as connection:  # as an earlier version left them
        connection.execute(update(WEBHOOK_DELIVERIES).values(state="due"))
    assert event_id in find_expired(here, RULES, LATER).events


def test_sign_ins_that_ended_go_and_those_that_count_stay(here):
    ada = add_person(here, name="Ada", roles=["moderator"])
    other = add_person(here.tenancy("blue"), name="Bo", roles=["moderator"])
    times = {"ended": ("2026-01-01T00:00:00.000Z", None), "revoked": ("2999-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z"),
             "good": ("2999-01-01T00:00:00.000Z", None)}  # fmt: skip
    common = {"state": "full", "method": "password", "agent": "", "created_at": "x", "seen_at": "x"}
    with here.database.write() as connection:
        for name, (until, revoked) in times.items():
            for number, person in enumerate((ada, other)):
                row = {"id": f"{name}{number}", "digest": f"{name}{number}".encode(), "person_id": person.id}
                connection.execute(insert(SESSIONS).values(**row, **common, expires_at=until, revoked_at=revoked))
    assert find_expired(here, RULES, LATER).sessions == ()
    rules, later = Rules(sessions_days=30), LATER + timedelta(days=5)
    assert let_go(here, rules, later).sessions == ("ended0", "revoked0")
    with here.database.read() as connection:
        assert set(connection.execute(select(SESSIONS.c.id)).scalars()) == {"good0", "ended1", "revoked1", "good1"}
    assert here.log.find(f"retention:main:{format_time(later)}").fields()["counts"]["sessions"] == 2
    assert let_go(here, rules, later) == Expired()
