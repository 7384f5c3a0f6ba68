import json

import pytest

from tests.api.visitors import acting, open_client
from tests.sites import encode, photograph, photograph_path

REGISTRAR, AUDITOR, SUBMITTER = acting("registrar"), acting("auditor"), acting("submitter")


@pytest.fixture
def client(stock, monkeypatch):
    monkeypatch.setenv("CHOPMARK_TENANTS", '{"blue": {}}')
    with open_client() as client:
        yield client


@pytest.fixture
def rocket():
    return encode(photograph("rocket.jpg", 300))


def add(client, data, headers=REGISTRAR, name="a/rocket.jpg", **fields):
    return client.post("/v1/works", headers=headers, files={"file": (name, data)}, data={"owner": "A", **fields})


def test_a_work_is_added_with_its_claim_found_read_and_withdrawn(client, rocket):
    made = add(client, rocket, claim='{"licence": "CC-BY-4.0"}', id="own:1")
    assert made.status_code == 201, made.text
    work = made.json()["work"]
    assert (work["id"], work["title"], work["claim"]) == ("own:1", "rocket", {"licence": "CC-BY-4.0"})
    again = add(client, rocket, claim='{"licence": "CC-BY-4.0"}', id="own:1")
    assert (again.status_code, again.json()["is_repeat"]) == (200, True)
    assert client.get("/v1/works/own:1", headers=AUDITOR).json() == work
    picture = client.get("/v1/works/own:1/reference", headers=AUDITOR)
    assert (picture.headers["content-type"], picture.content[:2]) == ("image/jpeg", b"\xff\xd8")
    match = client.post("/v1/matches", content=encode(photograph("rocket.jpg", 200)), headers=AUDITOR).json()
    assert [one["work_id"] for one in match["matches"]] == ["own:1"]
    gone = client.post("/v1/works/own:1/withdraw", headers=REGISTRAR, json={"reason": "sold"})
    assert (gone.json()["status"], gone.json()["withdrawn_reason"]) == ("withdrawn", "sold")
    assert client.post("/v1/matches", content=rocket, headers=AUDITOR).json()["matches"] == []
    assert client.get("/v1/works/own:1/reference", headers=AUDITOR).status_code == 404


def test_what_is_somebody_elses_is_refused_until_both_are_said_to_be_right(client, rocket):
    assert add(client, rocket).status_code == 201
    other = add(client, rocket, owner="B")
    assert (other.status_code, other.json()["title"]) == (409, "works.claimed")
    assert add(client, rocket, owner="B", second_owner="true").status_code == 201


@pytest.mark.parametrize(("fields", "status", "said"), [
    ({"owner": ""}, 422, "owner"), ({"bank": "nonesuch"}, 422, "no bank is named"), ({"claim": "{"}, 422, "JSON"),
    ({"claim": "x" * 17_000}, 422, "claim"), ({"id": "no spaces"}, 422, "id"),
])  # fmt: skip
def test_what_is_wrong_is_told(client, rocket, fields, status, said):
    answer = add(client, rocket, **fields)
    assert answer.status_code == status
    assert said in answer.json()["detail"]


def test_files_that_are_no_pictures_are_refused(client):
    assert add(client, b"<svg onload=alert(1)>").status_code == 415
    assert client.post("/v1/works", headers=REGISTRAR, data={"owner": "A"}).status_code == 422
    assert client.post("/v1/works", headers=REGISTRAR, json={}).json()["title"] == "request.malformed"


