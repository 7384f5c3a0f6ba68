"""What becomes of an asset whose marks cannot be made."""

from dataclasses import replace

import pytest

from policies import gate
from policies.line import granting, intake, sealing
from policies.review.judgement import review
from policies.rules.decision import Outcome
from provenance.errors import SigningError
from tests.policies.deployments import decided, entries_of, kept_of, public_of
from tests.sites import build_sealer


class Refuses:
    """An identity whose key is out of reach."""

    def __init__(self, identity):
        self._identity = identity

    def sign(self, data):
        raise SigningError("the key is out of reach")

    def __getattr__(self, name):
        return getattr(self._identity, name)


def test_a_key_out_of_reach_holds_and_a_moderator_can_try_again(site, here):
    asset_id = decided(here)
    payload = granting.grant(here, asset_id).payload
    broken = replace(here, sealer=build_sealer(site, identity=Refuses(site.identity)))
    held = gate.walk(broken, asset_id)
    assert held.outcome is Outcome.HOLD
    assert (held.decision.decided_by, held.decision.reasons[0].rule) == ("seal", "seal")
    assert "the key is out of reach" in held.decision.reasons[0].text
    assert not public_of(here, asset_id)
    assert kept_of(here, asset_id) == ["original"]
    done = review(here, asset_id, outcome=Outcome.RELEASE, reviewer="mo", reason="the key is back")
    assert done.outcome is Outcome.RELEASE
    assert int(done.seal["soft_bindings"][0]["value"], 16) & (1 << 56) - 1 == payload, "the id stays the asset's"
    assert entries_of(here, asset_id) == ["decision.made", "decision.made", "review.made", "asset.released"]


def test_what_was_sealed_is_found_again(here):
    asset_id = decided(here)
    decision = sealing.seal(here, asset_id)
    first = sealing.load_sealed(here, asset_id, decision)
    assert sealing.seal(here, asset_id) == decision
    assert sealing.load_sealed(here, asset_id, decision) == first
    assert sealing.load_sealed(here, asset_id, replace(decision, id="another")) is None


@pytest.mark.parametrize("name", ["sealed-", "manifest-"])
@pytest.mark.parametrize("is_gone", [True, False])
def test_a_lost_or_damaged_seal_is_made_again(here, name, is_gone):
    asset_id = decided(here)
    decision = sealing.seal(here, asset_id)
    (key,) = (key for key, _ in here.blobs.quarantine.keys(f"{asset_id}/") if key.startswith(f"{asset_id}/{name}"))
    if is_gone:
        here.blobs.quarantine.delete(key)
    else:
        here.blobs.quarantine.put(key, here.blobs.quarantine.get(key)[:-1])
    assert sealing.load_sealed(here, asset_id, decision) is None
    assert gate.walk(here, asset_id).outcome is Outcome.RELEASE


def test_a_hold_does_not_overrule_what_another_worker_decided(here):
    asset_id = decided(here)
    asset, decision = intake.load_asset(here, asset_id), sealing.seal(here, asset_id)
    first = sealing._hold(here, asset, decision, SigningError("out of reach"))
    assert sealing._hold(here, asset, decision, SigningError("out of reach again")) == first
    assert entries_of(here, asset_id) == ["decision.made", "decision.made"]
