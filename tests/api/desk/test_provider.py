"""A browser signs in at a provider that is real: its own server, its own keys, its own form."""

import base64
import hashlib
import threading
from urllib.parse import parse_qs, urlsplit

import flask
import httpx
import oidc_provider_mock
import pytest
import werkzeug.serving
from fastapi.testclient import TestClient

from api.access.identity import Role
from api.access.person import add_person, find_person
from api.app import create_app


class Honest:
    """The provider of oidc-provider-mock, which also holds browsers to their proofs (RFC 7636)."""

    def __init__(self):
        users = [
            oidc_provider_mock.User(sub="sub-ada", claims={"name": "Ada", "email": "ada@example.org", "email_verified": True, "groups": ["media"]}),
            oidc_provider_mock.User(sub="sub-eve", claims={"name": "Eve", "email": "eve@example.org", "email_verified": True, "groups": []}),
        ]  # fmt: skip
        app = oidc_provider_mock.app(require_nonce=True, user_claims=users)
        app.before_request(self.hold_to_proof)
        self.challenge = ""
        self.server = werkzeug.serving.make_server("127.0.0.1", 0, app, threaded=True)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def hold_to_proof(self):
        if flask.request.path == "/oauth2/authorize":
            assert flask.request.args["code_challenge_method"] == "S256"
            self.challenge = flask.request.args["code_challenge"]
        if flask.request.path == "/oauth2/token":
            digest = hashlib.sha256(flask.request.form["code_verifier"].encode()).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != self.challenge:
                flask.abort(400)

    def consent(self, address, subject):
        """Choose an account in the provider's form; return where it leads."""
        done = httpx.post(address, data={"sub": subject} if subject else {"action": "deny"})
        return done.headers["location"]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture(scope="module")
def honest():
    made = Honest()
    yield made
    made.close()


@pytest.fixture
def client(home, honest, monkeypatch):
    for name, value in {
        "ISSUER": honest.issuer,
        "CLIENT_ID": "gate",
        "CLIENT_SECRET": "s3cret",
        "NAME": "Example ID",
    }.items():
        monkeypatch.setenv(f"CHOPMARK_ACCESS__OIDC__{name}", value)
    with TestClient(create_app(), follow_redirects=False) as client:
        client.headers["accept"] = "text/html"
        yield client


@pytest.fixture
def here(client):
    return client.app.state.service.site.deployment


def come_back(client, location):
    parts = urlsplit(location)
    assert parts.path == "/sign-in/provider/callback"
    return client.get(f"{parts.path}?{parts.query}")


def sign_in(client, honest, subject, to="/desk?from=mail"):
    assert "Sign in with Example ID" in client.get("/sign-in").text
    away = client.get("/sign-in/provider", params={"next": to})
    assert away.status_code == 303
    assert away.headers["location"].startswith(honest.issuer)
    return come_back(client, honest.consent(away.headers["location"], subject))


def test_who_was_added_signs_in_and_is_led_to_where_they_wanted_to_go(client, honest, here):
    add_person(here, name="Ada Lovelace", roles=[Role.MODERATOR], email="ada@example.org")
    done = sign_in(client, honest, "sub-ada")
    assert (done.status_code, done.headers["location"]) == (303, "/desk?from=mail")
    assert "Ada Lovelace" in client.get("/desk").text
    assert sign_in(client, honest, "sub-ada", to="https://evil.example").headers["location"] == "/desk"


def test_who_was_not_added_is_told_whom_to_ask(client, honest, here):
    done = sign_in(client, honest, "sub-eve")
    assert done.status_code == 403
    assert "Ask an admin" in done.text
    assert client.get("/desk").status_code == 303


def test_who_does_not_consent_is_not_let_in(client, honest):
    assert sign_in(client, honest, "").status_code == 403


def test_an_answer_that_another_browser_was_sent_for_is_refused(client, honest, here):
    """Whoever is led to an attacker's answer would sign in as the attacker."""
    add_person(here, name="Ada", roles=[Role.MODERATOR], email="ada@example.org")
    away = client.get("/sign-in/provider")
    location = honest.consent(away.headers["location"], "sub-ada")
    client.cookies.clear()
    assert come_back(client, location).status_code == 403
    client.get("/sign-in/provider")
    assert come_back(client, location).status_code == 403
    assert client.get("/desk").status_code == 303


def test_an_answer_counts_once(client, honest, here):
    add_person(here, name="Ada", roles=[Role.MODERATOR], email="ada@example.org")
    away = client.get("/sign-in/provider")
    location = honest.consent(away.headers["location"], "sub-ada")
    state = parse_qs(urlsplit(location).query)["state"][0]
    assert come_back(client, location).status_code == 303
    client.cookies.clear()
    client.cookies.set("chopmark_flow", state)
    assert come_back(client, location).status_code == 403


def test_groups_of_the_provider_give_roles(home, honest, monkeypatch):
    settings = {
        "ISSUER": honest.issuer,
        "CLIENT_ID": "gate",
        "CLIENT_SECRET": "s3cret",
        "ROLES_CLAIM": "groups",
        "ROLES": '{"media": ["moderator"]}',
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"CHOPMARK_ACCESS__OIDC__{name}", value)
    monkeypatch.setenv("CHOPMARK_ACCESS__OIDC__NAME", "Example ID")
    with TestClient(create_app(), follow_redirects=False) as client:
        assert sign_in(client, honest, "sub-ada").status_code == 303
        assert find_person(client.app.state.service.site.deployment, "Ada").roles == {Role.MODERATOR}
        client.cookies.clear()
        assert sign_in(client, honest, "sub-eve").status_code == 403


def test_a_site_without_one_has_no_way_to_it(home):
    with TestClient(create_app(), follow_redirects=False) as client:
        assert client.get("/sign-in/provider").status_code == 404
        assert "/sign-in/provider" not in client.get("/sign-in").text
