import asyncio

import pytest
import structlog
from fastapi.testclient import TestClient
from starlette.requests import ClientDisconnect
from structlog.testing import capture_logs

from api.app import create_app
from api.edge import SECURITY_HEADERS, Edge

SCOPE = {"type": "http", "method": "POST", "path": "/v1/verify", "headers": []}


def served(app, scope=SCOPE):
    """Return what was sent, and what was logged."""
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.disconnect"}

    # The command line, had it run before, would have told the log to be quiet.
    structlog.reset_defaults()
    with capture_logs() as logs:
        asyncio.run(Edge(app)(scope, receive, send))
    return sent, logs


def headers_of(message):
    return {name.decode(): value.decode() for name, value in message["headers"]}


def test_every_answer_has_the_headers_and_keeps_its_own():
    async def app(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"cache-control", b"public")]})
        await send({"type": "http.response.body", "body": b"x"})

    sent, _ = served(app)
    headers = headers_of(sent[0])
    assert {name: headers[name.lower()] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert headers["cache-control"] == "public"


def test_what_nobody_foresaw_is_a_problem_without_a_trace():
    async def app(*_):
        raise KeyError("secret")

    sent, logs = served(app)
    assert (sent[0]["status"], headers_of(sent[0])["x-frame-options"]) == (500, "DENY")
    assert headers_of(sent[0])["content-type"] == "application/problem+json"
    assert b"secret" not in sent[1]["body"]
    assert [(log["kind"], log["place"].startswith("test_edge.py")) for log in logs] == [("KeyError", True)]


def test_a_second_answer_is_not_begun():
    async def app(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise KeyError

    assert [message["type"] for message in served(app)[0]] == ["http.response.start"]


def test_what_a_server_that_stops_waits_for_no_longer_is_answered():
    """As uvicorn does it once its time to stop is over: else the client is told of an error of ours, without a type."""
    sent = []

    async def app(*_):
        await asyncio.sleep(60)

    async def stop():
        async def send(message):
            sent.append(message)

        request = asyncio.ensure_future(Edge(app)(SCOPE, None, send))
        await asyncio.sleep(0)
        request.cancel()
        await request

    asyncio.run(stop())
    headers = headers_of(sent[0])
    assert (sent[0]["status"], headers["connection"], headers["retry-after"]) == (503, "close", "5")
    assert b'"title":"stopping"' in sent[1]["body"]


def test_a_client_that_has_gone_is_no_error():
    async def app(*_):
        raise ClientDisconnect

    sent, logs = served(app)
    assert (sent, [log["log_level"] for log in logs]) == ([], ["info"])


def test_what_is_no_request_goes_through():
    async def app(*_):
        raise LookupError

    with pytest.raises(LookupError):
        served(app, {"type": "lifespan"})


def test_an_answer_its_problem_and_the_log_have_the_requests_id(light):
    structlog.reset_defaults()
    with TestClient(create_app()) as client, capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        answer = client.get("/v1/releases", headers={"X-Request-Id": "mine-7"})
        assert (answer.status_code, answer.headers["x-request-id"]) == (401, "mine-7")
        assert answer.json()["instance"] == "urn:chopmark:request:mine-7"
        fresh = client.get("/healthz", headers={"X-Request-Id": "bad id"}).headers["x-request-id"]
    assert len(fresh) == 32
    named = [log for log in logs if log.get("request_id") == "mine-7"]
    assert {log["event"] for log in named} == {"request failed", "request"}
    assert next(log for log in named if log["event"] == "request")["route"] == "/v1/releases"


def test_head_is_get_without_its_body_and_options_says_what_there_is(light):
    with TestClient(create_app()) as client:
        told, head = client.get("/healthz"), client.head("/healthz")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == told.headers["content-length"]
        options = client.options("/v1/releases")
        assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
        refused = client.delete("/v1/releases")
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")
        assert client.options("/nonesuch").status_code == 404
