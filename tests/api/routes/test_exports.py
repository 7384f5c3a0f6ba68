"""Exports over HTTP: ordered, polled, fetched, verified; by auditors, each for their own tenant."""

import time

import pytest

from policies.audit.packing import unpacking
from provenance.ledger.verification import verify_export
from tests.api.visitors import acting, open_client

AUDITOR = acting("auditor")


@pytest.fixture
def client(stock, monkeypatch):
    monkeypatch.setenv("CHOPMARK_TENANTS", '{"blue": {}}')
    with open_client() as client:
        yield client


def wait_for(client, export_id, headers=AUDITOR):
    for _ in range(200):
        found = client.get(f"/v1/exports/{export_id}", headers=headers).json()
        if found["state"] not in {"waiting", "running"}:
            return found
        time.sleep(0.05)
    raise AssertionError(found)


def test_ordered_made_fetched_and_verified(client, stock, tmp_path):
    placed = client.post("/v1/exports", headers=AUDITOR, json={"kind": "case", "asset_id": stock.held_id})
    assert (placed.status_code, placed.json()["ordered_by"]) == (202, "auditor of main")
    made = wait_for(client, placed.json()["id"])
    assert (made["state"], made["summary"]["files"][:2]) == ("ready", ["case.json", "case.pdf"])
    answer = client.get(made["file"], headers=AUDITOR)
    assert answer.headers["content-type"] == "application/zip"
    assert "attachment" in answer.headers["content-disposition"]
    (tmp_path / "export.zip").write_bytes(answer.content)
    vkey = client.app.state.service.site.deployment.log.signer.vkey
    with unpacking(tmp_path / "export.zip") as folder:
        assert verify_export(folder, vkey).rows >= 1
    assert client.delete(f"/v1/exports/{made['id']}", headers=AUDITOR).status_code == 204
    assert client.get(made["file"], headers=AUDITOR).status_code == 404


def test_what_lies_in_quarantine_is_for_those_who_review(client, stock):
    both = {"kind": "case", "asset_id": stock.held_id, "with_prompt": True}
    refused = client.post("/v1/exports", headers=AUDITOR, json=both)
    assert (refused.status_code, refused.json()["title"]) == (403, "access.forbidden")
    plain = client.post("/v1/exports", headers=AUDITOR, json={**both, "with_prompt": False}).json()
    assert plain["order"]["with_pictures"] is False
    admin = acting("admin")
    made = wait_for(client, client.post("/v1/exports", headers=admin, json=both).json()["id"], admin)
    assert client.get(made["file"], headers=admin).status_code == 200
    assert client.get(made["file"], headers=AUDITOR).status_code == 403  # though they see that it is there


def test_nobody_gets_anything_of_another_tenant(client, stock):
    blue = acting("auditor", "blue")
    placed = client.post("/v1/exports", headers=AUDITOR, json={}).json()
    made = wait_for(client, placed["id"])
    for method, path in (("GET", ""), ("GET", "/file"), ("DELETE", "")):
        answer = client.request(method, f"/v1/exports/{made['id']}{path}", headers=blue)
        assert (answer.status_code, answer.json()["title"]) == (404, "export.not_found")
    assert client.get("/v1/exports", headers=blue).json() == {"exports": []}
    assert client.get(made["file"], headers=acting("moderator")).status_code == 403
    assert client.get(made["file"]).status_code == 401
    refused = client.post("/v1/exports", headers=blue, json={"kind": "case", "asset_id": stock.held_id})
    assert refused.status_code == 404
    assert client.post("/v1/exports", headers=blue, json={"whole_site": True}).status_code == 422
    own = wait_for(client, client.post("/v1/exports", headers=blue, json={}).json()["id"], blue)
    assert (own["summary"]["rows"], own["summary"]["scope"]) == (0, "tenant")


@pytest.mark.parametrize(
    "body",
    [
        {"form": "xml"},
        {"kind": "prov"},
        {"since": "2026-01-01T00:00:00"},
        {"outcomes": ["maybe"]},
        {"unknown": 1},
        {"first": 9, "stop": 3},
        [],
    ],
)
def test_what_cannot_be_ordered(client, body):
    assert client.post("/v1/exports", headers=AUDITOR, json=body).status_code in {404, 422}


def test_they_come_in_pages(client):
    ids = [client.post("/v1/exports", headers=AUDITOR, json={}).json()["id"] for _ in range(3)]
    first = client.get("/v1/exports?limit=2", headers=AUDITOR).json()
    rest = client.get(f"/v1/exports?before={first['next']}", headers=AUDITOR).json()
    assert {one["id"] for one in (*first["exports"], *rest["exports"])} == set(ids)
    for export_id in ids:
        wait_for(client, export_id)
