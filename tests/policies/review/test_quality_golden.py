import pytest

from policies.line.intake import original_key
from policies.line.request import prompt_key
from policies.line.retention import Rules as Retention
from policies.line.retention import let_go
from policies.line.sweeping import sweep
from policies.review.follower import follow
from policies.review.judgement import decide
from policies.review.quality_case import Standing, find_case
from policies.review.quality_golden import make_from_asset, make_from_file, retire_case
from policies.review.verdicts import Verdict
from policies.rules.decision import Outcome
from provenance.errors import AssetError, AssetNotFoundError, PolicyError
from provenance.storage.blob import Blob
from tests.policies.deployments import SIDE, entries_of
from tests.policies.review.people import GAMBLING, MIA, NO, NOA, SAM, YES, held
from tests.policies.review.test_judgement import stage_of
from tests.sites import encode, photograph


def find(here, case_id):
    with here.database.read() as connection:
        return find_case(connection, here, case_id, SAM)


def test_a_refused_asset_becomes_a_case_and_stays_what_it_was(here):
    asset_id = held(here)
    decide(here, asset_id, MIA, NO)
    told = entries_of(here, asset_id)
    case = make_from_asset(here, asset_id, NOA, NO)
    assert (case.outcome, case.category, case.asset_id) == (Outcome.BLOCK, "prompt.gambling", asset_id)
    assert here.blobs.quarantine.get(prompt_key(case.id)) == here.blobs.quarantine.get(prompt_key(asset_id))
    assert not case.is_for(MIA)  # she decided about it
    assert not case.is_for(NOA)  # she made it
    assert case.is_for(SAM)
    assert (stage_of(here, asset_id), entries_of(here, asset_id)) == ("blocked", told)
    with pytest.raises(PolicyError, match="already"):
        make_from_asset(here, asset_id, NOA, NO)
    sweep(here, grace_s=0)
    assert here.blobs.quarantine.has(original_key(case.id))
    retire_case(here, case.id, NOA)
    assert find(here, case.id).state is Standing.RETIRED
    assert not here.blobs.quarantine.has(original_key(case.id))
    assert here.blobs.quarantine.has(original_key(asset_id))


def test_what_was_released_is_no_case(here):
    asset_id = held(here)
    decide(here, asset_id, MIA, YES, grace_s=0)
    while follow(here, grace_s=0):
        pass
    with pytest.raises(PolicyError, match="hand in the file"):
        make_from_asset(here, asset_id, NOA, YES)


def test_a_file_becomes_a_case_as_it_would_be_looked_at(here):
    file = Blob.from_bytes(encode(photograph(side=SIDE)))
    answer = Verdict(Outcome.RELEASE, GAMBLING, "a board game")
    case = make_from_file(here, file, NOA, answer, name="dice.jpg", prompt="people at a roulette table in a casino")
    assert (case.asset_id, case.name, case.category) == ("", "dice.jpg", "prompt.gambling")
    assert {signal.detector for signal in case.signals} >= {"prompt"}
    assert case.decision.outcome is Outcome.HOLD
    assert entries_of(here, case.id) == []
    with pytest.raises(AssetError):
        make_from_file(here, Blob.from_bytes(b"no picture"), NOA, answer)


def test_a_case_needs_a_clause_and_an_asset(here):
    asset_id = held(here)
    with pytest.raises(PolicyError, match="clause"):
        make_from_asset(here, asset_id, NOA, Verdict(Outcome.BLOCK, "Made up", "no"))
    with pytest.raises(AssetNotFoundError):
        make_from_asset(here, "nothing", NOA, NO)
    with pytest.raises(AssetNotFoundError):
        retire_case(here, "nothing", NOA)


def test_retention_lets_go_of_the_copy_with_the_original(here):
    asset_id = held(here)
    decide(here, asset_id, MIA, NO)
    case = make_from_asset(here, asset_id, NOA, NO)
    let_go(here, Retention(originals_days=0))
    assert not here.blobs.quarantine.has(original_key(case.id))
    assert find(here, case.id).state is Standing.RETIRED
