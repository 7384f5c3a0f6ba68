"""What a status says at its ends."""

import pytest

from policies.line.records import FINAL_STAGES, Stage
from policies.line.waiting import Priority, State, Status


@pytest.mark.parametrize("stage", Stage)
def test_a_status_is_final_where_nothing_more_happens(stage):
    assert Status(State.QUEUED, stage).is_final == (stage in FINAL_STAGES)


def test_each_final_stage_is_a_state():
    assert {State(stage.value) for stage in FINAL_STAGES} == {State.HELD, State.BLOCKED, State.PUBLISHED}


def test_the_most_urgent_is_the_lowest():
    assert sorted(Priority) == [Priority.URGENT, Priority.NORMAL, Priority.BULK]
