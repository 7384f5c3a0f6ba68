"""The protocol: what is over is over, and every built-in keeps it."""

import pytest

from generation.gateways.base import GATEWAYS, Kind, ProviderBusyError, ProviderUnsureError, State

OPTIONS = {
    "api_key": "k",
    "access_key": "a",
    "secret_key": "s" * 16,
    "secret_id": "i",
    "sub_app_id": 1,
    "project": "p",
    "base_url": "https://example.invalid",
    "model": "m",
}


@pytest.mark.parametrize("name", GATEWAYS.names())
def test_every_gateway_is_what_the_protocol_says(name):
    gateway = GATEWAYS.load(name)(OPTIONS)
    assert gateway.name == name
    assert gateway.kinds
    assert gateway.kinds <= frozenset(Kind)
    assert gateway.default_model == "m"
    for verb in ("submit", "find", "poll", "cancel", "open", "close"):
        assert callable(getattr(gateway, verb))
    gateway.close()


def test_what_is_over_is_told_from_what_goes_on():
    assert {state for state in State if not state.is_over} == {State.QUEUED, State.RUNNING}
    assert not Kind.TEXT_TO_IMAGE.is_video


def test_only_what_was_not_started_may_be_tried_again():
    assert ProviderBusyError("x", 3.0).retryable
    assert ProviderBusyError("x", 3.0).wait_s == 3.0
    assert not ProviderUnsureError("x").retryable
