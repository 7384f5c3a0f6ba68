"""Against a provider that is crooked in one way at a time; tests/api/desk/test_provider.py signs in at an honest one."""

import base64
import json
import threading
import time
from urllib.parse import parse_qs, urlsplit

import flask
import pytest
import werkzeug.serving
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey
from pydantic import SecretStr

from api.access.provider import Provider
from api.access.refusals import ProviderError
from api.access_settings import OidcSettings

ORIGIN = "http://127.0.0.1:8600"


class Crooked:
    """A provider that signs whatever a test wants."""

    def __init__(self):
        self.key = self.signer = ECKey.generate_key("P-256", {"kid": "1"})
        self.header, self.changes, self.described, self.userinfo = {"alg": "ES256", "kid": "1"}, {}, {}, None
        self.asked = []
        app = flask.Flask("crooked")
        app.add_url_rule("/.well-known/openid-configuration", view_func=self.describe)
        app.add_url_rule("/jwks", "keys", view_func=lambda: KeySet([self.key]).as_dict(private=False))
        app.add_url_rule("/token", view_func=self.give_token, methods=["POST"])
        app.add_url_rule("/userinfo", "userinfo", view_func=lambda: self.userinfo or {})
        self.server = werkzeug.serving.make_server("127.0.0.1", 0, app, threaded=True)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def describe(self):
        paths = {
            "authorization_endpoint": "/auth",
            "token_endpoint": "/token",
            "jwks_uri": "/jwks",
            "userinfo_endpoint": "/userinfo",
        }
        said = {name: f"{self.issuer}{path}" for name, path in paths.items()}
        return {
            "issuer": self.issuer,
            "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
            **said,
            **self.described,
        }

    def give_token(self):
        self.asked.append((dict(flask.request.form), flask.request.headers.get("Authorization", "")))
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": "gate",
            "sub": "s1",
            "iat": now,
            "exp": now + 60,
            "nonce": self.nonce,
            "name": "Ada",
            "email": "a@b",
        }
        claims = {name: value for name, value in (claims | self.changes).items() if value is not None}
        if self.header["alg"] == "none":
            parts = [
                base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode()
                for one in (self.header, claims)
            ]
            return {"id_token": f"{'.'.join(parts)}.", "access_token": "at"}
        signed = jwt.encode(self.header, claims, self.signer, algorithms=[self.header["alg"]])
        return {"id_token": signed, "access_token": "at"}

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def crooked():
    made = Crooked()
    yield made
    made.close()


@pytest.fixture
def provider(crooked, small):
    return build(crooked, small)


def build(crooked, small, **more):
    settings = OidcSettings(issuer=crooked.issuer, client_id="gate", **more)
    return Provider(settings, ORIGIN, small.database)


def walk(crooked, provider, **brought):
    address, state = provider.begin("/desk")
    crooked.nonce = parse_qs(urlsplit(address).query)["nonce"][0]
    return provider.finish({"code": "c", "state": state, **brought}, state=state)


def test_whom_it_vouches_for_is_read(crooked, provider):
    vouched = walk(crooked, provider)
    assert (vouched.subject, vouched.name, vouched.email, vouched.to) == ("s1", "Ada", "", "/desk")
    crooked.changes = {"email_verified": True}
    assert walk(crooked, provider).email == "a@b"
    form, _ = crooked.asked[0]
    assert form["redirect_uri"] == f"{ORIGIN}/sign-in/provider/callback"
    assert form["client_id"] == "gate"


@pytest.mark.parametrize("changes", [
    {"nonce": "another"}, {"nonce": None}, {"aud": "somebody"}, {"aud": None}, {"iss": "https://evil"}, {"iss": None},
    {"exp": 1}, {"exp": None}, {"iat": None}, {"sub": None}, {"sub": ""}, {"sub": 7}, {"azp": "somebody"},
    {"aud": ["gate", "somebody"]}, {"nbf": 99_999_999_999}, {"exp": "soon"},
], ids=str)  # fmt: skip
def test_a_token_that_is_not_for_this_is_refused(crooked, provider, changes):
    crooked.changes = changes
    with pytest.raises(ProviderError):
        walk(crooked, provider)


