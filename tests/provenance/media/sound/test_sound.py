"""What is known of a file that was taken apart."""

import os
import signal

import numpy as np
import pytest

from provenance.errors import AssetTooLargeError, UndecodableAssetError
from provenance.media.limits import IntakeLimits
from provenance.media.sound.kind import MP3, WAV
from provenance.media.sound.sound import parse_sound, read_sound
from provenance.media.workers import Workers
from tests.provenance.media.sound.samples import blob
from tests.sounds import melody


def test_facts_and_views():
    sound = parse_sound(blob(WAV), IntakeLimits())
    assert sound.facts == {"duration_s": 6.0, "sample_rate_hz": 16_000, "channels": 1, "codec": "pcm_s16le"}
    assert sound.peak == pytest.approx(0.3, abs=0.01)
    assert sound.loudness == pytest.approx(float(melody(6.0).std()), rel=0.01)
    view, landmarks = sound.views()
    assert (landmarks.kind, landmarks.carrier) == ("landmarks", sound.landmarks)
    assert len(sound.landmarks.codes) > 5
    assert sound.draw().frame.shape == (256, 768, 3)
    assert (view.kind, view.span.end_s) == ("sound", 6.0)
    assert np.concatenate(list(view.carrier.blocks()), axis=1).shape == (1, 96_000)
    assert sound.left_out == ()


def test_what_does_not_ship_is_told():
    assert parse_sound(blob(MP3, 2.0, tags=(("title", "a"),)), IntakeLimits()).left_out == ("its tags",)


def test_metadata_is_bounded():
    with pytest.raises(AssetTooLargeError):
        parse_sound(blob(MP3, 2.0, tags=(("title", "a" * 5000),)), IntakeLimits(max_metadata_bytes=4000))


def test_an_answer_that_no_sound_can_have_is_refused():
    file = blob(WAV)
    for reply in ({}, {"track": None}, {"track": {"codec": "x", "layout": "mono", "stated_s": "long", "tags": {}}}):
        with pytest.raises(UndecodableAssetError, match="another answer"):
            read_sound(reply, 0, file, WAV)


def test_a_decoder_that_was_killed_while_it_waited_is_not_the_sounds_fault():
    file, listening = blob(WAV), Workers("sound", "provenance.media.sound.survey", 1)
    parse_sound(file, IntakeLimits(), surveyors=listening)
    (worker,) = listening._idle
    os.kill(worker._child._process.pid, signal.SIGKILL)
    assert parse_sound(file, IntakeLimits(), surveyors=listening).duration_s == 6.0
    assert listening.deaths == 1
    listening.close()
