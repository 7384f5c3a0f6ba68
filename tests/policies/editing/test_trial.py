import pytest
from sqlalchemy import update

from api.wiring import open_site
from policies import gate
from policies.editing.trial import try_pack
from policies.rules.decision import Outcome
from policies.rules.parsing import parse_pack
from provenance.errors import PolicyError
from provenance.storage.review_tables import JOBS
from provenance.storage.tables import SIGNALS
from provenance.tenant import parse_tenant
from tests.policies.editing.test_shelf import house
from tests.sites import as_submission, build_light_settings, encode, photograph

PICTURE = encode(photograph(side=256))
HOLD, RELEASE, BLOCK = Outcome.HOLD, Outcome.RELEASE, Outcome.BLOCK


@pytest.fixture
def here(tmp_path):
    with open_site(build_light_settings(tmp_path / "home", tenants={"blue": {}})) as site:
        for prompt in ("a quiet lake", "a casino with roulette", "a man with a gun"):
            gate.release(site.deployment, as_submission(PICTURE, prompt=prompt, name=prompt))
        yield site.deployment


def changed(here, old, new):
    light = here.packs["light"].document.decode()
    assert old in light
    return parse_pack(light.replace(old, new).encode(), file="light.yaml")


def test_only_what_the_candidate_changes_is_a_difference(here):
    same = try_pack(here, here.packs["light"])
    assert (same.looked_at, same.differences, same.unreadable) == (3, [], 0)
    assert sum(same.counts.values()) == 3
    milder = try_pack(here, changed(here, "  prompt.gambling:\n    hold: 0.5", "  prompt.gambling:\n    hold: 1.0"))
    assert len(milder.differences) <= 1
    stricter = try_pack(here, changed(here, "prompt.gambling:\n    hold: 0.5", "prompt.gambling:\n    block: 0.5"))
    (one,) = stricter.differences
    assert (one.before, one.after, one.name) == (HOLD, BLOCK, "a casino with roulette")
    assert [reason.outcome for reason in one.new] == [BLOCK]
    assert [reason.outcome for reason in one.gone] == [HOLD]
    assert stricter.counts[HOLD, BLOCK] == 1


def test_a_pack_comes_beside_the_others_or_in_the_place_of_one(here):
    candidate = parse_pack(house(hold=0.01).encode(), file="house.yaml")
    beside = try_pack(here, candidate)
    assert beside.differences == []
    instead = try_pack(here, candidate, replaces="light")
    assert {(one.name, one.before, one.after) for one in instead.differences} >= {
        ("a casino with roulette", HOLD, RELEASE)
    }


def test_it_looks_at_the_last_ones_of_the_tenant_and_records_nothing(here):
    before = here.log.size()
    assert try_pack(here, here.packs["light"], last=2).looked_at == 2
    assert try_pack(here.tenancy(parse_tenant("blue")), here.packs["light"]).looked_at == 0
    assert here.log.size() == before
    for last in (0, 1001):
        with pytest.raises(PolicyError, match="1 to 1000"):
            try_pack(here, here.packs["light"], last=last)


def test_what_cannot_be_read_is_counted_apart(here):
    with here.database.write() as connection:
        connection.execute(update(SIGNALS).where(SIGNALS.c.detector == "prompt").values(body={"no": "signal"}))
    trial = try_pack(here, here.packs["light"])
    assert (trial.looked_at, trial.unreadable) == (0, 3)


def test_what_lies_in_the_sensitive_queue_is_counted_and_named_to_nobody_else(here):
    with here.database.write() as connection:
        connection.execute(update(JOBS).values(is_sensitive=True))
    stricter = changed(here, "prompt.gambling:\n    hold: 0.5", "prompt.gambling:\n    block: 0.5")
    others = try_pack(here, stricter)
    assert (others.differences, others.counts[HOLD, BLOCK]) == ([], 1)
    assert len(try_pack(here, stricter, sees_sensitive=True).differences) == 1
