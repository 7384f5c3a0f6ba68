"""What a sweep moves, removes and leaves alone."""

import time

from sqlalchemy import insert, update

from policies import gate
from policies.line import intake
from policies.line.sweeping import find_leftovers, interrupted, sweep, sweep_staging, unfinished
from policies.line.wish import Wish, keep_wish, load_wish
from policies.review.judgement import decide
from provenance.asset import new_asset_id
from provenance.storage.review_tables import JOBS
from provenance.storage.tables import LEASES
from tests.policies.deployments import SIDE, decided, hand_in, kept_of
from tests.policies.review.people import MIA, YES, held
from tests.policies.review.test_judgement import stage_of
from tests.sites import as_submission, encode, photograph


def in_bin(here):
    return [key for key, _ in here.blobs.quarantine.keys("bin")]


def test_an_orphan_goes_into_the_bin_after_a_grace_and_out_of_it_after_days(here):
    waiting, orphan = hand_in(here), new_asset_id()
    here.blobs.quarantine.put(intake.original_key(orphan), b"its row was never written")
    assert sweep(here).orphans == ()
    assert kept_of(here, orphan) == ["original"], "another process may be about to write its row"
    time.sleep(0.01)
    planned = find_leftovers(here, grace_s=0)
    assert planned.orphans == (f"{orphan}/original",)
    assert kept_of(here, orphan) == ["original"], "nothing was done yet"
    assert sweep(here, grace_s=0) == planned
    assert kept_of(here, orphan) == []
    (binned,) = in_bin(here)
    assert here.blobs.quarantine.get(binned) == b"its row was never written"
    assert sweep(here, grace_s=0).waiting == (binned,)
    assert sweep(here, grace_s=0, bin_days=0).expired == (binned,)
    assert in_bin(here) == []
    assert kept_of(here, waiting) == ["original"]


def test_the_words_of_a_prompt_that_waits_to_be_drawn_stay(here):
    wish_id = keep_wish(here, Wish("a boat"))
    time.sleep(0.01)
    assert not [key for key in sweep(here, grace_s=0).orphans if key.startswith(wish_id)]
    assert load_wish(here, wish_id).prompt == "a boat"


def test_what_was_leased_to_draw_a_prompt_is_no_interrupted_asset(here):
    lease = {"asset_id": "draw0", "owner": "a process that is gone", "expires_at_ms": 0}
    with here.database.write() as connection:
        connection.execute(insert(LEASES).values(lease))
    assert "draw0" in here.leases.look()[0]
    assert "draw0" not in interrupted(here)


def test_what_a_published_asset_left_is_removed_while_its_release_is_there(here):
    result = gate.release(here, as_submission(encode(photograph("rocket.jpg", SIDE))))
    here.blobs.quarantine.put(intake.original_key(result.asset_id), b"left behind")
    time.sleep(0.01)
    media = here.blobs.public.get(result.public_key)
    for key, _ in tuple(here.blobs.public.keys(f"{result.asset_id}/")):
        here.blobs.public.delete(key)
    assert sweep(here, grace_s=0).emptied == ()
    here.blobs.public.put(result.public_key, media)
    assert sweep(here, grace_s=0).emptied == (intake.original_key(result.asset_id),)
    assert kept_of(here, result.asset_id) == []


def test_what_nobody_is_at_work_on_is_interrupted(here):
    gate.resume(here)
    asset_id = decided(here)
    assert asset_id in unfinished(here)
    assert asset_id in interrupted(here)
    with here.leases.hold(asset_id):
        assert asset_id not in interrupted(here)
    assert asset_id in interrupted(here)
    gate.resume(here)
    assert asset_id not in unfinished(here)


def test_staging_is_swept_in_every_store(here):
    assert sweep_staging(here.blobs.quarantine, here.blobs.public) == 0


def test_an_approval_that_waits_for_its_moment_is_not_interrupted(here):
    asset_id = held(here)
    decide(here, asset_id, MIA, YES, grace_s=3600)
    assert asset_id not in interrupted(here)
    assert asset_id not in {result.asset_id for result in gate.resume(here)}
    assert stage_of(here, asset_id) == "decided"
    with here.database.write() as connection:
        connection.execute(update(JOBS).where(JOBS.c.asset_id == asset_id).values(due_at_ms=1))
    assert asset_id in {result.asset_id for result in gate.resume(here)}
    assert stage_of(here, asset_id) == "published"


def test_an_error_that_nobody_foresaw_keeps_no_other_asset_waiting(here, monkeypatch):
    first, second = decided(here), decided(here)
    walk = gate.walk

    def fail(here, asset_id, **options):
        if asset_id == first:
            raise KeyError(asset_id)
        return walk(here, asset_id, **options)

    with monkeypatch.context() as patch:
        patch.setattr(gate, "walk", fail)
        assert second in {result.asset_id for result in gate.resume(here)}
    assert first in {result.asset_id for result in gate.resume(here)}
