"""Endpoints are a tenant's own, lead nowhere inside, and show their secret once."""

import pytest

from policies.webhooks.delivery import deliver_due, find_deliveries
from policies.webhooks.endpoints import MOST_WEBHOOKS, Endpoints
from policies.webhooks.outbox import announce
from provenance.errors import FetchError, PolicyError, WebhookNotFoundError
from provenance.tenant import MAIN, Tenant

URL = "https://example.com/hook"


def test_a_secret_is_shown_once_and_lies_sealed(endpoints, database):
    made, secret = endpoints.add(URL, kinds=["export.ready"], description="ours", created_by="Ada")
    assert secret.startswith("whsec_")
    assert endpoints.list() == [made] == [endpoints.find(made.id)]
    assert secret not in repr(made)
    with database.read() as connection:
        stored = connection.exec_driver_sql("SELECT secret FROM webhooks").scalar_one()
    assert secret.removeprefix("whsec_")[:20].encode() not in bytes(stored)


def test_another_tenant_sees_and_touches_none(endpoints, database, box):
    made, _ = endpoints.add(URL)
    other = Endpoints(database, box, Tenant("other"))
    assert other.list() == []
    for act in (other.find, other.rotate, other.remove, lambda one: other.change(one, is_on=False)):
        with pytest.raises(WebhookNotFoundError):
            act(made.id)
    assert endpoints.find(made.id).state == "on"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://user:pw@example.com/",
        "https://example.com:22/",
        "ftp://example.com/",
        "https:///nowhere",
        "https://exa mple.com/",
        "https://example.com/\u202e",
        "javascript:alert(1)",
        "https://[::1",
    ],
)
def test_addresses_that_are_none(database, box, url):
    with pytest.raises(FetchError):
        Endpoints(database, box, MAIN).add(url)


def test_what_is_wrong_is_told(endpoints):
    with pytest.raises(PolicyError, match="got nonsense"):
        endpoints.add(URL, kinds=["nonsense"])
    with pytest.raises(PolicyError, match="at most 2000"):
        endpoints.add(f"{URL}?{'x' * 2000}")
    for _ in range(MOST_WEBHOOKS):
        endpoints.add(URL)
    with pytest.raises(PolicyError, match="at most 20 endpoints"):
        endpoints.add(URL)


def test_it_can_be_changed_and_removed(endpoints):
    made, _ = endpoints.add(URL)
    changed = endpoints.change(made.id, url=f"{URL}/2", kinds=["release.held"], description="new", is_on=False)
    assert (changed.url, changed.kinds, changed.state, changed.reason) == (
        f"{URL}/2",
        ("release.held",),
        "off",
        "switched off",
    )
    assert endpoints.change(made.id, is_on=True).reason == ""
    endpoints.remove(made.id)
    assert endpoints.list() == []


def test_what_waits_for_an_endpoint_that_is_removed_is_given_up(endpoints, database, box):
    made, other = endpoints.add(URL)[0], endpoints.add(URL)[0]
    with database.write() as connection:
        announce(connection, tenant=MAIN, kind="release.held", key="a", data={"asset_id": "a"})

    def remove_meanwhile(*_, **__):
        if any(one.id == made.id for one in endpoints.list()):
            endpoints.remove(made.id)
        raise FetchError("away")

    deliver_due(database, box, send=remove_meanwhile)
    states = {one.webhook_id: (one.state, one.error) for one in find_deliveries(database, MAIN)}
    assert states == {made.id: ("given up", "the endpoint was removed"), other.id: ("due", "away")}
