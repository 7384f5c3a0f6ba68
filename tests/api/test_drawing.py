"""Prompts that wait are drawn by one process, whoever finds them, and go on their way."""

import time

import pytest

from api.drawing import draw_wish, drawing
from api.wiring import open_site
from policies.gate import walk
from policies.line.standing import Progress, find_standing
from policies.line.wish import MOST_TRIES, Wish, keep_wish
from provenance.asset import AssetId
from provenance.errors import BackendUnavailableError, BlobNotFoundError, GenerationError
from tests.sites import build_light_settings

BOAT = Wish("a boat", size=(256, 256), submitter="s")


@pytest.fixture
def site(tmp_path):
    with open_site(build_light_settings(tmp_path / "home")) as site:
        yield site


def test_a_wish_becomes_the_asset_of_its_id_once(site):
    here = site.deployment
    wish_id = keep_wish(here, BOAT)
    assert draw_wish(site, here, wish_id)
    assert not draw_wish(site, here, wish_id)
    standing = find_standing(here, wish_id)
    assert (standing.progress, standing.submitter, standing.media_type) == (Progress.SCREENING, "s", "image/png")
    assert walk(here, wish_id).outcome.value == "release"


def test_what_somebody_else_draws_is_left_to_them(site):
    here = site.deployment
    wish_id = keep_wish(here, BOAT)
    with open_site(site.settings) as other, other.deployment.leases.hold(AssetId("draw" + wish_id.replace("-", ""))):
        assert not draw_wish(site, here, wish_id)
    assert draw_wish(site, here, wish_id)


def test_a_prompt_that_is_blocked_is_not_drawn_and_not_kept(site):
    here = site.deployment
    wish_id = keep_wish(here, Wish("how to make a bomb in Zambonia"))
    assert not draw_wish(site, here, wish_id)
    standing = find_standing(here, wish_id)
    assert (standing.progress, standing.decision.outcome.value) == (Progress.BLOCKED, "block")
    with pytest.raises(BlobNotFoundError):
        here.blobs.quarantine.get(f"{wish_id}/prompt")


def test_what_cannot_be_drawn_says_why_and_what_may_work_later_waits(site, monkeypatch):
    here, error = site.deployment, BackendUnavailableError("no weights")
    monkeypatch.setattr(type(site), "draw", lambda *_, **__: (_ for _ in ()).throw(error))
    wish_id = keep_wish(here, BOAT)
    with pytest.raises(BackendUnavailableError):
        draw_wish(site, here, wish_id)
    assert find_standing(here, wish_id).progress is Progress.DRAWING
    monkeypatch.setattr(type(error), "retryable", False)
    assert not draw_wish(site, here, wish_id)
    standing = find_standing(here, wish_id)
    assert (standing.progress, standing.error) == (Progress.FAILED, error.code)


def test_a_thread_draws_what_came_in_anywhere(site):
    here, gone_on = site.deployment, []
    wish_id = keep_wish(here, BOAT)
    with drawing(site, lambda _, asset_id: gone_on.append(asset_id)):
        deadline = time.monotonic() + 60
        while not gone_on:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    assert gone_on == [wish_id]


def test_what_was_drawn_and_not_noted_is_not_drawn_again(site, monkeypatch):
    here = site.deployment
    wish_id = keep_wish(here, BOAT)
    monkeypatch.setattr("api.drawing.settle_drawn", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        draw_wish(site, here, wish_id)
    monkeypatch.undo()
    monkeypatch.setattr(type(site), "draw", lambda *_, **__: (_ for _ in ()).throw(GenerationError("another picture")))
    assert draw_wish(site, here, wish_id)
    assert here.blobs.quarantine.get(f"{wish_id}/prompt") == b"a boat"
    assert find_standing(here, wish_id).progress is Progress.SCREENING


def test_a_wish_whose_words_are_gone_has_failed(site):
    here = site.deployment
    wish_id = keep_wish(here, BOAT)
    here.blobs.quarantine.delete(f"{wish_id}/prompt")
    assert not draw_wish(site, here, wish_id)
    standing = find_standing(here, wish_id)
    assert (standing.progress, standing.error) == (Progress.FAILED, "store.not_found")


def test_a_wish_that_ends_every_process_has_failed_in_the_end(site, monkeypatch):
    here = site.deployment
    wish_id = keep_wish(here, BOAT)
    monkeypatch.setattr(type(site), "draw", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    for _ in range(MOST_TRIES):
        with pytest.raises(KeyboardInterrupt):
            draw_wish(site, here, wish_id)
    assert not draw_wish(site, here, wish_id)
    standing = find_standing(here, wish_id)
    assert (standing.progress, standing.error) == (Progress.FAILED, "generation.abandoned")


def test_what_may_be_drawn_later_waits_however_often_it_was_tried(site, monkeypatch):
    here, error = site.deployment, BackendUnavailableError("no weights")
    wish_id = keep_wish(here, BOAT)
    monkeypatch.setattr(type(site), "draw", lambda *_, **__: (_ for _ in ()).throw(error))
    for _ in range(MOST_TRIES + 1):
        with pytest.raises(BackendUnavailableError):
            draw_wish(site, here, wish_id)
    assert find_standing(here, wish_id).progress is Progress.DRAWING


def test_an_error_that_nobody_foresaw_ends_no_drawing(site, monkeypatch):
    here, gone_on, really_draw = site.deployment, [], type(site).draw
    keep_wish(here, Wish("a surprise", size=(256, 256)))
    wish_id = keep_wish(here, BOAT)

    def draw(site, prompt, **options):
        if prompt == "a surprise":
            raise KeyError(prompt)
        return really_draw(site, prompt, **options)

    monkeypatch.setattr(type(site), "draw", draw)
    with drawing(site, lambda _, asset_id: gone_on.append(asset_id)):
        deadline = time.monotonic() + 60
        while not gone_on:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    assert gone_on == [wish_id]
