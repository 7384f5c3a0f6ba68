import pytest

from api.access_settings import AccessSettings, OidcSettings
from api.settings import load_settings
from provenance.errors import ConfigurationError

WHOLE = {"issuer": "https://login.example", "client_id": "gate"}


@pytest.mark.parametrize("wrong", [
    {"issuer": "http://login.example"}, {"client_id": ""}, {"roles_claim": "groups"}, {"roles": {"a": ["admin"]}},
    {"roles_claim": "groups", "roles": {"a": ["root"]}}, {"tenant": "Main!"}, {"scope": "openid"},
])  # fmt: skip
def test_what_cannot_work_stops_the_start_and_is_named(tmp_path, wrong):
    with pytest.raises(ConfigurationError, match="access|tenant") as caught:
        load_settings(home=tmp_path, access={"oidc": {**WHOLE, "client_secret": "s3cret", **wrong}})
    assert "s3cret" not in str(caught.value)


def test_a_provider_comes_with_the_environment(tmp_path, monkeypatch):
    for name, value in {
        "ISSUER": "https://login.example", "CLIENT_ID": "gate", "CLIENT_SECRET": "s3cret", "SCOPES": "openid,email",
        "ROLES_CLAIM": "groups", "ROLES": '{"media": ["moderator", "auditor"]}',
    }.items():  # fmt: skip
        monkeypatch.setenv(f"CHOPMARK_ACCESS__OIDC__{name}", value)
    access = load_settings(home=tmp_path).access
    assert access.oidc.client_secret.get_secret_value() == "s3cret"
    assert "s3cret" not in repr(access)
    assert (access.oidc.roles, access.oidc.scopes) == ({"media": ("moderator", "auditor")}, ("openid", "email"))


def test_nobody_vouches_unless_told():
    assert OidcSettings().issuer == AccessSettings().oidc.issuer == ""
    assert OidcSettings(issuer="http://127.0.0.1:9000", client_id="x").issuer
