"""What was accepted is walked beside the requests, and what an earlier process left is drawn."""

import time

import pytest

from api.walking import Walkers
from api.wiring import open_site
from policies.line.intake import intake
from policies.line.standing import Progress, find_standing
from policies.line.wish import Wish, keep_wish
from provenance.errors import BackendUnavailableError, BlobNotFoundError
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


def test_a_file_and_a_prompt_come_to_their_end(site):
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


def test_a_prompt_that_is_blocked_is_not_drawn_and_not_kept(site):
    here, walkers = site.deployment, Walkers(site, at_once=1)
    wish_id = keep_wish(here, Wish("how to make a bomb in Zambonia"))
    walkers.start(here, wish_id)
    standing = ended(here, wish_id)
    walkers.close()
    assert (standing.progress, standing.decision.outcome.value) == (Progress.BLOCKED, "block")
    with pytest.raises(BlobNotFoundError):
        here.blobs.quarantine.get(f"{wish_id}/prompt")


def test_what_cannot_be_drawn_says_why_and_what_may_work_later_waits(site, monkeypatch):
    here, walkers = site.deployment, Walkers(site, at_once=1)
    error = BackendUnavailableError("no weights")
    monkeypatch.setattr(type(site), "draw", lambda *_, **__: (_ for _ in ()).throw(error))
    wish_id = keep_wish(here, Wish("a boat"))
    walkers.start(here, wish_id)
    walkers._pool.submit(lambda: None).result()
    assert find_standing(here, wish_id).progress is Progress.DRAWING
    monkeypatch.setattr(type(error), "retryable", False)
    walkers.start(here, wish_id)
    standing = ended(here, wish_id)
    walkers.close()
    assert (standing.progress, standing.error) == (Progress.FAILED, error.code)
