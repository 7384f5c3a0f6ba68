import re
from typing import Annotated

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from api.access.cookie import PLAIN
from api.access.doorkeeper import Doorkeeper
from api.access.forgery import PEEK_BYTES, FormReader, build_csrf_token
from api.access.guard import require
from api.access.identity import Actor, Permission, Role
from api.desk.frame import TEMPLATES
from api.errors import install_handlers
from api.settings import load_settings
from tests.api.signing_in import make_key, make_person, open_for

ORIGIN = "http://testserver"


@pytest.fixture
def app(small, tmp_path):
    app = FastAPI()
    install_handlers(app)
    app.add_middleware(FormReader)
    app.state.doorkeeper = Doorkeeper(small.database, load_settings(home=tmp_path, http={"origin": ORIGIN}))

    @app.api_route("/", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    async def echo(request: Request, _: Annotated[Actor, require(Permission.RELEASE)]) -> int:
        return len(await request.body())

    return app


@pytest.fixture
def token(small):
    return open_for(small, make_person(small, Role.SUBMITTER))


@pytest.fixture
def client(app, token):
    client = TestClient(app)
    client.cookies.set(PLAIN, token)
    return client


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_session_alone_changes_nothing(client, token, method):
    assert client.get("/").status_code == 200
    assert client.request(method, "/").json()["title"] == "access.forged"
    assert client.request(method, "/", headers={"X-CSRF-Token": build_csrf_token("another")}).status_code == 403
    assert client.request(method, "/", headers={"X-CSRF-Token": build_csrf_token(token)}).status_code == 200


def test_a_form_carries_it_in_either_spelling_and_comes_through_whole(client, token):
    good, wrong = build_csrf_token(token), build_csrf_token("another")
    body = f"a=1&csrf_token={good}&b=%26csrf_token%3Dx".encode()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/", content=body, headers=kind).json() == len(body)
    assert client.post("/", data={"csrf_token": wrong}).status_code == 403
    assert client.post("/", data={"x": f"&csrf_token={good}"}).status_code == 403
    file = {"file": ("a.bin", bytes(3_000_000))}
    assert client.post("/", data={"csrf_token": good}, files=file).json() > 3_000_000
    assert client.post("/", data={"csrf_token": wrong}, files=file).status_code == 403
    assert client.post("/", files=file).status_code == 403


@pytest.mark.parametrize("size", [1, 7, 40, 100])
def test_it_is_found_however_the_body_is_cut(client, token, size):
    body = f"a={'x' * 50}&csrf_token={build_csrf_token(token)}&b={'y' * 50}".encode()
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/", content=iter(pieces), headers=kind).json() == len(body)


def test_it_has_to_stand_at_the_front(client, token):
    body = f"a={'x' * PEEK_BYTES}&csrf_token={build_csrf_token(token)}".encode()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    pieces = (body[at : at + 4096] for at in range(0, len(body), 4096))
    assert client.post("/", content=pieces, headers=kind).status_code == 403


@pytest.mark.parametrize(("headers", "status"), [
    ({"Sec-Fetch-Site": "same-origin"}, 200), ({"Sec-Fetch-Site": "none"}, 200), ({"Origin": ORIGIN}, 200),
    ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Sec-Fetch-Site": "same-site"}, 403), ({"Origin": "null"}, 403),
    ({"Origin": "http://testserver.evil.example"}, 403), ({"Sec-Fetch-Site": "same-origin", "Origin": "http://evil"}, 403),
])  # fmt: skip
def test_another_site_is_refused_even_with_the_token(client, token, headers, status):
    assert client.post("/", data={"csrf_token": build_csrf_token(token)}, headers=headers).status_code == status


def test_a_programs_key_needs_none_and_a_session_beside_it_does_not_count(client, app, small):
    key = make_key(small, Role.SUBMITTER)
    assert client.post("/", headers=key).status_code == 200
    assert client.post("/", headers={"Authorization": "Bearer nonsense"}).status_code == 401
    assert TestClient(app).post("/", headers={**key, "Origin": "https://app.example"}).status_code == 200


def test_the_token_is_another_for_each_session_and_does_not_tell_it(token):
    assert build_csrf_token(token) != build_csrf_token(f"{token}x")
    assert token not in build_csrf_token(token)


PATHS = sorted(TEMPLATES.glob("*.html"))


@pytest.mark.parametrize("path", PATHS, ids=[path.name for path in PATHS])
def test_every_form_of_the_desk_that_sends_carries_it(path):
    """Forms of who is not signed in have no session to act with, and are named here."""
    if path.name.startswith("sign_in") or path.name in PUBLIC:
        return
    text = path.read_text(encoding="utf-8")
    macros = re.findall(r"{% macro (\w+)\([^)]*\) %}((?:(?!endmacro).)*)", text, re.DOTALL)
    carrying = ("csrf()", *(f"{name}(" for name, body in macros if "csrf()" in body))
    forms = re.findall(r"<form[^>]*method=\"post\".*?</form>", text, re.DOTALL)
    assert [form[:120] for form in forms if not any(call in form for call in carrying)] == []


PUBLIC = {"verify.html", "appeal.html", "appeals_link.html"}
