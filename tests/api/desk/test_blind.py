from types import SimpleNamespace

import pytest

from api.desk.blind import find_blind, find_next, mix_items
from api.wiring import open_site
from policies.review.backlog import Filter, find_items
from policies.review.judgement import decide
from policies.review.quality_rules import Rules, keep_rules
from provenance.asset import AssetId
from tests.policies.review.people import MIA, NO, NOA, held
from tests.sites import build_light_settings


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    """Two jobs that wait, and one that Mia has decided and Noa is to look at."""
    with open_site(build_light_settings(tmp_path_factory.mktemp("blind") / "home")) as site:
        here = site.deployment
        jobs = [held(here), held(here)]
        keep_rules(here, MIA, Rules(double_share=1))
        decide(here, decided := held(here), MIA, NO)
        yield SimpleNamespace(here=here, jobs=jobs, decided=decided)


EVERY = Filter()


def mixed(stock, reviewer, wanted=EVERY, **more):
    items = list(find_items(stock.here, reviewer, wanted))
    return [
        one.job.asset_id
        for one in mix_items(stock.here, reviewer, wanted, items, **{"after": "", "is_last": True, **more})
    ]


def test_it_lies_among_the_jobs_of_who_is_to_judge_it_alone(stock):
    assert mixed(stock, MIA) == stock.jobs
    found = mixed(stock, NOA)
    (dealt,) = set(found) - set(stock.jobs)
    assert found == sorted(found)
    assert find_blind(stock.here, dealt, NOA).case.asset_id == stock.decided
    assert find_blind(stock.here, dealt, MIA) is None
    assert find_blind(stock.here, stock.jobs[0], NOA) is None
    assert mixed(stock, NOA, after=AssetId("~")) == stock.jobs
    assert mixed(stock, NOA, Filter(category="prompt.weapons")) == []


def test_the_next_job_may_be_one_that_is_dealt(stock):
    way, at = [], ""
    for _ in range(3):
        at = find_next(stock.here, NOA, Filter(), at)
        way.append(at)
    assert way == mixed(stock, NOA)
    assert find_next(stock.here, NOA, Filter(), at) == way[0]
