"""A clip made small: another file, of bounded size and length, that shows and sounds like it."""

import pytest

from provenance.media.containers.matroska import WEBM
from provenance.media.limits import IntakeLimits
from provenance.media.medium import Claims, Kit
from provenance.media.video import proxy
from provenance.media.video.medium import build_medium
from provenance.storage.blob import Blob
from tests.clips import clip

MEDIUM = build_medium(Kit())


def remake(data):
    file = Blob.from_bytes(data)
    made = Blob.from_bytes(proxy.build_proxy(MEDIUM.take(file, Claims(), IntakeLimits()), file))
    return MEDIUM.take(made, Claims(), IntakeLimits())


def test_it_is_small_and_shows_the_same():
    before = MEDIUM.take(
        Blob.from_bytes(clip(24, width=640, height=480, sound=True, rate=24)), Claims(), IntakeLimits()
    )
    after = remake(clip(24, width=640, height=480, sound=True, rate=24))
    assert (after.media_type, after.facts["width"], after.facts["height"]) == (WEBM, 360, 270)
    assert 7 <= after.facts["frames"] <= 10
    assert after.facts["duration_s"] == pytest.approx(1.0, abs=0.1)
    assert after.soundtrack.track.channels == 1
    assert after.soundtrack.peak == pytest.approx(0.2, abs=0.05)
    assert MEDIUM.compare(after, before.codes[0].value, lambda: before).agrees


def test_its_length_is_bounded(monkeypatch):
    monkeypatch.setattr(proxy, "MOST_S", 1)
    assert remake(clip(36, sound=True)).facts["duration_s"] <= 1.2


def test_an_upright_clip_stays_upright_and_a_silent_one_silent():
    after = remake(clip(4, turn=90))
    assert after.facts["height"] > after.facts["width"]
    assert after.soundtrack is None
