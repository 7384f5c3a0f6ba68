"""What is held for want of an answer is screened again, and the record of it still holds together."""

from dataclasses import replace

import pytest

from policies.audit.concordance import compare_records
from policies.gate import walk
from policies.line.ending import end_early
from policies.line.records import find_signals
from policies.refusals import NotWaitingError
from policies.review.claim import claim
from policies.review.judgement import decide
from policies.review.refusals import JobTakenError
from policies.review.rescreening import SCREENED_AGAIN, screen_again
from policies.rules.decision import Outcome
from tests.policies.deployments import Probe, entries_of, hand_in, public_of, run_only
from tests.policies.review.people import MIA, NO, NOA, held
from tests.policies.review.test_job import job_of


def broken(here):
    """The deployment with a detector that fails, and an asset that is held for it."""
    failing = replace(here, runner=run_only(Probe(RuntimeError("no"))))
    asset_id = hand_in(failing)
    assert walk(failing, asset_id).outcome is Outcome.HOLD
    return failing, asset_id


def test_what_was_held_for_a_check_that_failed_is_released_once_it_answers(here):
    _, asset_id = broken(here)
    done = screen_again(here, asset_id, MIA)
    assert done.outcome is Outcome.RELEASE
    assert public_of(here, asset_id)
    assert job_of(here, asset_id).state.value == "closed"
    assert entries_of(here, asset_id).count("decision.made") == 2
    assert SCREENED_AGAIN in entries_of(here, asset_id)
    assert [one.text for one in compare_records(here.database) if one.subject == asset_id] == []


def test_a_check_that_fails_again_leaves_it_held_and_may_be_asked_again(here):
    failing, asset_id = broken(here)
    for _ in range(2):
        assert screen_again(failing, asset_id, MIA).outcome is Outcome.HOLD
    assert job_of(here, asset_id).holder_id == MIA.id
    assert [one.text for one in compare_records(here.database) if one.subject == asset_id] == []
    assert screen_again(here, asset_id, MIA).outcome is Outcome.RELEASE


def test_answers_that_were_changed_afterwards_are_found(here):
    failing, asset_id = broken(here)
    screen_again(failing, asset_id, MIA)
    with here.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE signals SET body = json_set(body, '$.version', '9') WHERE asset_id = ?", (asset_id,)
        )
    assert any("signals_sha256" in one.text for one in compare_records(here.database) if one.subject == asset_id)
    with here.database.write() as connection:  # other tests look at all records, too
        connection.exec_driver_sql("DELETE FROM signals WHERE asset_id = ?", (asset_id,))


def test_what_the_line_gave_up_before_any_check_is_screened(here):
    asset_id = hand_in(here)
    with here.leases.hold(asset_id):
        end_early(here, asset_id, outcome=Outcome.HOLD, rule="line", text="given up after 5 tries")
    assert screen_again(here, asset_id, MIA).outcome is Outcome.RELEASE
    with here.database.read() as connection:
        assert find_signals(connection, asset_id)


def test_only_what_waits_for_want_of_an_answer_is_screened_again(here):
    with pytest.raises(NotWaitingError, match="no answer"):
        screen_again(here, held(here), MIA)
    _, asset_id = broken(here)
    claim(here, asset_id, NOA)
    with pytest.raises(JobTakenError):
        screen_again(here, asset_id, MIA)
    decide(here, asset_id, NOA, NO)
    with pytest.raises(NotWaitingError):
        screen_again(here, asset_id, NOA)
