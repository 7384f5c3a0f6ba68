import pytest
from fastapi.testclient import TestClient

from api.access.identity import Role
from api.app import create_app
from tests.api.signing_in import make_key, make_person, open_for


@pytest.fixture
def client(home):
    with TestClient(create_app()) as client:
        client.headers.update(make_key(client.app.state.service.site.deployment, Role.ADMIN))
        yield client


@pytest.fixture
def here(client):
    return client.app.state.service.site.deployment


def test_somebody_is_invited_changed_and_disabled(client, here):
    made = client.post("/v1/people", json={"name": "Ada", "roles": ["moderator"], "email": "Ada@Example.org"})
    assert made.status_code == 201
    assert made.json()["link"].startswith("http://127.0.0.1:8600/sign-in/link/")
    person_id = made.json()["about"]["id"]
    assert client.get("/v1/people/ada@example.org").json()["id"] == person_id
    changed = client.patch(f"/v1/people/{person_id}", json={"roles": ["auditor"]}).json()
    assert (changed["roles"], changed["state"]) == (["auditor"], "invited")
    assert client.patch(f"/v1/people/{person_id}", json={"state": "disabled"}).json()["state"] == "disabled"
    assert client.post(f"/v1/people/{person_id}/links").status_code == 422
    assert client.patch(f"/v1/people/{person_id}", json={"state": "enabled"}).json()["state"] == "invited"
    assert client.post(f"/v1/people/{person_id}/links").status_code == 201
    assert [one["name"] for one in client.get("/v1/people").json()["items"]] == ["Ada"]
    kinds = [entry.kind for entry in here.log.entries() if entry.kind.startswith("access.")]
    assert kinds == [
        "access.key_created", "access.person_added", "access.link_made", "access.roles_changed",
        "access.person_disabled", "access.person_enabled", "access.link_made",
    ]  # fmt: skip


def test_the_last_admin_and_names_that_are_taken(client, here):
    ada = make_person(here, Role.ADMIN)
    for change in ({"state": "disabled"}, {"roles": ["auditor"]}):
        answer = client.patch(f"/v1/people/{ada.id}", json=change)
        assert (answer.status_code, answer.json()["title"]) == (409, "access.last_admin")
    taken = client.post("/v1/people", json={"name": "ADA", "roles": ["admin"]})
    assert (taken.status_code, taken.json()["title"]) == (409, "access.name_taken")
    assert client.get("/v1/people/nobody").status_code == 404


def test_sessions_of_a_person_are_ended(client, here):
    ada = make_person(here, Role.MODERATOR)
    for _ in range(2):
        open_for(here, ada)
    assert client.delete(f"/v1/people/{ada.id}/sessions").json() == {"ended": 2}
    assert client.delete(f"/v1/people/{ada.id}/sessions").json() == {"ended": 0}


def test_a_person_is_forgotten_for_ever(client, here):
    ada = make_person(here, Role.MODERATOR, name="Ada")
    done = client.delete(f"/v1/people/{ada.id}", params={"uploads": True})
    assert done.status_code == 200
    assert (done.json()["person"]["state"], done.json()["person"]["email"]) == ("forgotten", None)
    assert done.json()["uploads"]["deleted"] == 0
    assert client.get("/v1/people/Ada").status_code == 404
    assert client.get(f"/v1/people/{ada.id}").json()["name"].startswith("reviewer-")
    assert client.patch(f"/v1/people/{ada.id}", json={"roles": ["admin"]}).status_code == 422
    admin = make_person(here, Role.ADMIN, name="Grace")
    assert client.delete(f"/v1/people/{admin.id}").status_code == 409
