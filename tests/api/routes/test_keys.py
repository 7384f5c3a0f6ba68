import pytest
from fastapi.testclient import TestClient

from api.access.identity import Role
from api.app import create_app
from tests.api.signing_in import make_key


@pytest.fixture
def client(home):
    with TestClient(create_app()) as client:
        here = client.app.state.service.site.deployment
        client.headers.update(make_key(here, Role.ADMIN))
        yield client


def test_a_key_is_made_used_and_ended(client):
    made = client.post("/v1/keys", json={"name": "nightly", "roles": ["auditor"], "days": 7})
    assert made.status_code == 201
    token, about = made.json()["key"], made.json()["about"]
    assert token.startswith(f"chopmark_{about['prefix']}_")
    assert about["made_by"].startswith("key:")
    theirs = {"Authorization": f"Bearer {token}"}
    assert client.get("/v1/works", headers=theirs).status_code == 200
    assert client.get("/v1/keys", headers=theirs).status_code == 403
    listed = client.get("/v1/keys")
    assert token not in listed.text
    assert {one["name"]: bool(one["last_used_at"]) for one in listed.json()["items"]}["nightly"]
    ended = client.delete(f"/v1/keys/{about['id']}")
    assert (ended.status_code, ended.json()["good"]) == (200, False)
    assert client.get("/v1/works", headers=theirs).status_code == 401
    assert client.get(f"/v1/keys/{about['prefix']}").json()["revoked_at"]
    assert client.delete("/v1/keys/nonesuch").status_code == 404


def test_keys_come_page_by_page(client):
    for number in range(4):
        client.post("/v1/keys", json={"name": f"k{number}", "roles": ["submitter"]})
    seen, cursor = [], ""
    for _ in range(3):
        page = client.get("/v1/keys", params={"limit": 2, "cursor": cursor}).json()
        seen += [one["name"] for one in page["items"]]
        cursor = page["next"]
    assert (sorted(seen), cursor) == (["admin", "k0", "k1", "k2", "k3"], None)
    assert client.get("/v1/keys?cursor=!").status_code == 422


@pytest.mark.parametrize("wrong", [
    {"name": ""}, {"roles": []}, {"roles": ["root"]}, {"days": 0}, {"permissions": ["exports"]}, {"tenant": "acme"},
])  # fmt: skip
def test_what_cannot_be_is_refused(client, wrong):
    answer = client.post("/v1/keys", json={"name": "k", "roles": ["submitter"], **wrong})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
