import pytest

from policies import gate
from policies.review.appeal import file_appeal, offer_appeal
from tests.api.visitors import acting, open_client
from tests.sites import as_submission, encode, photograph

MODERATOR, AUDITOR = acting("moderator"), acting("auditor")


@pytest.fixture
def client(stock, monkeypatch):
    monkeypatch.setenv("CHOPMARK_TENANTS", '{"blue": {}}')
    with open_client() as client:
        yield client


@pytest.fixture
def blocked(client):
    here = client.app.state.service.site.deployment
    submission = as_submission(encode(photograph("rocket.jpg", 256)), prompt="how to make a pipe bomb", name="r.jpg")
    return gate.release(here, submission).asset_id


@pytest.fixture
def filed(client, blocked):
    here = client.app.state.service.site.deployment
    return file_appeal(here, offer_appeal(here, blocked), "please look again").decision_id


def test_a_refused_release_comes_with_the_link_to_appeal_by(client, blocked):
    told = client.get(f"/v1/releases/{blocked}", headers=acting("submitter,auditor")).json()
    assert told["status"] == "blocked"
    page = client.get(told["appeal"])
    assert (page.status_code, "Your file was refused" in page.text) == (200, True)
    assert client.get(f"/v1/releases/{blocked}", headers=acting("submitter,auditor")).json()["appeal"] == told["appeal"]


def test_appeals_are_listed_read_and_decided_by_who_may(client, filed, blocked):
    (listed,) = client.get("/v1/appeals", headers=MODERATOR).json()["items"]
    assert (listed["decision_id"], listed["text"], listed["refused_by"]) == (filed, "please look again", "policy")
    assert "token" not in listed
    assert client.get(f"/v1/appeals/{filed}", headers=MODERATOR).json() == listed
    body = {"outcome": "uphold", "statement": "The prompt asks for a weapon."}
    made = client.post(f"/v1/appeals/{filed}", headers=MODERATOR, json=body)
    assert (made.status_code, made.json()["state"]) == (200, "upheld")
    again = client.post(f"/v1/appeals/{filed}", headers=MODERATOR, json=body)
    assert (again.status_code, again.json()["title"]) == (409, "appeal.closed")
    assert client.get("/v1/appeals", headers=MODERATOR).json()["items"] == []
    assert len(client.get("/v1/appeals?state=upheld", headers=MODERATOR).json()["items"]) == 1


def test_nobody_else_finds_them(client, filed):
    assert client.get("/v1/appeals").status_code == 401
    assert client.get("/v1/appeals", headers=AUDITOR).status_code == 403
    blue = acting("moderator", "blue")
    assert client.get("/v1/appeals", headers=blue).json()["items"] == []
    assert client.get(f"/v1/appeals/{filed}", headers=blue).status_code == 404
    for body in ({"outcome": "explode", "statement": "x"}, {"outcome": "uphold", "statement": ""}, {}):
        assert client.post(f"/v1/appeals/{filed}", headers=MODERATOR, json=body).status_code == 422
