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


def test_sessions_are_seen_and_ended_and_nothing_secret_is_shown(client):
    here = client.app.state.service.site.deployment
    ada, eve = make_person(here, Role.MODERATOR), make_person(here, Role.AUDITOR, name="Eve")
    tokens = [open_for(here, person) for person in (ada, ada, eve)]
    listed = client.get("/v1/sessions")
    assert sorted(one["person"] for one in listed.json()["items"]) == ["Ada", "Ada", "Eve"]
    assert not any(token in listed.text for token in tokens)
    (one,) = client.get("/v1/sessions", params={"person_id": eve.id}).json()["items"]
    assert client.delete(f"/v1/sessions/{one['id']}").status_code == 204
    assert client.get("/v1/sessions", params={"person_id": eve.id}).json() == {"items": [], "next": None}
    assert client.delete("/v1/sessions/nonesuch").status_code == 404
    page = client.get("/v1/sessions", params={"limit": 1}).json()
    assert len(client.get("/v1/sessions", params={"cursor": page["next"]}).json()["items"]) == 1
