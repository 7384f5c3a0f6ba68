"""What is copied for measuring goes by the rules for what it was copied from, and is measured still."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from policies.line.retention import Rules, let_go
from policies.review.judgement import decide
from policies.review.quality_answer import answer_deal
from policies.review.quality_case import Standing
from policies.review.quality_deal import note_deal
from policies.review.quality_figures import find_quality
from policies.review.quality_rules import Rules as Shares
from policies.review.quality_rules import keep_rules
from policies.review.reviewers import find_pseudonyms
from provenance.storage.quality_tables import QUALITY_DEALS
from provenance.storage.review_tables import JOBS
from tests.policies.review.people import MIA, NO, NOA, held
from tests.policies.review.test_quality_second import case_of, deals_for

LATER = datetime.now(UTC) + timedelta(days=31)


def second_look(here, *, answered):
    keep_rules(here, MIA, Shares(double_share=1))
    asset_id = held(here, name="casino.jpg")
    decide(here, asset_id, MIA, NO)
    if answered:
        (deal,) = deals_for(here, NOA, asset_id)
        note_deal(here, deal, NOA, "a roulette, I think")
        answer_deal(here, deal, NOA, NO)
    return asset_id


def answer_of(here, case_id):
    with here.database.read() as connection:
        return connection.execute(select(QUALITY_DEALS).where(QUALITY_DEALS.c.case_id == case_id)).mappings().first()


def test_a_case_that_is_through_loses_names_and_words_and_is_still_measured(here):
    asset_id, waiting = second_look(here, answered=True), second_look(here, answered=False)
    assert case_of(here, asset_id).state is Standing.AGREED
    before = find_quality(here, MIA)
    with here.database.read() as connection:
        pseudonyms = find_pseudonyms(connection, here.tenant)
    let_go(here, Rules(names_days=30, reviewers_days=30, evidence_days=30), LATER)
    case = case_of(here, asset_id)
    answer = answer_of(here, case.id)
    assert (case.name, case.reason, case.excluded, answer["reason"], answer["notes"]) == (
        "",
        "",
        frozenset(),
        "",
        {"notes": []},
    )
    assert (case.made_by, case.made_by_id) == (pseudonyms[MIA.name], pseudonyms[MIA.name])
    assert answer["answered_by_id"] not in {"", NOA.id}
    assert NOA.name not in repr(dict(answer)) + repr(case)
    after = find_quality(here, MIA)
    assert sum(one.n for one in after.pairs.values()) == sum(one.n for one in before.pairs.values()) == 1
    assert case_of(here, waiting).made_by == MIA.name, "it is still dealt"
    assert case_of(here, waiting).name == "casino.jpg"


def test_a_young_case_keeps_all(here):
    asset_id = second_look(here, answered=True)
    let_go(here, Rules(names_days=30, reviewers_days=30, evidence_days=30))
    assert (case_of(here, asset_id).made_by, case_of(here, asset_id).name) == (MIA.name, "casino.jpg")


def test_the_queues_search_forgets_a_files_name_too(here):
    asset_id = second_look(here, answered=True)
    let_go(here, Rules(names_days=30), LATER + timedelta(seconds=1))
    with here.database.read() as connection:
        assert connection.execute(select(JOBS.c.name).where(JOBS.c.asset_id == asset_id)).scalar() == ""
