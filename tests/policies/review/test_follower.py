import time

from sqlalchemy import select

from policies.review import follower as module
from policies.review.follower import Follower, follow
from policies.review.judgement import decide
from provenance.errors import SigningError
from provenance.storage.review_tables import JOBS
from tests.policies.review.people import MIA, YES, held
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
