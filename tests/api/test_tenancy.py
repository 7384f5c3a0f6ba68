"""A tenant's deployment shares what is the site's and has of its own what is a tenant's."""

import pytest

from api.settings import TenantSettings, act_for, load_settings
from api.tenancy import LENT_THINGS
from api.wiring import open_site
from provenance.errors import ConfigurationError
from tests.sites import build_light_settings


def test_it_is_built_once_and_shares_all_but_what_is_lent(tmp_path):
    with open_site(build_light_settings(tmp_path, tenants={"acme": TenantSettings(max_bytes=7)})) as site:
        main, acme = site.deployment, site.deployment.tenancy("acme")
        assert site.tenancies.find("acme") is acme is acme.tenancy("acme")
        assert acme.tenancy("main") is main
        assert (acme.limits.max_bytes, acme.limits.max_pixels) == (7, main.limits.max_pixels)
        for ours, theirs in zip(main.runner.detectors, acme.runner.detectors, strict=True):
            assert (ours is theirs) is (ours.card.name not in LENT_THINGS)


def test_a_process_may_act_for_one_tenant(tmp_path):
    with open_site(build_light_settings(tmp_path, tenants={"acme": TenantSettings()}, tenant="acme")) as site:
        assert (site.deployment.tenant, site.settings.tenant) == ("acme", "acme")
    with (
        pytest.raises(ConfigurationError, match="'zenith'"),
        open_site(build_light_settings(tmp_path, tenant="zenith")),
    ):
        pass


def test_the_sites_own_settings_are_not_given_twice(tmp_path):
    with pytest.raises(ConfigurationError, match=r"tenants\.main"):
        load_settings(home=tmp_path, tenants={"main": TenantSettings()}).for_tenant("main")


def test_a_tenants_signer_is_one_thing(tmp_path, monkeypatch):
    monkeypatch.setattr("api.settings._acting", [])
    act_for("acme")
    signing = {"command": ("sign",), "certificate_chain": "/c.pem", "timestamp_url": "http://t"}
    own = TenantSettings(signing={"certificate_chain": "/a.pem", "private_key": "/a.key"})
    settings = load_settings(home=tmp_path, signing=signing, tenants={"acme": own})
    found = settings.for_tenant(settings.tenant).signing
    assert (str(found.certificate_chain), found.command, found.timestamp_url) == ("/a.pem", (), "http://t")
