import time

from sqlalchemy import select

from policies.review import batch
from policies.review import follower as module
from policies.review.follower import Follower, follow
from policies.review.judgement import decide
from provenance.errors import SigningError
from provenance.storage.review_tables import JOBS
from tests.policies.review.people import MIA, NO, YES, held
from tests.policies.review.test_judgement import stage_of


def row_of(here, asset_id):
    with here.database.read() as connection:
        return connection.execute(select(JOBS).where(JOBS.c.asset_id == asset_id)).mappings().one()


def test_what_is_due_is_walked_beside_the_requests(here, monkeypatch):
    monkeypatch.setattr(module, "POLL_S", 0.02)
    asset_id = held(here)
    with Follower(here, grace_s=0):
        decide(here, asset_id, MIA, YES, grace_s=0)
        deadline = time.monotonic() + 60
        while stage_of(here, asset_id) != "published" and time.monotonic() < deadline:
            time.sleep(0.02)
    assert stage_of(here, asset_id) == "published"


def test_what_cannot_be_walked_is_tried_again_later_and_not_for_ever(here, monkeypatch):
    def fail(*_, **__):
        raise SigningError("no signer")

    monkeypatch.setattr(module, "walk", fail)
    monkeypatch.setattr(module, "_LATER_MS", 0)
    asset_id = held(here)
    decide(here, asset_id, MIA, YES, grace_s=0)
    for attempt in range(1, module.ATTEMPTS):
        follow(here, grace_s=0)
        assert row_of(here, asset_id)["attempts"] == attempt
    follow(here, grace_s=0)
    assert row_of(here, asset_id)["due_at_ms"] == 0


def test_an_error_that_nobody_foresaw_stops_neither_the_others_nor_the_thread(here, monkeypatch):
    bad, good = held(here), held(here)
    walk, follow_once, failed = module.walk, module.follow, []

    def fail(here, asset_id, **options):
        if asset_id == bad:
            raise KeyError(asset_id)
        return walk(here, asset_id, **options)

    def fail_once(*args, **options):
        if not failed:
            failed.append(True)
            raise KeyError("once")
        return follow_once(*args, **options)

    monkeypatch.setattr(module, "walk", fail)
    monkeypatch.setattr(module, "follow", fail_once)
    monkeypatch.setattr(module, "POLL_S", 0.02)
    for one in (bad, good):
        decide(here, one, MIA, YES, grace_s=0)
    with Follower(here, grace_s=0):
        deadline = time.monotonic() + 60
        while stage_of(here, good) != "published" and time.monotonic() < deadline:
            time.sleep(0.02)
    assert stage_of(here, good) == "published"
    row = row_of(here, bad)
    assert (row["attempts"], row["due_at_ms"] > time.time() * 1000) == (1, True)


def test_a_batch_goes_on_after_a_job_that_fails_unforeseen(here, monkeypatch):
    bad, good = held(here), held(here)
    made = batch.make_batch(here, MIA, [bad, good], NO, key="unforeseen", confirmed=0)
    really_decide = batch.decide

    def fail(here, asset_id, *args, **options):
        if asset_id == bad:
            raise KeyError(asset_id)
        return really_decide(here, asset_id, *args, **options)

    monkeypatch.setattr(batch, "decide", fail)
    while follow(here, grace_s=0):
        pass
    assert stage_of(here, good) == "blocked"
    with here.database.read() as connection:
        assert batch.find_batch(connection, here, made.id, MIA).counts == {"decided": 1, "refused": 1}
