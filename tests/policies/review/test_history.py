import pytest

from policies.review.history import list_decisions, list_earlier, list_lines
from policies.review.judgement import decide, take_back
from provenance.errors import PolicyError
from tests.policies.review.people import MIA, NO, NOA, held


def test_decisions_are_listed_newest_first_by_whom_and_how(here):
    first, second = held(here), held(here)
    decide(here, first, NOA, NO)
    decide(here, second, MIA, NO)
    take_back(here, second, MIA, "a slip")
    lines = list_lines(here, MIA)
    assert [(line.asset_id, line.outcome) for line in lines[:3]] == [
        (second, "hold"),
        (second, "block"),
        (first, "block"),
    ]
    assert (lines[1].clause, lines[1].reason) == ("House rules 3", "roulette for money")
    assert {line.reviewer for line in list_lines(here, MIA, by="Noa")} == {"Noa"}
    assert {line.outcome for line in list_lines(here, MIA, outcome="hold")} == {"hold"}
    page = list_lines(here, MIA, limit=1)
    assert list_lines(here, MIA, before=page[0].cursor, limit=1)[0].id == lines[1].id
    with pytest.raises(PolicyError, match="cursor"):
        list_lines(here, MIA, before="nonsense")


def test_what_was_decided_before_about_one_asset(here):
    asset_id = held(here)
    decide(here, asset_id, MIA, NO)
    assert [decision.decided_by for _, decision in list_decisions(here, asset_id)] == ["policy", "review:Mia Chen"]


def test_the_same_file_handed_in_again_is_found(here):
    first, second = held(here, name="once.jpg"), held(here, name="again.jpg")
    found = {one.asset_id: one for one in list_earlier(here, second, MIA)}
    assert found[first].is_same_file
    assert second not in found
