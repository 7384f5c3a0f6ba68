from dataclasses import replace

import pytest
from sqlalchemy import select

from api.wiring import open_site
from policies import gate
from policies.audit.concordance import compare_records
from policies.line.intake import original_key
from policies.review.appeal import (
    STATEMENT_LIMIT,
    TEXT_LIMIT,
    Standing,
    decide_appeal,
    file_appeal,
    find_appeal,
    find_by_token,
    list_appeals,
    offer_appeal,
)
from policies.review.job import Reviewer
from policies.review.judgement import review
from policies.review.refusals import NotYoursError
from policies.review.verdicts import undo
from policies.rules.decision import Outcome
from provenance.errors import AppealClosedError, AppealNotFoundError, PolicyError
from provenance.storage.policy_tables import APPEALS
from provenance.tenant import parse_tenant
from tests.sites import as_submission, build_light_settings, encode, photograph

ADA, BO = Reviewer("p-1", "Ada"), Reviewer("p-2", "Bo")
PICTURE = encode(photograph(side=256))
WHY = "It is a toy: please look at the picture."


@pytest.fixture
def site(tmp_path):
    with open_site(build_light_settings(tmp_path / "home", tenants={"blue": {}})) as opened:
        yield opened


@pytest.fixture
def here(site):
    return site.deployment


@pytest.fixture
def refused(here):
    """Id of an asset that Ada has refused."""
    held = gate.release(here, as_submission(PICTURE, prompt="a casino with roulette", name="casino.jpg"))
    assert held.outcome is Outcome.HOLD
    review(here, held.asset_id, outcome=Outcome.BLOCK, reviewer=ADA, reason="no gambling")
    return held.asset_id


@pytest.fixture
def filed(here, refused):
    return file_appeal(here, offer_appeal(here, refused), WHY)


def test_a_refusal_has_one_link_and_what_is_not_refused_has_none(here, refused):
    token = offer_appeal(here, refused)
    assert (offer_appeal(here, refused), len(token)) == (token, 32)
    offered = find_by_token(here.database, token)
    assert (offered.state, offered.asset_id, offered.name) == (Standing.OFFERED, refused, "casino.jpg")
    released = gate.release(here, as_submission(PICTURE, prompt="a quiet lake"))
    assert offer_appeal(here, released.asset_id) == ""
    assert list_appeals(here, BO) == ()
    with pytest.raises(AppealNotFoundError):
        find_appeal(here, BO, offered.decision_id)
    for guess in ("", "x", token[:-1], token + "x"):
        with pytest.raises(AppealNotFoundError):
            find_by_token(here.database, guess)


def test_an_appeal_is_made_once_and_its_text_is_a_digest_on_the_ledger(here, refused):
    token = offer_appeal(here, refused)
    made = file_appeal(here, token, f"  {WHY}\n")
    assert (made.state, made.text) == (Standing.FILED, WHY)
    with pytest.raises(AppealClosedError, match="asked before"):
        file_appeal(here, token, "again")
    (entry,) = here.log.entries(kinds=["appeal.filed"])
    assert (entry.subject, entry.fields()["decision_id"]) == (refused, made.decision_id)
    assert "toy" not in entry.body.decode()
    assert [one.decision_id for one in list_appeals(here, BO)] == [made.decision_id]


@pytest.mark.parametrize("text", ["", " \n", "x" * (TEXT_LIMIT + 1), "a\0b"])
def test_an_appeal_is_a_bounded_text(here, refused, text):
    with pytest.raises(PolicyError, match=f"1 to {TEXT_LIMIT}"):
        file_appeal(here, offer_appeal(here, refused), text)


def test_another_person_overturns_and_the_file_walks_the_rest_of_the_line(here, filed, refused):
    with pytest.raises(NotYoursError, match="another person"):
        decide_appeal(here, filed.decision_id, reviewer=ADA, overturn=True, statement="it is fine")
    with pytest.raises(NotYoursError, match="another person"):
        decide_appeal(here, filed.decision_id, reviewer=replace(ADA, id="other key"), overturn=True, statement="fine")
    made = decide_appeal(here, filed.decision_id, reviewer=BO, overturn=True, statement="It is a toy.")
    assert (made.state, made.decided_by, made.statement) == (Standing.OVERTURNED, "Bo", "It is a toy.")
    assert gate.walk(here, refused).public_key
    decision = gate.walk(here, refused).decision
    assert (decision.outcome, decision.reasons[0].rule, decision.reasons[0].text) == (
        Outcome.RELEASE, "appeal", "It is a toy.",
    )  # fmt: skip
    (entry,) = here.log.entries(kinds=["appeal.overturned"])
    assert entry.fields()["decided_by"].startswith("review:reviewer-")
    assert "toy" not in entry.body.decode()
    assert list(compare_records(here.database)) == []
    with pytest.raises(AppealClosedError):
        decide_appeal(here, filed.decision_id, reviewer=BO, overturn=False, statement="no")
    assert offer_appeal(here, refused) == ""


