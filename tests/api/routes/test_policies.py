import re

import pytest

from tests.api.visitors import acting, open_client
from tests.policies.editing.test_shelf import house

MANAGER, AUDITOR, SUBMITTER = acting("policy_manager"), acting("auditor"), acting("submitter")


@pytest.fixture
def client(stock, monkeypatch):
    monkeypatch.setenv("CHOPMARK_TENANTS", '{"blue": {}}')
    with open_client() as client:
        yield client


def names(client, headers=AUDITOR):
    return {pack["name"]: pack for pack in client.get("/v1/policies", headers=headers).json()["packs"]}


def test_packs_are_listed_and_read_with_their_clauses(client):
    listed = client.get("/v1/policies", headers=AUDITOR).json()
    assert listed["chosen"] == ["baseline"]
    baseline = names(client)["baseline"]
    assert (baseline["origin"], baseline["decides"], baseline["clauses"] > 20) == ("file", True, True)
    said = client.get("/v1/policies/baseline", headers=AUDITOR).json()
    assert said["document"].startswith("# What every release must pass")
    assert said["thresholds"][0]["clause"].startswith("House rules")
    missing = client.get("/v1/policies/nonesuch", headers=AUDITOR)
    assert (missing.status_code, missing.json()["title"]) == (404, "policy.unknown_pack")


def test_a_pack_is_tried_saved_activated_chosen_and_brought_back(client):
    draft = client.get("/v1/policies/baseline", headers=AUDITOR).json()["document"]
    draft = re.sub(r"(?m)^version: .*$", "version: 2.0.0", draft.replace("name: baseline", "name: ours"))
    draft = draft.replace("obligations:", "obligations:", 1)
    body = {"document": draft, "replaces": "baseline", "last": 10}
    tried = client.post("/v1/policies/what-if", headers=AUDITOR, json=body)
    assert tried.status_code == 200, tried.text
    assert (tried.json()["looked_at"], tried.json()["changed"], tried.json()["unreadable"]) == (2, 0, 0)
    saved = client.put(
        "/v1/policies/ours", headers=MANAGER, json={"document": draft, "reason": "our own", "activate": True}
    )
    assert saved.status_code == 200, saved.text
    assert names(client)["ours"]["origin"] == "own"
    first = saved.json()["sha256"]
    newer = {"document": draft.replace("2.0.0", "2.1.0"), "reason": "more", "activate": True}
    assert client.put("/v1/policies/ours", headers=MANAGER, json=newer).status_code == 200
    chosen = client.post("/v1/policies/chosen", headers=MANAGER, json={"packs": ["ours"], "reason": "go"})
    assert chosen.json()["names"] == ["ours"]
    assert names(client)["ours"]["decides"]
    back = {"sha256": first, "reason": "too strict"}
    assert client.post("/v1/policies/ours/activate", headers=MANAGER, json=back).json()["is_changed"]
    assert names(client)["ours"]["version"] == "2.0.0"
    changes = client.get("/v1/policy-changes?limit=2", headers=AUDITOR).json()
    assert [one["kind"] for one in changes["items"]] == ["activated", "chosen"]
    rest = client.get(f"/v1/policy-changes?cursor={changes['next']}", headers=AUDITOR).json()
    assert [one["kind"] for one in rest["items"]] == ["activated", "saved", "activated", "saved"]
    assert client.post("/v1/policies/ours/retire", headers=MANAGER, json={"reason": "x"}).status_code == 422
    assert names(client, acting("auditor", "blue")).keys() == names(client).keys() - {"ours"}


def test_what_is_wrong_with_a_draft_is_told_with_its_place(client):
    bad = house().replace("hold: 0.5", "hold: 5")
    checked = client.post("/v1/policies/check", headers=AUDITOR, json={"document": bad}).json()
    assert checked["ok"] is False
    assert [(one["line"], one["column"]) for one in checked["problems"]] == [(10, 26)]
    good = client.post("/v1/policies/check", headers=AUDITOR, json={"document": house()}).json()
    assert (good["ok"], good["pack"]["name"]) == (True, "house")
    refused = client.put("/v1/policies/house", headers=MANAGER, json={"document": bad, "reason": "x"})
    assert (refused.status_code, refused.json()["title"]) == (422, "policy.pack_invalid")
    assert "10:26" in refused.json()["detail"]
    assert client.post("/v1/policies/what-if", headers=AUDITOR, json={"document": bad}).status_code == 422
    assert client.post("/v1/policies/what-if", headers=AUDITOR, json={"name": "nonesuch"}).status_code == 404


def test_a_decision_is_explained_and_what_other_packs_would_make_of_it(client, stock):
    said = client.get(f"/v1/policies/explanations/{stock.held_id}", headers=AUDITOR).json()
    assert said["decision"]["outcome"] == "hold"
    assert said["explanation"]["reasons"]
    other = client.get(
        f"/v1/policies/explanations/{stock.released_id}", headers=AUDITOR, params={"pack": "cn-labeling-2025"}
    ).json()
    assert [pack["name"] for pack in other["decision"]["packs"]] == ["cn-labeling-2025"]
    foreign = client.get(f"/v1/policies/explanations/{stock.held_id}", headers=acting("auditor", "blue"))
    assert (foreign.status_code, foreign.json()["title"]) == (404, "asset.not_found")
    none = client.get(f"/v1/policies/explanations/{stock.held_id}", headers=AUDITOR, params={"pack": "no"})
    assert none.status_code == 404


def test_roles_decide_who_may_look_and_who_may_change(client):
    body = {"document": house(), "reason": "x"}
    assert client.get("/v1/policies").status_code == 401
    assert client.get("/v1/policies", headers=SUBMITTER).status_code == 403
    assert client.put("/v1/policies/house", headers=AUDITOR, json=body).status_code == 403
    for path in ("house/activate", "house/retire", "chosen"):
        assert client.post(f"/v1/policies/{path}", headers=AUDITOR, json=body).status_code == 403
