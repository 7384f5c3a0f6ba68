from dataclasses import replace

import httpx
import pytest

from policies import gate
from tests.api.desk.server import WHO
from tests.api.desk.stock import flat, hand_in
from tests.policies.deployments import Probe, run_only
from tests.sites import as_submission, encode, photograph

VERDICT = {"outcome": "block", "clause": "House rules 4.3", "reason": "flat"}


@pytest.fixture
def api(desk_server):
    """Ask the API as somebody."""

    def ask(method, path, who="moderator:Mia", **json):
        return httpx.request(method, f"{desk_server.url}{path}", cookies={WHO: who}, json=json or None)

    return ask


@pytest.fixture
def job(desk_server):
    count = iter(range(200))

    def make(name):
        return hand_in(desk_server.app.state.service.site, flat((next(count), 140, 33)), name)

    return make


def test_a_job_is_found_claimed_decided_and_taken_back(api, job):
    asset_id = job("api-one.jpg")
    page = api("GET", "/v1/reviews?name=api-one").json()
    assert [item["asset_id"] for item in page["items"]] == [asset_id]
    assert page["items"][0]["reasons"][0]["category"] == "copyright_unhashable"
    assert api("POST", f"/v1/reviews/{asset_id}/claim").json()["holder"] == "Mia"
    taken = api("POST", f"/v1/reviews/{asset_id}/claim", "moderator:Noa")
    assert (taken.status_code, taken.json()["title"]) == (409, "review.taken")
    assert api("POST", f"/v1/reviews/{asset_id}/decision", "moderator:Noa", **VERDICT).status_code == 409
    assert "House rules 4.3" in api("GET", f"/v1/reviews/{asset_id}").json()["clauses"]
    done = api("POST", f"/v1/reviews/{asset_id}/decision", **VERDICT).json()
    assert (done["state"], done["outcome"]) == ("closed", "block")
    assert api("POST", f"/v1/reviews/{asset_id}/undo", reason="a slip").json()["state"] == "open"
    assert api("DELETE", f"/v1/reviews/{asset_id}/claim").status_code == 200


def test_pages_go_on_where_the_one_before_ended(api, job):
    ids = [job(f"api-page-{number}.jpg") for number in range(3)]
    first = api("GET", "/v1/reviews?name=api-page&limit=2").json()
    second = api("GET", f"/v1/reviews?name=api-page&limit=2&cursor={first['next']}").json()
    assert [item["asset_id"] for item in (*first["items"], *second["items"])] == ids
    assert second["next"] is None


def test_many_are_decided_by_a_filter_once(api, job):
    ids = [job(f"api-lot-{number}.jpg") for number in range(2)]
    order = {**VERDICT, "key": "api-lot", "filter": {"name": "api-lot"}}
    made = api("POST", "/v1/review-batches", **order).json()
    assert (made["size"], made["counts"]) == (2, {"decided": 2})
    assert api("POST", "/v1/review-batches", **{**order, "ids": ids, "filter": None}).json()["id"] == made["id"]
    lines = api("GET", f"/v1/review-decisions?batch_id={made['id']}").json()["items"]
    assert {line["asset_id"] for line in lines} == set(ids)
    assert api("POST", f"/v1/review-batches/{made['id']}/undo").json()["counts"] == {"undone": 2}
    assert api("GET", f"/v1/review-batches/{made['id']}").json()["undone_by"] == "Mia"


def test_what_is_held_for_a_check_without_an_answer_is_screened_again(api, desk_server):
    site = desk_server.app.state.service.site
    failing = replace(site.deployment, runner=run_only(Probe(RuntimeError("no"))))
    asset_id = gate.release(
        failing, as_submission(encode(photograph("rocket.jpg", side=200)), name="late.jpg")
    ).asset_id
    assert api("POST", f"/v1/reviews/{asset_id}/screening", "submitter:Sue").status_code == 403
    done = api("POST", f"/v1/reviews/{asset_id}/screening")
    assert (done.status_code, done.json()["id"]) == (200, asset_id), done.text
    assert all("failed" not in one["text"] for one in done.json()["decision"]["reasons"])
    again = api("POST", f"/v1/reviews/{asset_id}/screening")
    assert (again.status_code, again.json()["title"]) == (422, "policy.not_waiting"), again.text


def test_opinions_notes_and_handing_up(api, job):
    asset_id = job("api-opinion.jpg")
    assert api("POST", f"/v1/reviews/{asset_id}/notes", text="hm, @noa").json()["mentions"] == ["noa"]
    assert len(api("GET", f"/v1/reviews/{asset_id}/notes", "moderator:Noa").json()["items"]) == 1
    assert api("POST", f"/v1/reviews/{asset_id}/opinion", **VERDICT).status_code == 200
    assert api("GET", f"/v1/reviews/{asset_id}", "moderator:Noa").json()["opinions"] == []
    assert api("POST", f"/v1/reviews/{asset_id}/decision", **VERDICT).status_code == 403
    assert (
        api("POST", f"/v1/reviews/{asset_id}/escalation", "moderator:Noa", reason="beyond me").json()["state"]
        == "escalated"
    )
    gone = api("POST", f"/v1/reviews/{asset_id}/assignment", person_id="nobody")
    assert (gone.status_code, gone.json()["title"]) == (404, "access.person_not_found") or gone.status_code == 404


@pytest.mark.parametrize("who", ["submitter:Sam", "auditor:Ada", "registrar:Ray", "policy_manager:Pam"])
def test_only_moderators_review(api, who):
    assert api("GET", "/v1/reviews", who).status_code == 403
