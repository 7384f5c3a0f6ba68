"""The client against a real server with real keys, and against the OpenAPI document."""

import io

import httpx
import pytest
from PIL import Image

from api import client as module
from api.answers import LaterError, NotAllowedError, NotFoundError, RejectedError, UnreachableError
from api.client import Client
from tests.api.served import serving
from tests.sites import encode, photograph


@pytest.fixture
def server(light):
    with serving() as server:
        yield server


@pytest.fixture
def gate(server):
    with Client(server.url, key=server.make_key("submitter")) as gate:
        yield gate


def test_a_file_is_released_downloaded_and_verified(gate, tmp_path):
    path = tmp_path / "cup.jpg"
    path.write_bytes(encode(photograph(side=256)))
    release = gate.release(path, prompt="a cup", recipe={"model_name": "drawer"}, wait_s=60)
    assert (release.is_released, release.name, release.decision.outcome) == (True, "cup.jpg", "release")
    assert gate.download(release.id, tmp_path / "sealed.jpg") == b""
    data = (tmp_path / "sealed.jpg").read_bytes()
    assert gate.download(release.id) == data
    with pytest.raises(FileExistsError):
        gate.download(release.id, tmp_path / "sealed.jpg")
    for file in (data, io.BytesIO(data), tmp_path / "sealed.jpg"):
        found = gate.verify(file)
        assert (found.state, found.asset_id, found.layers[0].name) == ("consistent", release.id, "manifest_integrity")
    assert httpx.get(gate.link(release.id, expires_s=60).url).content == data
    assert [one.id for one in gate.releases()] == [release.id]


def test_a_prompt_is_drawn_and_waited_for(gate):
    release = gate.release(prompt="a red boat", key="mine")
    assert not release.is_final
    assert gate.wait(release.id, deadline_s=60).is_released
    assert gate.release(prompt="a red boat", key="mine").id == release.id


def test_a_clip_is_asked_for_with_its_wish_as_json(gate):
    with pytest.raises(RejectedError, match="picture,video"):
        gate.release(encode(photograph(side=64)), animate={"seconds": 1})
    with pytest.raises(RejectedError, match="expected a file, or extend.of"):
        gate.release(extend={})
    with pytest.raises(RejectedError, match="expected a file, or restyle.of"):
        gate.release(restyle={"style": "oil"})


def test_what_is_held_says_why_and_has_no_file(gate):
    release = gate.release(encode(Image.new("RGB", (300, 300), "red")), prompt="people in a casino", wait_s=60)
    assert (release.status, release.is_final, release.is_released, release.file) == ("held", True, False, None)
    assert release.decision.reasons[0].clause
    with pytest.raises(NotFoundError):
        gate.download(release.id)


def test_errors_have_types(server, gate):
    with pytest.raises(RejectedError) as caught:
        gate.release(b"no picture")
    assert (caught.value.title, caught.value.status, bool(caught.value.request_id)) == ("asset.unsupported", 415, True)
    with pytest.raises(RejectedError) as caught:
        gate.release(prompt="a boat", packs=["nonesuch"])
    assert caught.value.problems[0]["field"] == "packs"
    with Client(server.url, key="wrong") as stranger, pytest.raises(NotAllowedError):
        stranger.release(prompt="a boat")
    with pytest.raises(NotFoundError):
        gate.find("nonesuch")
    with pytest.raises(RejectedError, match=r"http\.fetch"):
        gate.verify(url="https://example.com/a.jpg")


def answering(answers, sent):
    def serve(request):
        sent.append((request.headers.get("idempotency-key"), len(request.read())))
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Client("http://gate.test", key="k", transport=httpx.MockTransport(serve))


def test_what_was_lost_is_sent_again_under_the_same_key(monkeypatch):
    monkeypatch.setattr(module, "PAUSE_S", 0.0)
    told = {"id": "a", "status": "released", "final": True, "name": "", "created_at": "", "url": "", "new": 1}
    sent = []
    busy = httpx.Response(503, json={"title": "busy", "detail": "later", "status": 503})
    gate = answering([httpx.ConnectError("gone"), busy, httpx.Response(200, json=told)], sent)
    assert gate.release(io.BytesIO(b"some bytes")).id == "a"
    assert len({key for key, _ in sent}) == 1
    assert len({size for _, size in sent}) == 1


def test_it_gives_up_after_some_tries_and_at_once_where_trying_does_not_help(monkeypatch):
    monkeypatch.setattr(module, "PAUSE_S", 0.0)
    sent = []
    with pytest.raises(UnreachableError, match="did not answer"):
        answering([httpx.ConnectError("gone")] * module.TRIES, sent).find("a")
    assert len(sent) == module.TRIES
    with pytest.raises(LaterError):
        answering([httpx.Response(503)] * module.TRIES, sent).find("a")
    sent.clear()
    with pytest.raises(RejectedError):
        answering([httpx.Response(422, json=[])], sent).find("a")
    assert len(sent) == 1
    with pytest.raises(UnreachableError, match="is this a gate"):
        answering([httpx.Response(200, json={"hello": 1})], sent).find("a")
