"""What is due is told until it was heard, by any number of processes, to addresses outside alone."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update
from standardwebhooks.webhooks import WebhookVerificationError

from policies.webhooks.delivery import WAITS_S, deliver_due, find_deliveries, replay
from policies.webhooks.outbox import announce
from provenance.storage.webhook_tables import WEBHOOK_DELIVERIES, WEBHOOKS
from provenance.tenant import MAIN, Tenant


@pytest.fixture
def hook(endpoints, receiver):
    return endpoints.add(receiver.url)


@pytest.fixture
def tell(database, hook, box):
    def tell(key="a"):
        with database.write() as connection:
            event_id = announce(connection, tenant=MAIN, kind="release.held", key=key, data={"asset_id": key})
        deliver(database, box)
        return event_id

    return tell


def deliver(database, box, **options):
    return deliver_due(database, box, **{"may_be_local": True, **options})


def make_due(database):
    with database.write() as connection:
        connection.execute(update(WEBHOOK_DELIVERIES).values(due_at_ms=0))


def test_a_receiver_hears_and_believes_it(database, hook, tell, receiver, box):
    _, secret = hook
    event_id = tell()
    heard = receiver.verified(secret)
    assert (heard["type"], heard["data"]) == ("release.held", {"asset_id": "a"})
    assert receiver.heard[0][1]["webhook-id"] == event_id
    (delivery,) = find_deliveries(database, MAIN)
    assert (delivery.state, delivery.status, delivery.attempts) == ("told", 200, 1)
    assert deliver(database, box) == 0
    with pytest.raises(WebhookVerificationError):
        receiver.verified("whsec_" + "A" * 43 + "=")


def test_it_is_tried_again_and_then_given_up(database, hook, tell, receiver, box):
    receiver.answers = [500, 302, 404] + [503] * 20
    tell()
    seen = []
    for _ in range(len(WAITS_S)):
        (delivery,) = find_deliveries(database, MAIN)
        seen.append((delivery.state, delivery.status))
        make_due(database)
        deliver(database, box)
    assert seen[:3] == [("due", 500), ("due", 302), ("due", 404)]
    (delivery,) = find_deliveries(database, MAIN)
    assert (delivery.state, delivery.attempts) == ("given up", len(WAITS_S) + 1)
    assert len({headers["webhook-id"] for _, headers in receiver.heard}) == 1
    receiver.answers = []
    assert replay(database, MAIN, hook[0].id) == 1
    deliver(database, box)
    assert find_deliveries(database, MAIN)[0].state == "told"


def test_what_failed_for_days_is_switched_off_and_on_again(database, endpoints, hook, tell, receiver, box):
    receiver.answers = [500, 500]
    tell()
    with database.write() as connection:
        connection.execute(update(WEBHOOKS).values(failing_since_ms=1))
    make_due(database)
    deliver(database, box)
    found = endpoints.find(hook[0].id)
    assert (found.state, found.reason) == ("off", "it has not answered rightly since 1970-01-01T00:00:00Z")
    make_due(database)
    assert deliver(database, box) == 0
    endpoints.change(hook[0].id, is_on=True)
    assert deliver(database, box) == 1
    assert endpoints.find(hook[0].id).failing_since_ms is None


def test_410_ends_it(database, endpoints, hook, tell, receiver):
    receiver.answers = [410]
    tell()
    assert endpoints.find(hook[0].id).state == "off"


def test_both_secrets_sign_for_a_while(database, endpoints, hook, tell, receiver):
    made, old = hook
    new = endpoints.rotate(made.id)
    tell()
    assert receiver.verified(old) == receiver.verified(new)
    last = endpoints.rotate(made.id, overlap_s=0)
    tell("b")
    assert receiver.verified(last)["data"] == {"asset_id": "b"}
    with pytest.raises(WebhookVerificationError):
        receiver.verified(new)


def test_no_address_inside_is_asked_however_it_is_named(database, hook, tell, receiver, box):
    with database.write() as connection:
        announce(connection, tenant=MAIN, kind="release.held", key="x", data={})
        connection.execute(update(WEBHOOKS).values(url="https://localhost/hook"))
    deliver_due(database, box)
    assert "private network" in find_deliveries(database, MAIN)[0].error
    assert receiver.heard == []


def test_many_processes_tell_each_event_once(database, hook, receiver, box):
    with database.write() as connection:
        for number in range(12):
            announce(connection, tenant=MAIN, kind="release.held", key=str(number), data={})
    with ThreadPoolExecutor(4) as pool:
        tried = list(pool.map(lambda _: deliver(database, box), range(4)))
    ids = [headers["webhook-id"] for _, headers in receiver.heard]
    assert (sum(tried), len(ids), len(set(ids))) == (12, 12, 12)


def test_deliveries_are_the_tenants_own_and_come_in_pages(database, hook, tell):
    ids = [tell(str(number)) for number in range(5)]
    first = find_deliveries(database, MAIN, hook[0].id, limit=3)
    rest = find_deliveries(database, MAIN, hook[0].id, before=first[-1].event_id)
    assert {one.event_id for one in (*first, *rest)} == set(ids)
    assert len(first) + len(rest) == 5
    assert find_deliveries(database, Tenant("other")) == []
    assert replay(database, Tenant("other"), hook[0].id, event_id=ids[0]) == 0
    assert replay(database, MAIN, hook[0].id, event_id=ids[0]) == 1


def test_who_is_told_to_stop_begins_with_no_other(database, hook, receiver, box):
    with database.write() as connection:
        for key in ("a", "b"):
            announce(connection, tenant=MAIN, kind="release.held", key=key, data={"asset_id": key})
    assert deliver(database, box, is_stopped=lambda: bool(receiver.heard)) == 1
    assert deliver(database, box) == 1


def test_a_delivery_that_fails_unforeseen_counts_as_a_try(database, hook, box):
    def fail(*_, **__):
        raise KeyError("a secret")

    with database.write() as connection:
        announce(connection, tenant=MAIN, kind="release.held", key="a", data={"asset_id": "a"})
    assert deliver(database, box, send=fail) == 1
    (delivery,) = find_deliveries(database, MAIN)
    assert (delivery.state, delivery.attempts) == ("due", 1)
    assert delivery.error.startswith("failed unforeseen: KeyError at test_delivery.py:")
