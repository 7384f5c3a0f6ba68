from dataclasses import replace
from datetime import UTC, datetime, timedelta

from policies import gate
from policies.review.judgement import review
from policies.review.queue import Query, find_waiting
from policies.rules.decision import Outcome
from tests.policies.deployments import SIDE
from tests.sites import submission


def hold(here, name, prompt="people at a roulette table in a casino"):
    return gate.release(here, replace(submission(side=SIDE, prompt=prompt), name=name)).asset_id


def ids(here, query=None):
    return [item.asset_id for item in find_waiting(here.database, query or Query())]


def test_pages_follow_each_other_and_filters_narrow_them(here, monkeypatch):
    monkeypatch.setattr("policies.review.queue._CHUNK", 2)
    before = ids(here)
    last = before[-1] if before else ""
    base = Query(after=last)
    first, second, third = (hold(here, name) for name in ("Cat [1].jpg", "dog.JPG", "catalogue.jpeg"))
    assert ids(here, base) == [first, second, third]
    assert ids(here, replace(base, after=first)) == [second, third]
    assert ids(here, replace(base, name="cat")) == [first, third]
    assert ids(here, replace(base, name="*.jpg")) == [first, second]
    assert ids(here, replace(base, name="[1]")) == [first]
    assert ids(here, replace(base, category="prompt.gambling", detector="prompt")) == [first, second, third]
    for other in ({"category": "prompt.weapons"}, {"detector": "nsfw"}, {"pack": "eu-ai-act-50"}):
        assert ids(here, replace(base, **other)) == []
    (item,) = find_waiting(here.database, replace(base, after=second))
    assert (item.name, item.outcome, item.decision.outcome) == ("catalogue.jpeg", "held", Outcome.HOLD)
    assert ids(here, replace(base, pack=item.decision.reasons[0].pack)) == [first, second, third]
    now = datetime.now(UTC)
    assert ids(here, replace(base, since=now - timedelta(hours=1))) == [first, second, third]
    assert ids(here, replace(base, since=now + timedelta(hours=1))) == []


def test_what_was_refused_or_released_can_be_listed_too(here):
    asset_id = hold(here, "x.jpg")
    review(here, asset_id, outcome=Outcome.BLOCK, reviewer="mo", reason="no")
    assert asset_id not in ids(here)
    assert asset_id in ids(here, Query(outcome="blocked"))
    released = gate.release(here, submission(side=SIDE)).asset_id
    assert released in ids(here, Query(outcome="released"))
