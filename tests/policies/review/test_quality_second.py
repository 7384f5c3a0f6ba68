import pytest
from sqlalchemy import select

from policies.line.intake import original_key
from policies.review.follower import follow
from policies.review.job import Reviewer
from policies.review.judgement import ask_opinion, decide, review
from policies.review.note import write_note
from policies.review.quality_case import Standing, parse_case
from policies.review.quality_deal import list_deals
from policies.review.quality_rules import Rules, keep_rules
from policies.review.quality_second import find_first, sampling
from policies.review.refusals import NotYoursError
from policies.rules.decision import Outcome
from provenance.storage.quality_tables import QUALITY_CASES
from tests.policies.review.people import MIA, NO, NOA, SAM, YES, held


@pytest.fixture(autouse=True)
def _every_decision(here):
    keep_rules(here, MIA, Rules(double_share=1))
    yield
    keep_rules(here, MIA, Rules())


def case_of(here, asset_id):
    with here.database.read() as connection:
        row = connection.execute(select(QUALITY_CASES).where(QUALITY_CASES.c.asset_id == asset_id)).mappings().first()
    return None if row is None else parse_case(row)


def deals_for(here, reviewer, asset_id):
    with here.database.read() as connection:
        return [one for one in list_deals(connection, here, reviewer) if one.case.asset_id == asset_id]


def test_what_is_approved_is_looked_at_by_another_though_quarantine_was_emptied(here):
    asset_id = held(here)
    decide(here, asset_id, MIA, YES, grace_s=0)
    while follow(here, grace_s=0):
        pass
    assert not here.blobs.quarantine.has(original_key(asset_id))
    (deal,) = deals_for(here, NOA, asset_id)
    assert here.blobs.quarantine.has(original_key(deal.case.id))
    assert deals_for(here, MIA, asset_id) == []
    assert (deal.job.state, deal.decision.decided_by, deal.item.against[0].category) == (
        "open", "policy", "prompt.gambling",
    )  # fmt: skip


@pytest.mark.parametrize("outcome", [Outcome.RELEASE, Outcome.BLOCK])
def test_what_is_decided_on_the_command_line_is_looked_at_twice_like_any_other(here, outcome):
    asset_id = held(here)
    assert review(here, asset_id, outcome=outcome, reviewer="mo", reason="because").outcome is outcome
    (deal,) = deals_for(here, NOA, asset_id)
    assert (deal.case.outcome, deal.case.made_by) == (outcome, "mo")


def test_who_knows_a_job_is_not_asked(here):
    asset_id = held(here, submitter="person-zed")
    write_note(here, asset_id, NOA, "I have seen this")
    decide(here, asset_id, MIA, NO)
    assert deals_for(here, NOA, asset_id) == deals_for(here, Reviewer("person-zed", "Zed"), asset_id) == []
    assert len(deals_for(here, SAM, asset_id)) == 1


def test_what_two_have_judged_already_is_not_sampled(here):
    asset_id = held(here)
    ask_opinion(here, asset_id, MIA, NO)
    decide(here, asset_id, NOA, NO)
    assert case_of(here, asset_id) is None


def test_a_decision_that_is_refused_leaves_no_copy(here):
    asset_id = held(here, submitter=MIA.id)
    before = {key for key, _ in here.blobs.quarantine.keys()}
    with pytest.raises(NotYoursError):
        decide(here, asset_id, MIA, YES)
    assert {key for key, _ in here.blobs.quarantine.keys()} == before
    assert case_of(here, asset_id) is None


def test_where_the_lot_does_not_fall_nothing_is_copied(here):
    keep_rules(here, MIA, Rules())
    asset_id = held(here)
    before = {key for key, _ in here.blobs.quarantine.keys()}
    with sampling(here, asset_id) as keep:
        keep(None, None, MIA, NO, None)
    assert {key for key, _ in here.blobs.quarantine.keys()} == before


def test_the_decision_is_remembered_as_the_policy_made_it(here):
    asset_id = held(here)
    decide(here, asset_id, MIA, NO)
    case = case_of(here, asset_id)
    assert (case.outcome, case.made_by, case.state) == (Outcome.BLOCK, "Mia Chen", Standing.OPEN)
    with here.database.read() as connection:
        assert case.decision == find_first(connection, asset_id)
    assert case.decision.outcome is Outcome.HOLD
