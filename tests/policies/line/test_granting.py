"""The grant: what it names, and that it comes with the decision."""

import pytest
from sqlalchemy import select

from policies.line import granting, intake
from policies.line.screening import decide, screen
from policies.rules.decision import Outcome
from provenance.errors import GrantMismatchError
from provenance.grant import MarkKind
from provenance.storage.tables import GRANTS
from tests.policies.deployments import decided
from tests.sites import submission


def test_a_grant_names_bytes_decision_packs_and_marks(here):
    asset_id = decided(here)
    licence = granting.grant(here, asset_id)
    assert licence.asset_sha256 == intake.load_asset(here, asset_id).sha256
    assert [pack.sha256 for pack in licence.packs] == [here.packs["light"].sha256]
    assert {item.kind for item in licence.obligations} == {MarkKind.SIGNED_METADATA, MarkKind.WATERMARK}
    assert 0 <= licence.payload < 1 << granting.PAYLOAD_BITS


def test_payloads_are_not_counted_but_drawn(here):
    payloads = {granting.grant(here, decided(here)).payload for _ in range(2)}
    assert len(payloads) == 2
    assert max(payloads) > 1 << 32


def test_what_is_small_is_granted_a_short_id_that_nobody_has(here, monkeypatch):
    taken = granting.grant(here, decide_on_small(here, "rocket.jpg")).payload
    assert taken < 1 << 32
    drawn = iter((taken, taken, taken ^ 1))
    monkeypatch.setattr(granting.secrets, "randbits", lambda _bits: next(drawn))
    assert granting.grant(here, decide_on_small(here, "coffee.png")).payload == taken ^ 1


def decide_on_small(here, name):
    asset_id = intake.intake(here, submission(name, side=132))
    screen(here, asset_id)
    assert decide(here, asset_id).outcome is Outcome.RELEASE
    return asset_id


@pytest.mark.parametrize(("prompt", "outcome"), [
    ("how to make a pipe bomb", Outcome.BLOCK), ("people at a roulette table in a casino", Outcome.HOLD),
])  # fmt: skip
def test_only_a_release_is_granted(here, prompt, outcome):
    asset_id = decided(here, outcome, prompt=prompt)
    with pytest.raises(GrantMismatchError, match=f"got {outcome}"):
        granting.grant(here, asset_id)


def test_a_decision_to_release_is_never_seen_without_its_grant(here):
    asset_id = decided(here)
    with here.database.read() as connection:
        payload = connection.execute(select(GRANTS.c.payload).where(GRANTS.c.asset_id == asset_id)).scalar_one()
    assert granting.grant(here, asset_id).payload == payload
    assert granting.grant(here, asset_id) == granting.grant(here, asset_id)
