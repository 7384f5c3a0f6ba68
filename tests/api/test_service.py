import pytest

from api.access.identity import Actor, Role
from api.service import build_service
from api.settings import load_settings
from api.wiring import open_site
from provenance.errors import ConfigurationError
from provenance.tenant import MAIN, parse_tenant


def actor(tenant):
    return Actor("1", "somebody", tenant, frozenset({Role.SUBMITTER}), "key")


def test_an_actor_gets_the_gate_of_the_own_tenant(stock, monkeypatch):
    monkeypatch.setenv("CHOPMARK_TENANTS", '{"blue": {"max_bytes": 1234}}')
    with open_site(load_settings()) as site:
        service = build_service(site)
        assert service.deployment(actor(MAIN)) is site.deployment
        assert service.deployment(actor(parse_tenant("blue"))).limits.max_bytes == 1234
        with pytest.raises(ConfigurationError, match="red"):
            service.deployment(actor(parse_tenant("red")))


def test_there_is_as_much_room_as_the_settings_say(stock, monkeypatch):
    monkeypatch.setenv("CHOPMARK_HTTP__UPLOADS", "7")
    with open_site(load_settings()) as site:
        room = build_service(site).room
    assert (room.uploads.total, room.files.total) == (7, 4)