def test_what_stands_stays_refused_with_a_statement(here, filed, refused):
    made = decide_appeal(here, filed.decision_id, reviewer=BO, overturn=False, statement="It is a real casino.")
    assert (made.state, find_by_token(here.database, filed.token).statement) == (
        Standing.UPHELD, "It is a real casino.",
    )  # fmt: skip
    (entry,) = here.log.entries(kinds=["appeal.upheld"])
    assert (entry.fields()["by"].startswith("reviewer-"), "casino" in entry.body.decode()) == (True, False)
    assert (list_appeals(here, BO), len(list_appeals(here, BO, state=Standing.UPHELD))) == ((), 1)
    assert list(compare_records(here.database)) == []


def test_what_a_policy_refuses_may_be_decided_by_anybody_but_who_handed_it_in(here):
    blocked = gate.release(here, as_submission(PICTURE, prompt="how to make a pipe bomb", submitter="p-9"))
    assert blocked.outcome is Outcome.BLOCK
    filed = file_appeal(here, offer_appeal(here, blocked.asset_id), WHY)
    with pytest.raises(NotYoursError, match="handed in"):
        decide_appeal(here, filed.decision_id, reviewer=Reviewer("p-9", "Sam"), overturn=True, statement="mine")
    told = []
    decide_appeal(
        here, filed.decision_id, reviewer=ADA, overturn=True, statement="ok", then=lambda _, one: told.append(one)
    )
    assert told == [blocked.asset_id]


def test_a_refusal_that_does_not_count_any_more_cannot_be_appealed_against(here, refused):
    token = offer_appeal(here, refused)
    undo(here, refused, reviewer=ADA, reason="a mistake")
    with pytest.raises(AppealClosedError, match="decided anew"):
        file_appeal(here, token, WHY)


def test_what_is_not_kept_any_more_cannot_be_released(here, filed, refused):
    here.blobs.quarantine.delete(original_key(refused))
    with pytest.raises(PolicyError, match="not kept any more"):
        decide_appeal(here, filed.decision_id, reviewer=BO, overturn=True, statement="fine")
    assert find_appeal(here, BO, filed.decision_id).state is Standing.FILED


@pytest.mark.parametrize("statement", ["", " ", "x" * (STATEMENT_LIMIT + 1)])
def test_a_decision_has_reasons(here, filed, statement):
    with pytest.raises(PolicyError, match="statement of reasons"):
        decide_appeal(here, filed.decision_id, reviewer=BO, overturn=False, statement=statement)


def test_appeals_are_the_tenants_own_and_sensitive_ones_are_found_by_who_may_see_them(here, filed):
    blue = here.tenancy(parse_tenant("blue"))
    assert list_appeals(blue, BO) == ()
    with pytest.raises(AppealNotFoundError):
        decide_appeal(blue, filed.decision_id, reviewer=BO, overturn=False, statement="x")
    hidden = replace(here, sensitive=("*gambling*",))
    assert list_appeals(hidden, BO) == ()
    with pytest.raises(AppealNotFoundError):
        find_appeal(hidden, BO, filed.decision_id)
    assert len(list_appeals(hidden, replace(BO, sees_sensitive=True))) == 1
    with here.database.read() as connection:
        assert connection.execute(select(APPEALS.c.state)).scalar_one() == "filed"


def test_appeals_are_listed_a_page_at_a_time(here):
    for number in range(3):
        blocked = gate.release(here, as_submission(PICTURE, prompt="how to make a pipe bomb", name=str(number)))
        file_appeal(here, offer_appeal(here, blocked.asset_id), WHY)
    first = list_appeals(here, BO, limit=2)
    rest = list_appeals(here, BO, after=f"{first[1].filed_at}|{first[1].decision_id}")
    assert sorted(one.name for one in (*first, *rest)) == ["0", "1", "2"]
