import pytest
from sqlalchemy import text

from policies.review.backlog import Filter, _select_ids, count_items, find_ids, find_items, find_neighbour
from policies.review.claim import claim
from policies.review.judgement import ask_opinion, escalate
from provenance.errors import PolicyError
from tests.policies.review.engines import site  # noqa: F401 - both engines
from tests.policies.review.people import MIA, NO, NOA, SAM, held


def ids(here, who=MIA, **fields):
    return find_ids(here, who, Filter(**fields), most=10_000)


def test_filters_and_pages(here):
    first, second, third, fourth = (held(here, name=f"Page%{n}.jpg") for n in range(4))
    claim(here, second, NOA)
    escalate(here, third, MIA, "beyond me")
    ask_opinion(here, fourth, NOA, NO)
    assert ids(here, name="page%") == (first, second, third, fourth)
    assert ids(here, name="page_") == ()
    assert ids(here, name="page%", holder="free") == (first, third, fourth)
    assert ids(here, name="page%", holder="others") == ids(here, NOA, name="page%", holder="mine") == (second,)
    assert ids(here, name="page%", state="escalated") == (third,)
    assert ids(here, name="page%", opinion=True) == (fourth,)
    assert ids(here, name="page%", category="prompt.gambling", pack="light", detector="prompt")[0] == first
    assert ids(here, category="prompt.weapons") == ids(here, medium="video") == ids(here, until="2020") == ()
    page = find_items(here, MIA, Filter(name="page%"), limit=2)
    assert [item.job.asset_id for item in page] == [first, second]
    assert [reason.category for reason in page[0].against] == ["prompt.gambling"]
    following = find_items(here, MIA, Filter(name="page%"), after=second, limit=2)
    assert [item.job.asset_id for item in following] == [third, fourth]
    assert count_items(here, MIA, Filter(name="page%")) == 4
    assert find_neighbour(here, MIA, Filter(name="page%"), first) == third  # the second is Noa's
    assert find_neighbour(here, MIA, Filter(name="page%"), fourth) == first
    assert find_neighbour(here, MIA, Filter(name="no such"), fourth) is None


@pytest.mark.parametrize("fields", [{"state": "closed"}, {"holder": "x"}])
def test_what_is_no_filter_is_refused(fields):
    with pytest.raises(PolicyError, match="expected a"):
        Filter(**fields)


@pytest.mark.parametrize(
    "fields", [{}, {"category": "prompt.gambling"}, {"holder": "free"}, {"state": "open", "pack": "light"}]
)
@pytest.mark.parametrize("who", [MIA, SAM])
def test_a_page_of_many_is_read_from_an_index_without_sorting(here, fields, who):
    """What a bench measures, held by SQLite's plan: a range of an index in order, ended by the page."""
    if not here.database.is_sqlite:
        return  # its plans depend on how many rows there are: bench.desk measures them
    query = _select_ids(here, who, Filter(**fields), "").limit(50)
    with here.database.read() as connection:
        spelled = query.compile(connection, compile_kwargs={"literal_binds": True})
        plan = [row[-1] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {spelled}".replace(":", r"\:")))]
    assert any("USING" in line and "INDEX" in line for line in plan), plan
    assert not any("TEMP B-TREE" in line for line in plan), plan
