import pytest

from api.desk.job_view import MOST_BOXES, _list_boxes, _parse_box, list_moments, load_view
from detectors.base import Finding, Signal, Status
from policies.review.job import Reviewer
from provenance.asset import AssetId
from provenance.errors import AssetNotFoundError
from provenance.media.view import Span

MIA = Reviewer("person-mia", "Mia")


def signal(*evidence):
    return Signal("codes", "1", Status.OK, {}, evidence)


def test_places_are_drawn_where_evidence_says(desk_server):
    boxes = list(
        _list_boxes(
            [
                signal(
                    {"box": [0.1, 0.2, 0.5, 1.4], "sort": "link"},
                    {"match": {"title": "T", "overlap": {"in_part": [0, 0, 1, 1]}}},
                )
            ]
        )
    )
    assert [(box.x, box.y, box.width, box.height, box.label) for box in boxes] == [
        (10, 20, 40, 80, "codes: link"),
        (0, 0, 100, 100, "codes: T"),
    ]


@pytest.mark.parametrize("edges", [None, "abcd", [1, 2], ["x", 0, 0, 0], {"a": 1}, 7])
def test_what_is_no_place_is_none(edges):
    assert _parse_box(edges, "") is None


def test_a_match_stands_beside_its_work(desk_server):
    here = desk_server.app.state.service.site.deployment
    view = load_view(here, desk_server.stock.matched_id, MIA)
    assert [(one.title, one.owner) for one in view.matches] == [("Chelsea", "Stéfan")]
    assert len(view.boxes) <= MOST_BOXES
    assert view.clauses[0] == "House rules 4.1"


def test_what_was_released_at_once_has_a_page_and_no_job(desk_server):
    here = desk_server.app.state.service.site.deployment
    view = load_view(here, desk_server.stock.released_id, MIA)
    assert (view.stage, view.job.state, view.has_waited) == ("published", "closed", False)
    assert (view.notes, view.opinions, view.item.against) == ((), (), ())
    with pytest.raises(AssetNotFoundError):
        load_view(here, AssetId("01900000-0000-7000-8000-000000000000"), MIA)


def test_what_was_found_at_a_time_is_on_the_time_line():
    signals = (
        Signal(
            "clip", "1", Status.OK, {"violence": 0.8, "weapons": 0.01},
            findings=(Finding("violence", 0.8, Span(4.0, 5.0)), Finding("weapons", 0.01, Span(0.0, 1.0)), Finding("gore", 0.9)),
        ),
        Signal("copyright", "1", Status.OK, {}, ({"match": {"action": "block", "together": {"here": [3.0, 8.0]}}}, {"match": {}})),
    )  # fmt: skip
    assert [(one.category, one.start_s, one.end_s) for one in list_moments(signals)] == [
        ("copyright_block", 3.0, 8.0), ("violence", 4.0, 5.0),
    ]  # fmt: skip
