"""Whatever setting is wrong, start-up ends with one sentence that names it; every setting is walked."""

import pytest

from api.blaming import blaming
from api.settings import PREFIX, load_settings
from api.wiring import open_site
from provenance.errors import ConfigurationError, GateError
from tests.api.test_settings_documented import DECLARED

WRONG = {
    "home": " ",
    "environment": "prod",
    "database_url": "postgresql+psycopg://nobody@127.0.0.1:1/x?connect_timeout=1",
    "quarantine_url": "ftp://x/y",
    "public_url": "relative/x",
    "packs": "baseline,nothing",
    "floor_packs": "nothing",
    "pack_folders": "/nowhere/at/all",
    "media": "picture,nothing",
    "media_options": '{"nothing": {"x": 1}}',
    "detectors": "prompt,nothing",
    "detector_options": '{"nothing": {"x": 1}}',
    "isolated_detectors": "nothing",
    "watermark": "nothing",
    "read_watermarks": "nothing",
    "fingerprints": "nothing",
    "labels": "nothing",
    "backend": "nothing",
    "backend_options": '{"nothing": {"x": 1}}',
    "makers.clips": "nothing",
    "makers.music": "nothing",
    "makers.voices": "nothing",
    "gateway_options": '{"nothing": {"x": 1}}',
    "ledger_origin": "two words",
    "signing.certificate_chain": "/nowhere/chain.pem",
    "signing.private_key": "/nowhere/key.pem",
    "signing.command": "no list",
    "signing.timestamp_url": "nowhere",
    "signing.trust_anchors": "/nowhere/roots.pem",
    "signing.timestamp_anchors": "/nowhere/roots.pem",
    "signing.allowed_list": "/nowhere/list.txt",
    "signing.trust_config": "/nowhere/store.cfg",
    "tenants": '{"No Name": {}}',
    "tenant": "nobody",
    "http.origin": "gate.example",
    "http.trusted_proxies": "the-proxy",
    "http.metrics_for": "10.0.0.0/8,the-other",
    "http.log": "xml",
    "http.traces": "nowhere",
    "line.priorities": '{"main": 10}',
    "line.worker": "two words",
    "access.oidc.issuer": "http://login.example",
    "access.oidc.tenant": "No Name",
    "access.oidc.roles_claim": "groups",
    "access.oidc.roles": '{"team": ["king"]}',
}
"""A value of each that cannot be; of those that are numbers or yes and no, any word."""

FREE = {
    "provider.name", "provider.code", "provider.label_text", "review.sensitive", "access.oidc.client_id",
    "access.oidc.client_secret", "access.oidc.name", "access.oidc.scopes",
}  # fmt: skip
"""Texts of which any is good as far as start-up can know."""

PLURAL = {"line.priorities": "priorities", "home": "CHOPMARK_HOME"}
"""Where several settings of a group have to fit, what is said of it."""


def wrong(name, default):
    return (
        WRONG[name] if name in WRONG else "no number" if default is None or isinstance(default, int | float) else None
    )


def test_every_setting_is_walked():
    left = {name for name, default in DECLARED.items() if name not in FREE and wrong(name, default) is None}
    assert left == set()
    assert set(WRONG) | FREE <= set(DECLARED)


@pytest.mark.parametrize("name", sorted(set(DECLARED) - FREE))
def test_a_wrong_value_ends_the_start_with_one_sentence_that_names_the_setting(light, monkeypatch, name):
    monkeypatch.setenv(PREFIX + name.upper().replace(".", "__"), wrong(name, DECLARED[name]))
    with pytest.raises(GateError) as raised, open_site(load_settings(), quiet=True) as site:
        site.warm()
    text = str(raised.value)
    assert PLURAL.get(name, name) in text
    assert "\n" not in text


def test_what_names_its_setting_or_has_none_is_left_as_it_is():
    for names, said, told in (
        (("packs",), "packs: nothing", "packs: nothing"),
        (("a", "b"), "gone", "a or b: gone"),
        ((), "gone", "gone"),
    ):
        with pytest.raises(ConfigurationError) as raised, blaming(*names):
            raise ConfigurationError(said)
        assert str(raised.value) == told
