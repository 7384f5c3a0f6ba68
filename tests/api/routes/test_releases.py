"""Files and prompts handed in over HTTP, on a real site."""

import asyncio
import json
import threading
import time

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlalchemy import update
from starlette.requests import Request

from api.access.key import create_key, revoke_key
from api.app import create_app
from api.routes.releases import _tell
from provenance.errors import DatabaseUnavailableError
from provenance.storage.review_tables import JOBS
from tests.api.doors import Doorkeeper, as_
from tests.letters import letter
from tests.sites import encode, encode_undecodable, photograph

SAM, SUE, ADA = as_("submitter.1"), as_("submitter.2"), as_("auditor")


@pytest.fixture
def client(light):
    with TestClient(create_app(), raise_server_exceptions=False) as client:
        client.app.state.doorkeeper = Doorkeeper()
        yield client


@pytest.fixture(scope="module")
def picture():
    return encode(photograph(side=256))


@pytest.fixture(scope="module")
def flat():
    return encode(Image.new("RGB", (320, 320), (9, 99, 9)))


def hand_in(client, data, who=SAM, wait=60, **fields):
    return client.post(
        f"/v1/releases?wait={wait}", files={"file": ("a.jpg", data, "image/jpeg")}, data=fields, headers=who
    )


def test_a_form_with_a_file_is_released_while_one_waits(client, picture):
    answer = hand_in(
        client, picture, prompt="a cup of coffee", recipe=json.dumps({"model_name": "drawer 2", "seed": 7})
    )
    assert answer.status_code == 200, answer.text
    release = answer.json()
    assert (release["status"], release["final"], release["name"]) == ("released", True, "a.jpg")
    assert answer.headers["location"] == release["url"] == f"/v1/releases/{release['id']}"
    assert release["decision"]["outcome"] == "release"
    file = client.get(release["file"]["url"], headers=SAM)
    assert (file.status_code, file.headers["content-type"]) == (200, "image/jpeg")
    verified = client.post("/v1/verifications", content=file.content).json()
    assert (verified["state"], verified["asset_id"]) == ("consistent", release["id"])


def test_a_text_is_released_and_graded_over_http(light, monkeypatch):
    monkeypatch.setenv("CHOPMARK_MEDIA", "picture,text")
    with TestClient(create_app(), raise_server_exceptions=False) as client:
        client.app.state.doorkeeper = Doorkeeper()
        page = b"<p>" + letter() + b"</p><script>alert(1)</script>"
        answer = client.post("/v1/releases?wait=60", files={"file": ("a.html", page, "text/html")}, headers=SAM)
        release = answer.json()
        assert (answer.status_code, release["status"]) == (200, "released"), answer.text
        file = client.get(release["file"]["url"], headers=SAM)
        assert "script" not in file.text
        assert file.headers["content-type"].startswith("text/html")
        assert "sandbox" in file.headers["content-security-policy"]
        verified = client.post("/v1/verifications", content=file.content).json()
        assert (verified["state"], verified["grade"], verified["asset_id"]) == ("consistent", "exact", release["id"])
        quoted = client.post("/v1/verifications", content=file.content.replace(b"\n", b"\n ")).json()
        assert quoted["grade"] == "canonical"


def test_without_waiting_it_is_accepted_and_asked_about(client, picture):
    answer = hand_in(client, picture, wait=0)
    assert (answer.status_code, answer.headers["retry-after"]) == (202, "1")
    deadline = time.monotonic() + 60
    while not (now := client.get(answer.headers["location"], headers=SAM).json())["final"]:
        assert now["status"] in {"screening", "sealing", "publishing"}
        assert time.monotonic() < deadline
    assert now["status"] == "released"


