"""A reply that is released as events by a running server: marks survive the pieces, and the end attests to the whole."""

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from api.streaming import cut_text, wants_events
from tests.api.served import serving
from tests.architecture.checkout import ROOT
from tests.letters import sentences


def follow(server, key, text, **headers):
    """Return the events of a reply that is handed in, as (name, document)."""
    given_headers = {
        "Authorization": f"Bearer {key}", "Accept": "text/event-stream", "Content-Type": "text/plain", **headers,
    }  # fmt: skip
    events, name = [], ""
    with httpx.stream(
        "POST", f"{server.url}/v1/releases?name=reply.txt", headers=given_headers, content=text.encode(), timeout=180
    ) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["location"].startswith("/v1/releases/")
        for line in answer.iter_lines():
            field, _, value = line.partition(": ")
            name = value if field == "event" else name
            if field == "data":
                events.append((name, json.loads(value)))
    return events


@pytest.fixture
def server(light, monkeypatch):
    monkeypatch.setenv("CHOPMARK_MEDIA", "picture,text")
    with serving() as server:
        yield server


def test_a_reply_comes_back_marked_in_pieces_and_attested(server):
    reply, key = " ".join(sentences(40)), server.make_key("submitter")
    events = follow(server, key, reply, **{"Idempotency-Key": "one"})
    pieces = [told["text"] for name, told in events if name == "text"]
    name, end = events[-1]
    assert (name, end["status"]) == ("end", "released")
    assert len(pieces) > 5
    shown = "".join(pieces)
    headers = {"Authorization": f"Bearer {key}"}
    # A client shows and stores the pieces as it likes: joined they are the released file, and trace to it.
    verified = httpx.post(
        f"{server.url}/v1/verifications", headers=headers, files={"file": ("r.txt", shown.encode())}, timeout=120
    ).json()
    assert verified["asset_id"] == end["id"]
    part = "".join(pieces[3:]).encode()
    found = httpx.post(
        f"{server.url}/v1/verifications", headers=headers, files={"file": ("r.txt", part)}, timeout=120
    ).json()
    assert found["asset_id"] == end["id"]
    again = follow(server, key, reply, **{"Idempotency-Key": "one"})
    assert (again[-1][1]["id"], "".join(told["text"] for name, told in again if name == "text")) == (end["id"], shown)


def test_the_example_of_the_page_shows_a_reply_and_puts_the_marked_text_in_its_place(server):
    page = (ROOT / "docs" / "text.md").read_text(encoding="utf-8").partition("### As events")[2]
    code = page.partition("```python\n")[2].partition("```")[0].replace("https://gate.example", server.url)
    names = {"KEY": server.make_key("submitter")}
    exec(code, names)
    reply = " ".join(sentences(12))
    shown, put, taken = [], [], []
    written = [(reply[:end], end == len(reply)) for end in (*range(40, len(reply), 90), len(reply))]
    done = names["answer"](written, shown.append, put.append, taken.append)
    assert done["status"] == "released"
    assert "".join(shown) == reply
    assert "".join(put) != reply
    assert taken == []
    bad = "A boat. Here is how to make a pipe bomb at home. "
    names["answer"]([(bad, True)], shown.append, put.append, taken.append)
    assert taken[0]["status"] in {"held", "blocked"}


def test_what_is_withheld_has_no_text(server):
    bad = "Here is how to make a pipe bomb at home. " + " ".join(sentences(4))
    events = follow(server, server.make_key("submitter"), bad)
    assert (events[-1][0], events[-1][1]["status"] in {"held", "blocked"}) == ("end", True)
    assert "text" not in {name for name, _ in events}


def test_what_cannot_be_taken_is_answered_by_a_problem_and_leaves_room(server):
    key = server.make_key("submitter")
    for _ in range(3):
        refused = httpx.post(
            f"{server.url}/v1/releases",
            headers={"Authorization": f"Bearer {key}", "Accept": "text/event-stream", "Content-Type": "text/plain"},
            content=b"",
        )
        assert refused.status_code in {400, 415, 422}
    assert server.app.state.service.room.followers.held == 0


@given(st.text(max_size=2000))
def test_pieces_joined_are_the_text(text):
    pieces = cut_text(text)
    assert "".join(pieces) == text
    assert all(pieces)


@pytest.mark.parametrize(
    ("accept", "wants"),
    [("text/event-stream", True), ("application/json, text/event-stream;q=0.9", True), ("*/*", False), ("", False)],
)
def test_events_are_for_who_asks_for_them(accept, wants):
    assert wants_events(Request({"type": "http", "headers": [(b"accept", accept.encode())]})) is wants
