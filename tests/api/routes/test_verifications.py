from dataclasses import replace
from functools import partial

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from provenance.fetching import fetch
from tests import image_bytes as make
from tests.hostile import hostile_files
from tests.provenance.test_fetching import say, serve
from tests.sites import encode, photograph

STATES = {400, 413, 415, 422}


@pytest.fixture
def client(stock):
    with TestClient(create_app(), raise_server_exceptions=False) as client:
        yield client


def files_of(home):
    return {path: path.stat().st_size for path in home.rglob("*") if path.is_file() and "chopmark.db" not in path.name}


def test_a_file_is_verified_and_nothing_of_it_is_kept(client, stock, tmp_path):
    before = files_of(tmp_path / "home")
    answer = client.post("/v1/verify", content=stock.file, headers={"Content-Type": "image/jpeg"})
    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["asset_id"]) == ("consistent", stock.released_id)
    stranger = client.post("/v1/verify", content=encode(photograph("rocket.jpg", 300)))
    assert stranger.json()["state"] == "none_found"
    after = files_of(tmp_path / "home")
    assert after == before


@pytest.mark.parametrize(("content", "status", "code"), [
    (b"", 415, "asset.unsupported"), (b"<script>alert(1)</script>", 415, "asset.unsupported"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 422, "asset.undecodable"),
])  # fmt: skip
def test_what_is_no_picture_is_a_problem_document(client, content, status, code):
    answer = client.post("/v1/verify", content=content)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told.pop("instance") == f"urn:chopmark:request:{answer.headers['x-request-id']}"
    assert told | {"detail": ""} == {
        "type": f"urn:chopmark:error:{code}", "title": code, "status": status, "detail": "",
    }  # fmt: skip


def test_a_body_that_is_too_long_is_refused_while_it_comes(stock, monkeypatch):
    monkeypatch.setenv("CHOPMARK_MAX_BYTES", "50000")
    sent = []

    def endless():
        for _ in range(1000):
            sent.append(1)
            yield bytes(10_000)

    with TestClient(create_app()) as client:
        answer = client.post("/v1/verify", content=endless())
    assert (answer.status_code, answer.json()["title"]) == (413, "asset.too_large")


def test_hostile_uploads_are_answered_and_leave_nothing(client, tmp_path):
    before = files_of(tmp_path / "home")
    asked = 0
    for item in [item for item in hostile_files() if len(item.data) < 200_000][::20]:
        answer = client.post("/v1/verify", content=item.data)
        assert answer.status_code in {200, *STATES}, item.name
        asked += 1
    assert asked > 5
    assert files_of(tmp_path / "home").keys() == before.keys()


def test_a_server_without_room_says_when_to_come_back(stock, monkeypatch):
    monkeypatch.setenv("CHOPMARK_HTTP__WAIT_S", "0.05")
    with TestClient(create_app()) as client:
        room = client.app.state.service.room
        for budget in (room.uploads, room.files, room.pixels):
            budget.held = budget.total
            answer = client.post("/v1/verify", content=make.valid("image/png"))
            assert (answer.status_code, answer.json()["title"], answer.headers["retry-after"]) == (503, "busy", "5")
            assert "try again" in answer.json()["detail"]
            budget.held = 0
        assert client.post("/v1/verify", content=make.valid("image/png")).status_code == 200
        assert (room.uploads.held, room.files.held, room.pixels.held) == (0, 0, 0)


def test_a_form_is_taken_and_the_older_name_still_works(client, stock):
    for path in ("/v1/verifications", "/v1/verify"):
        answer = client.post(path, files={"file": ("a.jpg", stock.file, "image/jpeg")})
        assert (answer.status_code, answer.json()["asset_id"]) == (200, stock.released_id)
    assert client.post("/v1/verifications", data={"a": "b"}, files={"file": stock.file}).status_code == 422


def test_nothing_is_fetched_unless_a_setting_allows_it(client):
    answer = client.post("/v1/verifications", json={"url": "https://example.com/a.jpg"})
    assert (answer.status_code, answer.json()["problems"][0]["field"]) == (422, "url")
    assert "http.fetch" in answer.json()["detail"]


def test_a_file_is_fetched_from_where_it_lies(stock, monkeypatch):
    monkeypatch.setenv("CHOPMARK_HTTP__FETCH", "true")
    with serve(say(stock.file)) as url, TestClient(create_app()) as client:
        inside = client.post("/v1/verifications", json={"url": f"{url.replace('127.0.0.1', 'localhost')}/a.jpg"})
        assert (inside.status_code, inside.json()["title"]) == (422, "fetch")
        assert "private" not in inside.text
        assert "port" not in inside.text
        service = client.app.state.service
        client.app.state.service = replace(service, fetch=partial(fetch, may_be_local=True))
        answer = client.post("/v1/verifications", json={"url": f"{url}/a.jpg"})
        assert (answer.status_code, answer.json()["asset_id"]) == (200, stock.released_id)


def test_who_asks_too_often_is_told_when_to_come_back(stock, monkeypatch):
    monkeypatch.setenv("CHOPMARK_HTTP__VISITS_PER_MINUTE", "2")
    monkeypatch.setenv("CHOPMARK_HTTP__TRUSTED_PROXIES", "127.0.0.1")
    with TestClient(create_app(), client=("127.0.0.1", 9)) as client:
        from_one = {"X-Forwarded-For": "6.6.6.6, 1.1.1.1"}
        answers = [client.post("/v1/verifications", content=b"x", headers=from_one) for _ in range(3)]
        assert [one.status_code for one in answers] == [415, 415, 429]
        assert (answers[2].json()["title"], int(answers[2].headers["retry-after"]) > 0) == ("request.too_many", True)
        assert client.post("/v1/verifications", content=b"x", headers={"X-Forwarded-For": "1.1.1.2"}).status_code == 415
