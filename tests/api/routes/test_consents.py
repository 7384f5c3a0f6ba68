"""Consents over HTTP: who may record, see and revoke which, and what a release under one is answered."""

from datetime import UTC, date, datetime, timedelta

import pytest

from api.routes.consents import build_consent, parse_day
from provenance.errors import PolicyError
from tests.api.visitors import acting, open_client
from tests.policies.test_consents import consent_of

TODAY = datetime.now(UTC).date()
WANTED = {"subject": "Li Wei", "scope": ["avatar"], "last_day": str(TODAY + timedelta(days=9))}


@pytest.fixture
def client(stock, monkeypatch):
    monkeypatch.setenv("CHOPMARK_TENANTS", '{"blue": {}}')
    with open_client() as client:
        yield client


def test_a_submitter_records_sees_and_revokes_their_own_and_nobody_elses(client):
    mine, theirs = acting("submitter"), acting("registrar")
    made = client.post("/v1/consents", headers=mine, json={**WANTED, "note": "by mail"})
    assert made.status_code == 201
    consent = made.json()
    assert (consent["state"], consent["for"], consent["recorded_by"]) == ("stands", ["avatar"], "submitter of main")
    other = client.post("/v1/consents", headers=theirs, json=WANTED).json()
    assert [one["id"] for one in client.get("/v1/consents", headers=mine).json()["items"]] == [consent["id"]]
    everybody = client.get("/v1/consents", headers=theirs).json()["items"]
    assert {one["id"] for one in everybody} >= {consent["id"], other["id"]}
    assert client.get(f"/v1/consents/{other['id']}", headers=mine).status_code == 404
    assert client.post(f"/v1/consents/{other['id']}/revoke", headers=mine, json={"reason": "no"}).status_code == 404
    gone = client.post(f"/v1/consents/{consent['id']}/revoke", headers=mine, json={"reason": "she asked"}).json()
    assert (gone["state"], gone["reason"], gone["assets"]) == ("revoked", "she asked", [])
    assert client.get(f"/v1/consents/{consent['id']}", headers=acting("registrar", "blue")).status_code == 404
    assert client.get("/v1/consents", headers=acting("policy_manager")).status_code == 403
    assert client.post("/v1/consents", headers=acting("auditor"), json=WANTED).status_code == 403
    page = client.get("/v1/consents?limit=1", headers=theirs).json()
    assert len(page["items"]) == 1
    assert client.get(f"/v1/consents?limit=1&cursor={page['next']}", headers=theirs).json()["items"] != page["items"]


@pytest.mark.parametrize(
    "change",
    [
        {"scope": []},
        {"scope": ["A B"]},
        {"last_day": "soon"},
        {"last_day": "2001-01-01"},
        {"photo_sha256": "x"},
        {"a": 1},
    ],
    ids=str,
)
def test_what_is_wrong_is_told(client, change):
    assert client.post("/v1/consents", headers=acting("admin"), json={**WANTED, **change}).status_code == 422


def test_whether_it_stands_today_is_told():
    assert build_consent(consent_of(last_day=TODAY))["state"] == "stands"
    assert build_consent(consent_of(last_day=TODAY - timedelta(days=1)))["state"] == "expired"
    assert build_consent(consent_of(last_day=TODAY, revoked_at="2026"))["state"] == "revoked"
    assert parse_day(" 2027-06-30 ") == date(2027, 6, 30)
    with pytest.raises(PolicyError, match="2027-06-30"):
        parse_day("June")
