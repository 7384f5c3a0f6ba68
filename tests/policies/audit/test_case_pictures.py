"""Matches are drawn again from what was recorded."""

from policies.audit.case_file import load_case
from policies.audit.case_pictures import draw_matches_of, list_matches
from provenance.asset import AssetId


def test_a_match_is_drawn_beside_its_work(docket):
    case = load_case(docket.here, AssetId(docket.copied))
    assert [match["work_id"] for match in list_matches(case)] == [docket.work]
    assert list(draw_matches_of(docket.here, case)) == ["match-1.png"]


def test_nothing_is_drawn_of_what_matches_nothing(docket):
    assert draw_matches_of(docket.here, load_case(docket.here, AssetId(docket.released))) == {}
