from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import event, insert, update

from policies import gate
from policies.review.figures import count_stages, find_figures
from policies.review.judgement import decide, take_back
from provenance.storage.tables import ASSETS, TENANTS
from tests.policies.review.people import MIA, NO, NOA, held
from tests.sites import submission


def test_stages_are_counted(here):
    before = count_stages(here.database).get("published", 0)
    gate.release(here, submission())
    assert count_stages(here.database)["published"] == before + 1
    assert count_stages(here.database, "other") == {}


def test_what_came_and_went(here):
    before = find_figures(here)
    first, second, _ = held(here), held(here), held(here)
    decide(here, first, MIA, NO)
    decide(here, second, NOA, NO)
    take_back(here, second, NOA, "a slip")
    figures = find_figures(here)
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    came, released, blocked = (now - then for now, then in zip(figures.days[today], before.days[today], strict=True))
    assert (came, released, blocked, len(figures.days)) == (3, 0, 2, 14)
    assert figures.undone == before.undone + 1
    assert figures.ages[0] == before.ages[0] + 2
    assert figures.detectors["prompt"] == before.detectors.get("prompt", 0) + 2
    assert figures.reviewers["Mia Chen"] == 1
    assert figures.waits_s[0] <= figures.waits_s[1] < 600
    assert figures.oldest_at


def test_a_time_that_cannot_be_read_breaks_nothing(here):
    decide(here, held(here), MIA, NO)
    asset_id = held(here)
    decide(here, asset_id, MIA, NO)
    with here.database.write() as connection:
        connection.execute(update(ASSETS).where(ASSETS.c.id == asset_id).values(created_at="yesterday"))
    assert find_figures(here).waits_s is not None


def test_jobs_are_grouped_by_how_long_they_have_waited(here):
    held(here)
    later = find_figures(here, now=datetime.now(UTC) + timedelta(days=30))
    assert later.ages[-1] == sum(later.ages) > 0


def test_everything_is_counted_along_an_index(here):
    """What `bench/desk.py` measures, held by the plan: no row of a table with a hundred thousand jobs is looked at."""
    held(here)
    asked = []

    def note(_connection, _cursor, statement, parameters, *_):
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(here.database.reading, "before_cursor_execute", note)
    try:
        find_figures(here)
    finally:
        event.remove(here.database.reading, "before_cursor_execute", note)
    with here.database.read() as connection:
        plans = {
            one: [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", parameters)]
            for one, parameters in asked
        }
    assert len(plans) >= 6
    for statement, plan in plans.items():
        walks = [line for line in plan if any(name in line for name in ("assets", "review_jobs", "review_facets"))]
        assert all("USING" in line for line in walks), (statement, plan)


def test_what_another_tenant_reviewed_is_not_counted(here):
    decide(here, held(here), MIA, NO)
    with here.database.write() as connection:
        connection.execute(insert(TENANTS).values(name="neighbour", pseudonym="p", created_at="2026"))
    assert find_figures(here).reviewers
    assert not find_figures(replace(here, tenant="neighbour")).reviewers
