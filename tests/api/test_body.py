import asyncio
import inspect

import pytest
from fastapi.testclient import TestClient

from api import body
from api.access.survey import list_routes
from api.app import create_app
from api.body import MOST_BYTES, TAKES_FILES
from api.edge import Edge

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "multipart/form-data; boundary=x"}
OPENING = b'--x\r\ncontent-disposition: form-data; name="outcome"; filename="a"\r\n\r\n'


@pytest.fixture(scope="module")
def client():
    return TestClient(create_app(), raise_server_exceptions=False)


@pytest.mark.parametrize(("path", "kind"), [
    ("/v1/keys", JSON), ("/v1/webhooks", JSON), ("/desk/jobs/x/decide", FORM), ("/appeals/x", FORM),
])  # fmt: skip
@pytest.mark.parametrize("is_declared", [True, False])
def test_a_long_body_is_not_read_before_it_is_asked_who_sends_it(client, path, kind, is_declared):
    sent = OPENING + bytes(MOST_BYTES) if kind is FORM else b'"' + b"x" * MOST_BYTES
    parts = sent if is_declared else iter([sent[:1000], sent[1000:]])
    answer = client.post(path, content=parts, headers=kind)
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
    assert (answer.headers["connection"], answer.json()["title"]) == ("close", "asset.too_large")


def test_the_form_reader_in_front_is_bounded_too(client):
    client.cookies.set("chopmark_session", "x")
    try:
        assert client.post("/desk/jobs/x/decide", content=OPENING + bytes(MOST_BYTES), headers=FORM).status_code == 413
    finally:
        client.cookies.clear()


def serve(app, messages, path="/v1/keys"):
    """Return the status of what was sent by an application that is sent these messages, and then nothing more."""
    sent, coming = [], iter(messages)

    async def receive():
        return next(coming, None) or await asyncio.sleep(60)

    async def send(message):
        sent.append(message)

    asyncio.run(Edge(app)({"type": "http", "method": "POST", "path": path, "headers": []}, receive, send))
    return sent[0]["status"]


async def read_all(_scope, receive, send):
    """Read as frameworks do, and take whatever is raised for a body that is none."""
    status = 200
    try:
        while (await receive()).get("more_body"):
            pass
    except Exception:
        status = 400
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})


PART = {"type": "http.request", "body": b"x", "more_body": True}
LAST = {"type": "http.request", "body": b"x" * (MOST_BYTES - 1), "more_body": False}


def test_what_comes_too_slowly_is_ended(monkeypatch):
    monkeypatch.setattr(body, "TOTAL_S", 0.01)
    assert serve(read_all, [PART]) == 408
    assert serve(read_all, [PART, LAST]) == 200


def test_routes_that_take_files_bound_them_themselves():
    assert serve(read_all, [PART, PART, LAST]) == 413
    assert serve(read_all, [PART, PART, LAST], path="/v1/releases") == 200


def test_every_route_that_takes_files_is_on_the_list_and_no_other():
    app = create_app()
    described = app.openapi()["paths"]
    found = set()
    for route in list_routes(app.routes):
        kinds = described.get(route.path, {}).get("post", {}).get("requestBody", {}).get("content", {})
        takes_files = any(not kind.endswith(("/json", "/x-www-form-urlencoded")) for kind in kinds)
        if "POST" in route.methods and (takes_files or "uploads.hold" in inspect.getsource(route.endpoint)):
            found.add(route.path)
    assert found == TAKES_FILES