def test_a_token_that_it_did_not_sign_is_refused(crooked, provider):
    crooked.signer = ECKey.generate_key("P-256", {"kid": "1"})
    with pytest.raises(ProviderError, match="does not hold"):
        walk(crooked, provider)
    crooked.header, crooked.signer = {"alg": "none"}, None
    with pytest.raises(ProviderError, match="does not hold"):
        walk(crooked, provider)
    public = json.dumps(crooked.key.as_dict(private=False))
    crooked.header, crooked.signer = {"alg": "HS256", "kid": "1"}, OctKey.import_key(public)
    with pytest.raises(ProviderError, match="does not hold"):
        walk(crooked, provider)


def test_an_answer_belongs_to_the_browser_that_asked_and_counts_once(crooked, provider):
    _, mine = provider.begin("/")
    _, theirs = provider.begin("/")
    for brought, state in ((theirs, mine), (mine, ""), ("", ""), ("nonsense", "nonsense")):
        with pytest.raises(ProviderError, match="begin anew"):
            provider.finish({"code": "c", "state": brought}, state=state)
    with pytest.raises(ProviderError, match="vouch"):
        provider.finish({"error": "access_denied", "state": mine}, state=mine)
    with pytest.raises(ProviderError, match="begin anew"):
        provider.finish({"code": "c", "state": mine}, state=mine)
    with pytest.raises(ProviderError, match="another provider"):
        walk(crooked, provider, iss="https://evil.example")
    assert crooked.asked == []


def test_a_secret_is_shown_as_the_provider_takes_it(crooked, small):
    secret = SecretStr("p:ä/ß")
    walk(crooked, build(crooked, small, client_secret=secret))
    form, authorization = crooked.asked[-1]
    assert base64.b64decode(authorization.removeprefix("Basic ")).decode() == "gate:p%3A%C3%A4%2F%C3%9F"
    assert "client_secret" not in form
    crooked.described = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    walk(crooked, build(crooked, small, client_secret=secret))
    form, authorization = crooked.asked[-1]
    assert (form["client_secret"], authorization) == ("p:ä/ß", "")


def test_keys_that_were_changed_are_asked_for_again(crooked, provider, monkeypatch):
    walk(crooked, provider)
    crooked.key = crooked.signer = ECKey.generate_key("P-256", {"kid": "2"})
    crooked.header = {"alg": "ES256", "kid": "2"}
    monkeypatch.setattr("api.access.provider.LEEWAY_S", -1)
    crooked.changes = {"exp": int(time.time()) + 600, "iat": int(time.time()) - 60}
    assert walk(crooked, provider).subject == "s1"


def test_what_the_token_lacks_is_asked_for_about_the_same_subject(crooked, small):
    provider = build(crooked, small, roles_claim="groups", roles={"media": ["moderator"]})
    crooked.userinfo = {"sub": "s1", "groups": ["media", "other"], "sub2": 1}
    assert walk(crooked, provider).groups == {"media", "other"}
    crooked.userinfo = {"sub": "s2", "groups": ["media"]}
    with pytest.raises(ProviderError, match="somebody else"):
        walk(crooked, provider)


@pytest.mark.parametrize("described", [{"issuer": "https://evil"}, {"token_endpoint": None}, {"jwks_uri": 7}])
def test_a_provider_that_is_another_or_says_too_little_is_refused(crooked, provider, described):
    crooked.described = described
    with pytest.raises(ProviderError):
        walk(crooked, provider)


def test_behind_https_nothing_leads_out_of_it(crooked, small, monkeypatch):
    provider = Provider(OidcSettings(issuer="https://login.example", client_id="gate"), ORIGIN, small.database)
    described = {"issuer": "https://login.example", "authorization_endpoint": "http://login.example/auth"}
    monkeypatch.setattr(provider, "_ask", lambda *_, **__: described)
    with pytest.raises(ProviderError, match="https"):
        provider.begin("/")


def test_one_that_is_down_is_told_as_that(small):
    provider = Provider(OidcSettings(issuer="http://127.0.0.1:9", client_id="gate"), ORIGIN, small.database)
    with pytest.raises(ProviderError, match="cannot be asked now"):
        provider.begin("/")
