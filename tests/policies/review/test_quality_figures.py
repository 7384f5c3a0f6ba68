from policies.review.quality_answer import answer_deal
from policies.review.quality_deal import ESCALATED
from policies.review.quality_figures import find_quality
from policies.review.quality_golden import make_from_asset
from policies.review.quality_rules import Rules, keep_rules
from tests.policies.review.people import MIA, NO, NOA, SAM, YES, held
from tests.policies.review.test_quality_answer import second_look, until_dealt
from tests.policies.review.test_quality_second import deals_for


def answer(here, said, reviewer=NOA, **more):
    asset_id = second_look(here)
    (deal,) = deals_for(here, reviewer, asset_id)
    answer_deal(here, deal, reviewer, said, **more)


def test_nothing_is_said_of_nothing(here):
    found = find_quality(here, SAM)
    assert (found.overall.value, found.overall.n, found.pairs, found.people) == (None, 0, {}, {})


def test_second_looks_are_counted_by_category_and_by_pair(here):
    for said in (NO, NO, YES):
        answer(here, said)
    answer(here, NO, SAM)
    answer(here, NO, NOA, outcome=ESCALATED)
    second_look(here)
    found = find_quality(here, SAM)
    assert (found.overall.n, found.overall.raw.hits) == (4, 3)
    assert list(found.categories) == ["prompt.gambling"]
    assert {names: one.n for names, one in found.pairs.items()} == {("Mia Chen", "Noa"): 3, ("Mia Chen", "Sam"): 1}
    assert (found.waiting, found.handed_up) == (1, 1)
    assert find_quality(here, SAM, since="2199-01-01").overall.n == 0


def test_known_cases_are_counted_by_person_and_by_case(here):
    known = held(here)
    case = make_from_asset(here, known, MIA, NO)
    keep_rules(here, MIA, Rules(golden_share=0.5))
    for who, said in ((NOA, YES), (SAM, NO)):
        until_dealt(here, who, known)
        (deal,) = deals_for(here, who, known)
        answer_deal(here, deal, who, said)
    keep_rules(here, MIA, Rules())
    found = find_quality(here, SAM)
    assert (found.people["Noa"].right.hits, found.people["Noa"].wrongly_released) == (0, 1)
    assert (found.people["Sam"].right.hits, found.people["Sam"].right.n) == (1, 1)
    assert found.cases[case.id].right.n == 2
    assert found.golden.n == 1
