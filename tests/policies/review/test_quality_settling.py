import pytest

from policies.review.judgement import decide
from policies.review.quality_answer import answer_deal
from policies.review.quality_case import Standing
from policies.review.quality_settling import reopen, settle_case
from policies.rules.decision import Outcome
from provenance.errors import PolicyError
from tests.policies.deployments import entries_of
from tests.policies.review.people import MIA, NOA, SAM, YES
from tests.policies.review.test_judgement import stage_of
from tests.policies.review.test_quality_answer import second_look
from tests.policies.review.test_quality_second import case_of, deals_for


def disagreed(here):
    asset_id = second_look(here)
    (deal,) = deals_for(here, NOA, asset_id)
    answer_deal(here, deal, NOA, YES)
    return asset_id, case_of(here, asset_id).id


def test_the_lead_says_who_was_right_and_that_alone_changes_nothing(here):
    asset_id, case_id = disagreed(here)
    case = settle_case(here, case_id, SAM, Outcome.RELEASE, " a board game ")
    assert (case.state, case.settled_outcome, case.settled_by) == (Standing.SETTLED, "release", "Sam")
    assert case.statement == "a board game"
    assert stage_of(here, asset_id) == "blocked"
    with pytest.raises(PolicyError, match="disagree"):
        settle_case(here, case_id, SAM, Outcome.BLOCK, "again")


def test_a_wrong_refusal_is_taken_back_the_ordinary_way(here):
    asset_id, case_id = disagreed(here)
    with pytest.raises(PolicyError, match="found the first decision wrong"):
        reopen(here, case_id, SAM)
    settle_case(here, case_id, SAM, Outcome.RELEASE, "a board game")
    reopen(here, case_id, SAM)
    assert stage_of(here, asset_id) == "held"
    assert entries_of(here, asset_id) == ["decision.made", "review.made", "review.undone"]
    decide(here, asset_id, NOA, YES)
    assert entries_of(here, asset_id)[-1] == "review.made"


def test_where_the_first_was_right_nothing_is_reopened(here):
    _, case_id = disagreed(here)
    settle_case(here, case_id, SAM, Outcome.BLOCK, "roulette after all")
    with pytest.raises(PolicyError, match="wrong"):
        reopen(here, case_id, SAM)


@pytest.mark.parametrize(
    ("outcome", "statement"), [(Outcome.BLOCK, " "), (Outcome.HOLD, "x"), (Outcome.BLOCK, "x" * 2001)]
)
def test_a_statement_is_wanted(here, outcome, statement):
    with pytest.raises(PolicyError):
        settle_case(here, "any", MIA, outcome, statement)