def test_a_large_file_that_cannot_be_decoded_is_accepted_and_refused_with_a_problem_or_told_at_once(client):
    data = encode_undecodable()
    body = {"content": data, "headers": {**SAM, "Content-Type": "image/png"}}
    told = client.post("/v1/releases?wait=1", **body)
    assert (told.status_code, told.json()["title"]) == (422, "asset.undecodable")
    small = client.post("/v1/releases", content=encode_undecodable(64), headers=body["headers"])
    assert small.status_code == 422
    accepted = client.post("/v1/releases", **body)
    assert accepted.status_code == 202
    deadline = time.monotonic() + 60
    while not (now := client.get(accepted.headers["location"], headers=SAM).json())["final"]:
        assert time.monotonic() < deadline
    problem = {key: told.json()[key] for key in ("type", "title", "detail")}
    assert (now["status"], now["error"], now["problem"]) == ("blocked", "asset.undecodable", problem)
    assert (now["file"], now["appeal"]) == (None, None)
    assert client.get(f"/v1/assets/{now['id']}/file", headers=SAM).status_code == 404


def test_a_file_may_be_the_body_itself(client, picture):
    answer = client.post(
        "/v1/releases?wait=60&name=b.jpg", content=picture, headers={**SAM, "Content-Type": "image/jpeg"}
    )
    assert (answer.status_code, answer.json()["name"]) == (200, "b.jpg")