def test_a_list_says_what_became_of_each_row(client, rocket, tmp_path):
    secret = tmp_path / "home" / "secret.jpg"
    secret.write_bytes(rocket)
    rows = [
        "file,title,owner,bank", "rocket.jpg,Rocket,A,", "sub/coffee.jpg,Coffee,B,", f"{secret},Stolen,C,",
        "../home/secret.jpg,Stolen,C,", "rocket.jpg,Again,A,", "rocket.jpg,Theirs,D,", "cat.png,=1+1,Stéfan,nowhere",
        ",No file,F,",
    ]  # fmt: skip
    files = [
        ("list", ("works.csv", "\n".join(rows).encode())),
        ("file", ("rocket.jpg", rocket)),
        ("file", ("holiday/sub/coffee.jpg", encode(photograph()))),
        ("file", ("cat.png", photograph_path("chelsea.png").read_bytes())),
        ("file", ("spare.jpg", rocket)),
    ]
    answer = client.post("/v1/works/lists", headers=REGISTRAR, files=files)
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert [one["name"] for one in results] == [
        "rocket.jpg", "holiday/sub/coffee.jpg", str(secret).rpartition("home/")[0] + "home/secret.jpg",
        "../home/secret.jpg", "rocket.jpg", "rocket.jpg", "cat.png", "9",
    ]  # fmt: skip
    assert [one.get("error", {}).get("code", "") for one in results] == [
        "", "", "works", "works", "", "works.claimed", "works", "usage",
    ]  # fmt: skip
    assert (results[4]["is_repeat"], results[1]["work"]["owner"]) == (True, "B")
    assert answer.json()["notes"] == ["1 files were sent that the list does not name"]


@pytest.mark.parametrize(("table", "said"), [(b"a,b\n1,2", "expected a header"), (b"\xff\xfe\xff", "UTF-8")])
def test_a_list_that_is_none_is_told(client, table, said):
    answer = client.post("/v1/works/lists", headers=REGISTRAR, files={"list": ("w.csv", table)})
    assert (answer.status_code, answer.json()["title"]) == (422, "usage")


def test_works_are_searched_a_page_at_a_time(client, rocket, stock):
    add(client, rocket, id="b", title="100 % Rocket")
    add(client, encode(photograph()), id="a", title="Coffee_cup", owner="Zoë")

    def ids(**query):
        answer = client.get("/v1/works", headers=AUDITOR, params=query).json()
        return [work["id"] for work in answer["items"]], answer["next"]

    assert ids() == (["a", "b", stock.work_id], None)
    first, more = ids(limit=2)
    assert first == ["a", "b"]
    assert ids(limit=2, cursor=more) == ([stock.work_id], None)
    assert ids(q="ROCKET") == ids(q="100 %") == (["b"], None)
    assert ids(q="zoë") == ids(q="e_c") == (["a"], None)
    assert ids(q="_%") == ([], None)
    assert ids(status="withdrawn") == ids(bank="none") == ([], None)
    assert client.get("/v1/works", headers=AUDITOR, params={"status": "x"}).status_code == 422
    assert client.get("/v1/works", headers=AUDITOR, params={"limit": 0}).status_code == 422


def test_nothing_of_another_tenant_is_seen_or_touched(client, rocket, stock):
    blue = acting("registrar", "blue")
    assert client.get("/v1/works", headers=blue).json() == {"items": [], "next": None}
    for method, path in (("get", ""), ("get", "/reference"), ("get", "/releases"), ("post", "/withdraw")):
        more = {"json": {"reason": "mine"}} if method == "post" else {}
        answer = getattr(client, method)(f"/v1/works/{stock.work_id}{path}", headers=blue, **more)
        assert (answer.status_code, answer.json()["title"]) == (404, "works.not_found")
    assert add(client, rocket, headers=blue, id="one").status_code == 201
    assert client.get("/v1/works/one", headers=AUDITOR).status_code == 404


def test_roles_decide_who_may(client, rocket, stock):
    assert client.get("/v1/works").status_code == 401
    assert client.get("/v1/works", headers=SUBMITTER).status_code == 403
    assert add(client, rocket, headers=AUDITOR).status_code == 403
    path = f"/v1/works/{stock.work_id}/withdraw"
    assert client.post(path, headers=AUDITOR, json={"reason": "x"}).status_code == 403


def test_releases_that_resemble_a_work_are_found(client, stock):
    made = add(client, encode(photograph()), id="late").json()
    assert made["work"]["id"] == "late"
    found = client.get("/v1/works/late/releases", headers=AUDITOR).json()["releases"]
    assert [one["asset_id"] for one in found] == [stock.released_id]


def test_the_description_says_what_each_route_takes(client):
    paths = client.get("/openapi.json").json()["paths"]
    assert paths["/v1/works"]["post"]["x-permission"] == "works.write"
    assert "multipart/form-data" in json.dumps(paths["/v1/works"]["post"]["requestBody"])
