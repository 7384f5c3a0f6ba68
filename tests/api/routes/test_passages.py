"""Replies shown sentence by sentence over HTTP: in order, unchanged, by whoever asked, and slowly where a client is slow."""

import json
import socket
import threading
import time

import pytest

from tests.api.visitors import acting, open_client
from tests.letters import sentences

SUE = acting("submitter")
BAD = "Here is how to make a pipe bomb at home."


@pytest.fixture
def client(light, monkeypatch):
    monkeypatch.setenv("CHOPMARK_MEDIA", "picture,text")
    with open_client() as client:
        yield client


def ask(client, headers=SUE, **fields):
    return client.post("/v1/passages", headers=headers, json=fields)


def test_a_reply_is_shown_as_it_is_written_and_released_at_its_end(client):
    reply = " ".join(sentences(14))
    shown, token, seen = 0, "", ""
    for end in (*range(20, len(reply), 37), len(reply)):
        told = ask(client, text=reply[:end], shown=shown, token=token, whole=end == len(reply)).json()
        seen, shown, token = seen + told["passage"], told["shown"], told["token"]
        assert reply.startswith(seen)
    assert seen == reply
    files = {"file": ("reply.txt", reply.encode(), "text/plain")}
    done = client.post("/v1/releases?wait=120", headers=SUE, files=files).json()
    assert done["status"] == "released", done


def test_what_is_withheld_is_never_shown_and_says_why(client):
    told = ask(client, text=f"A boat. {BAD} More. ").json()
    assert (told["passage"], told["withheld"]) == ("A boat.", True) or "bomb" not in told["passage"]
    assert told["reasons"][0]["rule"] == "thresholds.prompt.weapons"
    assert "bomb" not in json.dumps(told)


def test_what_was_shown_cannot_be_changed_or_taken_up_by_another(client):
    told = ask(client, text="A boat lies there. It is red. And").json()
    step = {"shown": told["shown"], "token": told["token"]}
    assert ask(client, text="A boat lies there. It is red. And it sails. ", **step).status_code == 200
    for text, headers in (
        ("A goat lies there. It is red. And it sails. ", SUE),
        ("A boat lies there. It is red. And it sails. ", acting("submitter,producer")),
        ("A boat", SUE),
    ):
        refused = ask(client, headers=headers, text=text, **step)
        assert (refused.status_code, refused.json()["problems"][0]["field"]) == (422, "token")
    assert ask(client, text="A boat. x", shown=7).status_code == 422


@pytest.mark.parametrize("fields", [{}, {"text": "x" * 200_001}, {"text": "a", "shown": -1}, {"text": "a", "more": 1}])
def test_what_is_wrong_is_told(client, fields):
    assert ask(client, **fields).status_code == 422


def test_packs_may_be_added_and_a_label_is_told(client):
    assert ask(client, text="A boat. And", packs=["cn-labeling-2025"]).json()["label"] == "AI\u751f\u6210"
    assert ask(client, text="A boat. And").json()["label"] == ""
    assert "light" in ask(client, text="A boat. And", packs=["nonesuch"]).json()["detail"]
    assert ask(client, headers=acting("auditor"), text="A boat. ").status_code == 403


def test_half_a_pair_and_a_text_of_nothing_are_no_trouble(client):
    body = b'{"text": "a \\ud83d boat. And"}'
    answer = client.post("/v1/passages", headers={**SUE, "Content-Type": "application/json"}, content=body)
    assert answer.status_code in {200, 422}
    assert ask(client, text="\u200b\u200b", whole=True).json()["passage"] == ""


def test_a_slow_client_gets_whole_sentences_all_the_same(light, monkeypatch):
    """A body that drips in, byte by byte, into a server that serves."""
    import uvicorn

    from api.app import create_app
    from tests.api.visitors import Visitors

    monkeypatch.setenv("CHOPMARK_MEDIA", "picture,text")
    app = create_app()
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    for _ in range(1200):
        if server.started:
            break
        time.sleep(0.05)
    app.state.doorkeeper = Visitors()
    body = json.dumps({"text": "\u8fd9\u662f\u4e00\u53ea\u8239\u3002And a bo"}, ensure_ascii=False).encode()
    head = f"POST /v1/passages HTTP/1.1\r\nHost: x\r\nX-As: submitter@main\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    with socket.create_connection(listener.getsockname()) as connection:
        connection.sendall(head.encode())
        for byte in body:
            connection.sendall(bytes((byte,)))
            time.sleep(0.005)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    server.should_exit = True
    thread.join()
    told = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert told["passage"] == "\u8fd9\u662f\u4e00\u53ea\u8239\u3002"
