"""What was accepted is set on its way: to workers where there are some, and else in threads of the server."""

import time

import pytest
from sqlalchemy import insert

from api.walking import Walkers
from api.wiring import open_site
from policies.line.intake import intake
from policies.line.standing import Progress, find_standing
from policies.line.waiting import State
from policies.line.wish import Wish, keep_wish, settle_failed
from policies.workflow import status
from provenance.errors import GenerationError
from provenance.storage.line_tables import WORKERS
from tests.sites import build_light_settings, submission


@pytest.fixture
def site(tmp_path):
    with open_site(build_light_settings(tmp_path / "home")) as site:
        yield site


def ended(here, asset_id):
    deadline = time.monotonic() + 60
    while not (standing := find_standing(here, asset_id)).is_final:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return standing


def test_without_workers_a_file_and_a_prompt_come_to_their_end_here(site):
    here, walkers = site.deployment, Walkers(site, at_once=2)
    asset_id, wish_id = (
        intake(here, submission(side=256)),
        keep_wish(here, Wish("a boat", size=(256, 256), submitter="s")),
    )
    walkers.start(here, asset_id)
    walkers.start_waiting()
    assert ended(here, asset_id).progress is Progress.RELEASED
    drawn = ended(here, wish_id)
    assert (drawn.progress, drawn.submitter) == (Progress.RELEASED, "s")
    walkers.close()


def test_with_a_worker_a_file_waits_in_the_line_and_a_prompt_to_be_drawn(site):
    here = site.deployment
    row = {"incarnation": "i", "place": "p", "process": 1, "version": "v", "slots": 1, "started_at": "now"}
    with here.database.write() as connection:
        connection.execute(insert(WORKERS).values(id="w", beats_at_ms=int(time.time() * 1000), **row))
    walkers = Walkers(site, at_once=1)
    asset_id, wish_id = intake(here, submission(side=128)), keep_wish(here, Wish("a boat"))
    for one in (asset_id, wish_id):
        walkers.start(here, one)
    failed = keep_wish(here, Wish("a cat"), key="k")
    settle_failed(here, failed, GenerationError("no canvas"))
    walkers.start(here, keep_wish(here, Wish("a cat"), key="k"))
    walkers.close()
    assert find_standing(here, failed).progress is Progress.FAILED, "handed in again it is no asset to be walked"
    assert status(here, asset_id).state is State.QUEUED
    assert find_standing(here, wish_id).progress is Progress.DRAWING


def test_a_new_file_has_its_place_with_its_row_and_workers_are_told_of_it_afterwards(site):
    here = site.deployment
    row = {"incarnation": "i", "place": "p", "process": 1, "version": "v", "slots": 1, "started_at": "now"}
    with here.database.write() as connection:
        connection.execute(insert(WORKERS).values(id="w", beats_at_ms=int(time.time() * 1000), **row))
    walkers = Walkers(site, at_once=1)
    placing = walkers.build_placing(here)
    asset_id = intake(here, submission(side=128), placing=placing)
    assert status(here, asset_id).state is State.QUEUED, "even if this process ends now"
    assert placing.place.asset_id == asset_id
    assert here.line.find_live([placing.place.ticket]) == frozenset()
    walkers.tell_workers(placing)
    walkers.close()
    assert here.line.find_live([placing.place.ticket]) == {placing.place.ticket}
    with here.leases.hold(asset_id, wait=False) as is_new:
        assert not is_new, "another process may have been at work on it"


def test_without_a_worker_nothing_is_placed(site):
    assert Walkers(site, at_once=1).build_placing(site.deployment) is None


def test_a_worker_that_was_not_heard_of_for_long_is_none(site):
    row = {"incarnation": "i", "place": "p", "process": 1, "version": "v", "slots": 1, "started_at": "then"}
    with site.deployment.database.write() as connection:
        connection.execute(insert(WORKERS).values(id="w", beats_at_ms=int(time.time() * 1000) - 61_000, **row))
    assert not Walkers(site, at_once=1).has_workers()
