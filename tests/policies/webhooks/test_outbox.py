"""An event is told exactly where its transaction ended well, and to those alone who listen."""

import pytest
from sqlalchemy import select

from policies.rules.decision import Decision, Outcome, Reason
from policies.webhooks.outbox import announce, announce_decision, build_event_id
from provenance.asset import AssetId
from provenance.storage.webhook_tables import WEBHOOK_DELIVERIES, WEBHOOK_EVENTS
from provenance.tenant import MAIN, Tenant


def count(database, table):
    with database.read() as connection:
        return len(connection.execute(select(table)).all())


def tell(database, kind="release.held", key="a", tenant=MAIN, **more):
    with database.write() as connection:
        return announce(connection, tenant=tenant, kind=kind, key=key, data={"asset_id": "a"}, **more)


def test_nothing_is_written_where_nobody_listens(database, endpoints, receiver):
    assert tell(database) == ""
    endpoints.add(receiver.url, kinds=["export.ready"])
    assert tell(database) == ""
    assert tell(database, tenant=Tenant("other")) == ""
    assert count(database, WEBHOOK_EVENTS) == 0


def test_the_same_event_is_one(database, endpoints, receiver):
    endpoints.add(receiver.url)
    endpoints.add(receiver.url, kinds=["release.held"])
    assert tell(database) == tell(database) == build_event_id(MAIN, "release.held", "a")
    assert (count(database, WEBHOOK_EVENTS), count(database, WEBHOOK_DELIVERIES)) == (1, 2)
    assert tell(database, key="b") != tell(database)


def test_what_did_not_happen_is_not_told(database, endpoints, receiver):
    endpoints.add(receiver.url)

    def fail():
        with database.write() as connection:
            announce(connection, tenant=MAIN, kind="release.held", key="a", data={})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert count(database, WEBHOOK_EVENTS) == count(database, WEBHOOK_DELIVERIES) == 0


def test_one_alone_can_be_told(database, endpoints, receiver):
    first, _ = endpoints.add(receiver.url)
    endpoints.add(receiver.url)
    tell(database, only=(first.id,))
    assert count(database, WEBHOOK_DELIVERIES) == 1


@pytest.mark.parametrize(("is_sensitive", "told"), [(True, []), (False, ["nudity"])])
def test_what_speaks_against_a_sensitive_asset_is_told_to_nobody_outside(
    database, endpoints, receiver, monkeypatch, is_sensitive, told
):
    endpoints.add(receiver.url)
    reason = Reason(pack="house", rule="r", outcome=Outcome.HOLD, clause="1", text="t", category="nudity")
    decision = Decision("d", AssetId("a"), Outcome.HOLD, (reason,), (), ())
    hidden = frozenset({"a"} if is_sensitive else ())
    monkeypatch.setattr("policies.review.job.find_sensitive", lambda _, ids: hidden & frozenset(ids))
    with database.write() as connection:
        announce_decision(connection, MAIN, "release.held", decision)
        (event,) = connection.execute(select(WEBHOOK_EVENTS.c.body)).scalars()
    assert event["data"]["outcome"] == "hold"
    assert [one["category"] for one in event["data"]["reasons"]] == told
