"""Known cases and second looks from the first decision to the last, on both databases."""

from dataclasses import replace

import pytest

from api.wiring import open_site
from policies.review.judgement import decide
from policies.review.quality_answer import answer_deal, deal_golden, list_answers, take_answer_back
from policies.review.quality_case import Standing
from policies.review.quality_deal import ESCALATED, find_deal, list_deals
from policies.review.quality_golden import make_from_asset
from policies.review.quality_rules import Rules, keep_rules
from policies.rules.decision import Outcome
from provenance.errors import PolicyError
from tests.policies.deployments import entries_of
from tests.policies.review.people import MIA, NO, NOA, SAM, YES, held
from tests.policies.review.test_judgement import stage_of
from tests.policies.review.test_quality_second import case_of, deals_for
from tests.sites import build_light_settings

ZED = replace(NOA, id="person-zed", name="Zed")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def there(request, tmp_path):
    urls = {} if request.param == "sqlite" else {"database_url": request.getfixturevalue("emptied_postgres_url")}
    with open_site(build_light_settings(tmp_path / "home", **urls)) as site:
        yield site.deployment


def second_look(here, first=NO, **rules):
    keep_rules(here, MIA, Rules(double_share=1, **rules))
    asset_id = held(here)
    decide(here, asset_id, MIA, first, grace_s=60)
    keep_rules(here, MIA, Rules(**rules))
    return asset_id


def until_dealt(here, reviewer, asset_id):
    """Draw until the lot falls on them; that it does not in so many draws happens once in a million million times."""
    for _ in range(40):
        if deals_for(here, reviewer, asset_id):
            return
        deal_golden(here, reviewer)


def state_of(here, asset_id):
    return case_of(here, asset_id).state


def test_known_cases_and_second_looks_change_nothing_about_an_asset(there):
    asset_id = second_look(there)
    told = entries_of(there, asset_id)
    (deal,) = deals_for(there, NOA, asset_id)
    answered = answer_deal(there, deal, NOA, YES)
    assert answered.is_right is None
    assert state_of(there, asset_id) is Standing.DISAGREED
    assert (stage_of(there, asset_id), entries_of(there, asset_id)) == ("blocked", told)
    assert deals_for(there, SAM, asset_id) == []

    known = held(there)
    case = make_from_asset(there, known, SAM, NO)
    keep_rules(there, MIA, Rules(golden_share=0.5, gives_feedback=True))
    decide(there, held(there), NOA, NO)
    until_dealt(there, NOA, known)
    (dealt,) = deals_for(there, NOA, known)
    assert dealt.case.id == case.id
    assert answer_deal(there, dealt, NOA, YES).is_right is False
    assert (stage_of(there, known), entries_of(there, known)) == ("held", ["decision.made"])
    with there.database.read() as connection:
        assert [one["outcome"] for one in list_answers(connection, case)] == ["release"]
        assert find_deal(connection, there, dealt.id, SAM) is None
        assert find_deal(connection, there, dealt.id, NOA).decision.outcome is Outcome.RELEASE


def test_two_who_agree_are_through(here):
    asset_id = second_look(here)
    (deal,) = deals_for(here, NOA, asset_id)
    answer_deal(here, deal, NOA, NO)
    assert state_of(here, asset_id) is Standing.AGREED
    with pytest.raises(PolicyError, match="waits"):
        answer_deal(here, replace(deal, is_open=False), NOA, NO)


def test_an_answer_can_be_taken_back_and_given_anew(here):
    asset_id = second_look(here)
    (deal,) = deals_for(here, NOA, asset_id)
    answer_deal(here, deal, NOA, YES)
    take_answer_back(here, deal, NOA)
    assert state_of(here, asset_id) is Standing.OPEN
    (again,) = deals_for(here, NOA, asset_id)
    answer_deal(here, again, NOA, NO)
    assert state_of(here, asset_id) is Standing.AGREED


@pytest.mark.parametrize(("third", "right"), [(YES, "release"), (NO, "block")])
def test_a_third_moderator_settles_it_blind_where_that_is_set(here, third, right):
    asset_id = second_look(here, third="moderator")
    (deal,) = deals_for(here, NOA, asset_id)
    answer_deal(here, deal, NOA, YES)
    assert state_of(here, asset_id) is Standing.OPEN
    assert deals_for(here, NOA, asset_id) == deals_for(here, MIA, asset_id) == []
    with pytest.raises(PolicyError, match="nothing came of"):
        take_answer_back(here, deal, NOA)
    (deal,) = deals_for(here, ZED, asset_id)
    answer_deal(here, deal, ZED, third)
    case = case_of(here, asset_id)
    assert (case.state, case.settled_outcome) == (Standing.SETTLED, right)
    assert stage_of(here, asset_id) == "blocked"


def test_what_is_handed_up_goes_to_the_lead(here):
    asset_id = second_look(here)
    (deal,) = deals_for(here, NOA, asset_id)
    answer_deal(here, deal, NOA, NO, outcome=ESCALATED)
    assert state_of(here, asset_id) is Standing.DISAGREED


def test_one_person_judges_a_known_case_once(here):
    known = held(here)
    make_from_asset(here, known, SAM, NO)
    keep_rules(here, MIA, Rules(golden_share=0.5))
    for _ in range(30):
        deal_golden(here, ZED)
        with here.database.read() as connection:
            for deal in list_deals(connection, here, ZED):
                answer_deal(here, deal, ZED, NO)
    with here.database.read() as connection:
        answers = list_answers(connection, next(iter(find_golden(connection, here, known))))
    keep_rules(here, MIA, Rules())
    assert len(answers) == 1


def find_golden(connection, here, asset_id):
    from policies.review.quality_case import Kind, list_cases

    found = list_cases(connection, here, SAM, Kind.GOLDEN, Standing.OPEN)
    return [one for one in found if one.asset_id == asset_id]
