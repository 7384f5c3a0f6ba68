import asyncio

import pytest
import structlog
from starlette.requests import ClientDisconnect
from structlog.testing import capture_logs

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
