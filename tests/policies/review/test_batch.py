import pytest
from sqlalchemy import update

from policies.review import batch as module
from policies.review.backlog import Filter, find_ids
from policies.review.batch import find_batch, list_unfinished, make_batch, run_batch, undo_batch
from policies.review.claim import claim
from policies.review.follower import follow
from policies.review.history import list_lines
from policies.review.job import State
from policies.review.judgement import ask_opinion
from policies.review.refusals import ConfirmationError
from provenance.errors import AssetNotFoundError, PolicyError
from provenance.storage.review_tables import JOBS
from tests.policies.review.engines import site  # noqa: F401 - a fixture
from tests.policies.review.people import MIA, NO, NOA, YES, held
from tests.policies.review.test_job import job_of
from tests.policies.review.test_judgement import stage_of


def load(here, batch):
    with here.database.read() as connection:
        return find_batch(connection, here, batch.id, MIA)


def test_one_verdict_about_all_that_a_filter_finds_is_one_line_and_is_taken_back_as_one(here):
    ids = [held(here, name=f"lot-{number}.jpg") for number in range(3)]
    asked = Filter(name="LOT-", category="prompt.gambling")
    assert find_ids(here, MIA, asked, most=10) == tuple(ids)
    later = held(here, name="lot-later.jpg")
    batch = make_batch(here, MIA, ids, NO, key="one", confirmed=0, asked=asked)
    assert make_batch(here, MIA, ids, NO, key="one", confirmed=0).id == batch.id
    assert batch.counts == {"waiting": 3}
    assert run_batch(here, batch.id)
    assert load(here, batch).counts == {"decided": 3}
    assert [stage_of(here, one) for one in (*ids, later)] == ["blocked"] * 3 + ["held"]
    (line,) = [line for line in list_lines(here, MIA) if line.id == batch.id]
    assert (line.size, line.outcome, line.asset_id) == (3, "block", "")
    assert {line.asset_id for line in list_lines(here, MIA, batch_id=batch.id)} == set(ids)
    assert not set(ids) & {line.asset_id for line in list_lines(here, MIA)}

    undone = undo_batch(here, batch.id, NOA)
    assert undo_batch(here, batch.id, MIA).undone_at == undone.undone_at
    assert run_batch(here, batch.id)
    done = load(here, batch)
    assert (done.counts, done.undone_by, bool(done.finished_at)) == ({"undone": 3}, "Noa", True)
    assert {job_of(here, one).state for one in ids} == {State.OPEN}


def test_of_many_somebody_types_how_many(here, monkeypatch):
    monkeypatch.setattr(module, "TYPED_ABOVE", 1)
    ids = [held(here), held(here)]
    with pytest.raises(ConfirmationError, match="expected 2"):
        make_batch(here, MIA, ids, NO, key="typed", confirmed=3)
    assert make_batch(here, MIA, ids, NO, key="typed", confirmed=2).size == 2


def test_what_others_have_or_judge_is_left_to_them(here):
    free, taken, judged = held(here), held(here), held(here)
    claim(here, taken, NOA)
    ask_opinion(here, judged, NOA, NO)
    batch = make_batch(here, MIA, [free, taken, judged], NO, key="mixed", confirmed=0)
    run_batch(here, batch.id)
    assert load(here, batch).counts == {"decided": 1, "refused": 2}
    assert [stage_of(here, one) for one in (free, taken, judged)] == ["blocked", "held", "held"]


def test_what_was_released_stays_so(here):
    first, second = held(here), held(here)
    batch = make_batch(here, MIA, [first, second], YES, key="released", confirmed=0)
    assert not run_batch(here, batch.id, most=1, grace_s=0)
    while follow(here, grace_s=3600):
        pass
    assert [stage_of(here, one) for one in (first, second)] == ["published", "decided"]
    undo_batch(here, batch.id, MIA)
    run_batch(here, batch.id)
    assert load(here, batch).counts == {"kept": 1, "undone": 1}
    assert [stage_of(here, one) for one in (first, second)] == ["published", "held"]


def test_a_batch_that_was_taken_back_before_it_was_done_does_no_more(here):
    ids = [held(here), held(here)]
    batch = make_batch(here, MIA, ids, NO, key="early", confirmed=0)
    run_batch(here, batch.id, most=1)
    undo_batch(here, batch.id, MIA)
    assert (here.tenant, batch.id) in list_unfinished(here)
    while follow(here, grace_s=0):
        pass
    assert load(here, batch).counts == {"undone": 2}
    assert {stage_of(here, one) for one in ids} == {"held"}


@pytest.mark.parametrize(
    ("ids", "error"), [([], PolicyError), (["00000000-0000-7000-8000-000000000000"], AssetNotFoundError)]
)
def test_a_batch_is_about_jobs_that_are_there(here, ids, error):
    with pytest.raises(error):
        make_batch(here, MIA, ids, NO, key="none", confirmed=0)


def test_what_is_taken_back_while_the_last_of_it_is_decided_is_not_forgotten(here, monkeypatch):
    ids = [held(here), held(here)]
    batch = make_batch(here, MIA, ids, NO, key="meanwhile", confirmed=0)
    decide = module._decide_one

    def decide_then_undo(here, batch_id, asset_id, *rest):
        decide(here, batch_id, asset_id, *rest)
        if asset_id == max(ids):
            undo_batch(here, batch_id, NOA)

    monkeypatch.setattr(module, "_decide_one", decide_then_undo)
    assert not run_batch(here, batch.id)
    assert (here.tenant, batch.id) in list_unfinished(here)
    assert run_batch(here, batch.id)
    assert load(here, batch).counts == {"undone": 2}


def test_a_batch_decides_no_more_than_who_made_it_may_see(here):
    seen, hidden = held(here), held(here)
    batch = make_batch(here, MIA, [seen, hidden], NO, key="hidden", confirmed=0)
    with here.database.write() as connection:
        connection.execute(update(JOBS).where(JOBS.c.asset_id == hidden).values(is_sensitive=True))
    assert run_batch(here, batch.id)
    assert load(here, batch).counts == {"decided": 1, "refused": 1}
    assert stage_of(here, hidden) == "held"