def test_a_prompt_alone_is_drawn(client):
    answer = client.post(
        "/v1/releases?wait=60", json={"prompt": "a red boat", "width": 256, "height": 256}, headers=SAM
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "released"
    described = client.get(f"/v1/assets/{answer.json()['id']}", headers=ADA).json()
    assert (described["submitter"], described["media_type"]) == ("id-submitter.1", "image/png")
    assert "boat" not in json.dumps(described)


def test_a_withheld_one_says_why_and_gives_no_bytes(client, picture):
    answer = client.post(
        "/v1/releases?wait=60",
        headers=SAM,
        data={"prompt": "poker chips at a casino, place your bets"},
        files={"file": ("a.jpg", picture, "image/jpeg")},
    )
    release = answer.json()
    assert (answer.status_code, release["status"], release["file"]) == (200, "held", None)
    assert release["decision"]["reasons"]
    for path in ("file", "manifest"):
        gone = client.get(f"/v1/assets/{release['id']}/{path}", headers=ADA)
        assert (gone.status_code, gone.json()["title"]) == (404, "asset.not_found")


def test_submitters_see_their_own_alone_and_no_tenant_sees_another(client, picture):
    own = hand_in(client, picture).json()["id"]
    other = hand_in(client, encode(photograph("rocket.jpg", 256)), who=SUE).json()["id"]
    assert [one["id"] for one in client.get("/v1/releases", headers=SAM).json()["items"]] == [own]
    assert {one["id"] for one in client.get("/v1/assets", headers=ADA).json()["items"]} == {own, other}
    for path in ("/v1/releases/{}", "/v1/releases/{}/events", "/v1/assets/{}/file", "/v1/assets/{}/manifest"):
        assert client.get(path.format(other), headers=SAM).status_code == 404
    assert client.post(f"/v1/assets/{other}/links", json={}, headers=SAM).status_code == 404
    assert client.get("/v1/assets", headers=SAM).status_code == 403
    assert client.get("/v1/releases").status_code == 401


def test_lists_are_paged_by_cursors(client, picture):
    ids = [hand_in(client, picture, wait=0).json()["id"] for _ in range(5)]
    ids.append(client.post("/v1/releases", json={"prompt": "a boat"}, headers=SAM).json()["id"])
    seen, cursor = [], ""
    while cursor is not None:
        page = client.get("/v1/releases", params={"limit": 2, "cursor": cursor}, headers=SAM).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next"]
    assert seen == sorted(ids, reverse=True)


def test_an_idempotency_key_is_one_release(client, picture):
    keyed = {**SAM, "Idempotency-Key": "order 7"}
    first, again = (hand_in(client, picture, who=keyed) for _ in range(2))
    assert first.json()["id"] == again.json()["id"]
    other = hand_in(client, encode(photograph("rocket.jpg", 256)), who=keyed)
    assert other.status_code in {409, 422}
    assert hand_in(client, picture, who={**SUE, "Idempotency-Key": "order 7"}).json()["id"] != first.json()["id"]
    drawn = [
        client.post("/v1/releases", json={"prompt": "a boat"}, headers={**SAM, "Idempotency-Key": "d"}) for _ in "ab"
    ]
    assert drawn[0].json()["id"] == drawn[1].json()["id"]
    assert client.post(
        "/v1/releases", json={"prompt": "a car"}, headers={**SAM, "Idempotency-Key": "d"}
    ).status_code in {409, 422}


def test_progress_is_told_by_events(client, picture):
    release = hand_in(client, picture, wait=0).json()
    events = client.get(f"{release['url']}/events", headers=SAM)
    assert events.headers["content-type"].startswith("text/event-stream")
    blocks = [dict(line.split(": ", 1) for line in block.split("\n")) for block in events.text.strip().split("\n\n")]
    assert blocks[-1]["event"] == "end"
    assert json.loads(blocks[-1]["data"])["status"] == "released"
    assert {one["event"] for one in blocks[:-1]} <= {"progress"}
    assert client.app.state.service.room.followers.held == 0


def test_whose_key_is_revoked_is_told_no_more(light, picture, monkeypatch):
    monkeypatch.setattr("api.routes.releases.KEEP_ALIVE_S", 0.0)
    monkeypatch.setattr("api.walking.Walkers.start", lambda *_: None)
    monkeypatch.setattr("api.walking.Walkers.build_placing", lambda *_: None)
    with TestClient(create_app(), raise_server_exceptions=False) as client:
        here = client.app.state.service.site.deployment
        key, token = create_key(here, name="a generator", roles=["submitter"])
        known = {"Authorization": f"Bearer {token}"}
        release = hand_in(client, picture, who=known, wait=0).json()
        headers = [(b"authorization", known["Authorization"].encode())]
        request = Request({"type": "http", "app": client.app, "headers": headers, "method": "GET", "path": "/"})

        async def follow():
            told = _tell(request, here, release["id"])
            heard = [await anext(told), await anext(told)]
            revoke_key(here, key.id)
            return heard, [one async for one in told]

        heard, afterwards = asyncio.run(follow())
    assert heard[0].startswith("event: progress")
    assert heard[1].startswith(":")
    assert afterwards == []


@pytest.mark.parametrize(("send", "status", "word"), [
    ({"json": {}}, 422, "prompt"),
    ({"json": {"prompt": "   "}}, 422, "prompt"),
    ({"json": {"prompt": "x", "colour": "red"}}, 422, "colour"),
    ({"json": {"prompt": "x", "packs": ["nonesuch"]}}, 422, "nonesuch"),
    ({"json": {"prompt": "x", "context": {"when": 1}}}, 422, "context"),
    ({"json": {"prompt": "x", "recipe": {"seed": 1}}}, 422, "recipe"),
    ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400, "JSON"),
    ({"content": b"--x\r\nnonsense", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}, 400, "form"),
    ({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, 400, "boundary"),
    ({"content": b"no picture"}, 415, "expected"),
    ({"data": {"prompt": "x", "context": "{"}, "files": {"file": b"x"}}, 422, "context"),
])  # fmt: skip
def test_what_cannot_be_served_is_told(client, send, status, word):
    answer = client.post("/v1/releases", **{**send, "headers": {**SAM, **send.get("headers", {})}})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert word in answer.text


def test_no_prompt_is_taken_from_an_address_or_told_in_an_error(client, picture):
    answer = client.post("/v1/releases?prompt=secretwords", content=picture, headers=SAM)
    assert answer.status_code == 422
    assert "secretwords" not in answer.text
    answer = client.post("/v1/releases", json={"prompt": "secretwords", "width": "wide"}, headers=SAM)
    assert (answer.status_code, "secretwords" in answer.text, "width" in answer.text) == (422, False, True)


def test_naming_a_pack_takes_none_away(client, picture):
    release = hand_in(client, picture, prompt="a casino with roulette", packs="eu-ai-act-50").json()
    assert (release["status"], sorted(release["decision"]["packs"])) == ("held", ["eu-ai-act-50", "light"])
    again = hand_in(client, picture, prompt="a casino with cards and roulette", packs="light").json()
    assert again["decision"]["packs"] == ["light"]


def test_what_lies_in_the_sensitive_queue_is_told_to_its_submitter_and_by_that_permission_alone(client, picture):
    released = hand_in(client, picture).json()["id"]
    held = hand_in(client, picture, prompt="a casino with roulette").json()["id"]
    with client.app.state.service.site.deployment.database.write() as connection:
        connection.execute(update(JOBS).where(JOBS.c.asset_id == held).values(is_sensitive=True))
    for who, sees in ((SAM, True), (as_("admin"), False)):
        shown = client.get(f"/v1/releases/{held}", headers=who)
        listed = [one["id"] for one in client.get("/v1/releases", headers=who).json()["items"]]
        assert (shown.status_code, held in listed) == ((200, True) if sees else (404, False)), who
        assert released in listed
    assert client.get(f"/v1/releases/{held}/events", headers=as_("admin")).status_code == 404


def test_what_is_accepted_stays_so_where_its_place_cannot_be_noted_now(client, picture, monkeypatch):
    def fail(*_):
        asked_in.append(threading.current_thread())
        raise DatabaseUnavailableError("busy")

    asked_in = []
    monkeypatch.setattr(client.app.state.service.walkers, "start", fail)
    answer = hand_in(client, picture, wait=0)
    assert answer.status_code == 202, answer.text
    assert client.get(answer.headers["location"], headers=SAM).json()["status"] == "screening"
    assert "AnyIO worker" in asked_in[0].name


@pytest.fixture
def with_clips(light, monkeypatch):
    monkeypatch.setenv("CHOPMARK_MEDIA", "picture,video")
    with TestClient(create_app(), raise_server_exceptions=False) as client:
        client.app.state.doorkeeper = Doorkeeper()
        yield client


SMALL_CLIP = {"seconds": 1, "side": 180, "rate": 12, "particles": 0}


def test_a_picture_is_animated_and_the_clip_goes_on_by_its_id(with_clips, picture):
    client = with_clips
    made = hand_in(client, picture, prompt="a cup of coffee", animate=json.dumps(SMALL_CLIP))
    release = made.json()
    assert (made.status_code, release["status"], release["name"]) == (200, "released", "a.mp4"), made.text
    assert release["file"]["media_type"] == "video/mp4"
    order = {"extend": {"of": release["id"], "seconds": 1, "particles": 0}}
    longer = client.post("/v1/releases?wait=60", json=order, headers={**SAM, "Idempotency-Key": "go-on"})
    assert (longer.status_code, longer.json()["name"]) == (200, "a-extended.mp4"), longer.text
    again = client.post("/v1/releases?wait=60", json=order, headers={**SAM, "Idempotency-Key": "go-on"})
    assert again.json()["id"] == longer.json()["id"]
    file = client.get(longer.json()["file"]["url"], headers=SAM)
    verified = client.post("/v1/verifications", content=file.content).json()
    assert (verified["state"], verified["asset_id"]) == ("consistent", longer.json()["id"])


@pytest.mark.parametrize(
    ("order", "who", "status", "told"),
    [
        ({"animate": {}}, SAM, 422, "got neither"),
        ({"animate": {"of": "none"}}, SAM, 404, "none"),
        ({"animate": {"of": "none", "seconds": 170}}, SAM, 422, "at most 60"),
        ({"animate": {"of": "none", "move": "spin"}}, SAM, 422, "animate.move"),
        ({"extend": {"of": "none", "say": ["x"]}}, SAM, 422, "extend.say"),
    ],
)
def test_a_clip_that_cannot_be_ordered_is_told(with_clips, order, who, status, told):
    answer = with_clips.post("/v1/releases", json=order, headers=who)
    assert (answer.status_code, told in answer.text) == (status, True), answer.text


def test_nobody_makes_a_clip_of_what_is_anothers_or_was_not_released(with_clips, picture):
    mine = hand_in(with_clips, picture).json()["id"]
    assert with_clips.post("/v1/releases", json={"animate": {"of": mine}}, headers=SUE).status_code == 404
    held = with_clips.post(
        "/v1/releases?wait=60",
        files={"file": ("b.jpg", picture)},
        data={"prompt": "a soldier with a rifle"},
        headers=SAM,
    ).json()
    if held["status"] != "released":
        assert with_clips.post("/v1/releases", json={"animate": {"of": held["id"]}}, headers=SAM).status_code == 404


def test_a_site_of_pictures_alone_says_that_it_makes_no_clips(client, picture):
    answer = hand_in(client, picture, animate=json.dumps(SMALL_CLIP))
    assert (answer.status_code, "picture,video" in answer.text) == (422, True)
