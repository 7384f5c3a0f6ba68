"""Webhooks over HTTP, told by a server that serves, heard by a real receiver."""

import time

import pytest

from tests.api.visitors import acting, open_client
from tests.policies.webhooks.receiver import receiving

ADMIN = acting("admin")


@pytest.fixture
def client(stock, monkeypatch):
    monkeypatch.setenv("CHOPMARK_TENANTS", '{"blue": {}}')
    monkeypatch.setenv("CHOPMARK_WEBHOOKS__PRIVATE_NETWORKS", "true")
    with open_client() as client:
        yield client


def until(condition):
    for _ in range(200):
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def test_an_export_is_told_to_whoever_listens_and_again_when_asked(client):
    with receiving() as receiver:
        added = client.post("/v1/webhooks", headers=ADMIN, json={"url": receiver.url, "kinds": ["export.ready"]})
        assert added.status_code == 201
        hook = added.json()
        assert "secret" not in client.get(f"/v1/webhooks/{hook['id']}", headers=ADMIN).json()
        export = client.post("/v1/exports", headers=acting("auditor"), json={}).json()
        until(lambda: receiver.heard)
        heard = receiver.verified(hook["secret"])
        assert (heard["type"], heard["data"]["export_id"]) == ("export.ready", export["id"])
        path = f"/v1/webhooks/{hook['id']}"
        (delivery,) = until(lambda: client.get(f"{path}/deliveries?state=told", headers=ADMIN).json()["deliveries"])
        again = client.post(f"{path}/replay", headers=ADMIN, json={"event_id": delivery["event_id"]})
        assert again.json() == {"deliveries": 1}
        until(lambda: len(receiver.heard) == 2)
        assert receiver.heard[0][1]["webhook-id"] == receiver.heard[1][1]["webhook-id"]
        event_id = client.post(f"{path}/test", headers=ADMIN).json()["event_id"]
        assert event_id == ""  # it listens to exports alone
        assert client.patch(path, headers=ADMIN, json={"kinds": []}).json()["kinds"] == []
        client.post(f"{path}/test", headers=ADMIN)
        until(lambda: len(receiver.heard) == 3)
        newer = client.post(f"{path}/secret", headers=ADMIN).json()["secret"]
        assert newer != hook["secret"]
        assert client.delete(path, headers=ADMIN).status_code == 204
        assert client.get("/v1/webhooks", headers=ADMIN).json() == {"webhooks": []}


def test_nobody_touches_another_tenants(client):
    hook = client.post("/v1/webhooks", headers=ADMIN, json={"url": "https://example.com/"}).json()
    path, blue = f"/v1/webhooks/{hook['id']}", acting("admin", "blue")
    for method, more, body in (
        ("GET", "", None),
        ("PATCH", "", {}),
        ("DELETE", "", None),
        ("POST", "/secret", None),
        ("POST", "/test", None),
        ("POST", "/replay", {}),
        ("GET", "/deliveries", None),
    ):
        answer = client.request(method, f"{path}{more}", headers=blue, json=body)
        assert (method, more, answer.status_code) == (method, more, 404)
    assert client.get(path, headers=acting("auditor")).status_code == 403


def test_what_is_wrong_is_told(client):
    for body in ({"url": "nowhere"}, {"url": "https://example.com/", "kinds": ["nothing"]}, {}):
        assert client.post("/v1/webhooks", headers=ADMIN, json=body).status_code == 422
