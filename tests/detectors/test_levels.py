"""Levels: measured, and no word for having listened unless somebody says so."""

from dataclasses import replace

import numpy as np
import pytest

from detectors.base import Status
from detectors.levels import LevelsDetector
from detectors.looking import look_at
from provenance.errors import ConfigurationError
from provenance.media.limits import IntakeLimits
from provenance.media.sound.sound import parse_sound
from provenance.media.view import SOUND, View
from provenance.storage.blob import Blob
from tests.detectors.subjects import photo, subject_of, toolbox_of
from tests.sounds import RATE_HZ, melody, pack_wav


def ask(samples, folder, facts=(), **options):
    """Return what the detector says of a sound, asked as the runner asks."""
    sound = parse_sound(Blob.from_bytes(pack_wav(samples)), IntakeLimits())
    subject = subject_of(photo("astronaut.png"))
    asset = replace(subject.asset, facts=dict(facts) or sound.facts)
    subject = replace(subject, asset=asset, view=View(SOUND, sound))
    return look_at(LevelsDetector(toolbox_of(folder, **options)), subject, tuple(sound.views()))


def test_music_has_levels_and_nobody_has_listened(tmp_path):
    found = ask(melody(3.0), tmp_path)
    assert found.status is Status.OK
    assert found.scores["sound_silent"] < 0.5
    assert found.scores["sound_clipped"] == 0
    assert found.looked_at == ()
    assert found.evidence[0]["levels"]["peak"] == pytest.approx(0.3, abs=0.01)


def test_whoever_says_that_it_is_enough_has_it_count_under_another_version(tmp_path):
    usual, enough = ask(melody(3.0), tmp_path), ask(melody(3.0), tmp_path, enough=True)
    assert enough.looked_at == ("sound",)
    assert enough.version != usual.version
    for options in ({"enough": "yes"}, {"loud": True}):
        with pytest.raises(ConfigurationError):
            LevelsDetector(toolbox_of(tmp_path, **options))


def test_silence_and_clipping_score_and_a_soundtrack_may_be_silent(tmp_path):
    silence = np.zeros((1, 2 * RATE_HZ), np.float32)
    assert ask(silence, tmp_path).scores["sound_silent"] == 1.0
    assert ask(silence, tmp_path, facts={"width": 320}).scores["sound_silent"] == 0.0
    assert ask(np.sign(melody(2.0)), tmp_path).scores["sound_clipped"] == 1.0


def test_of_a_picture_it_says_nothing(tmp_path):
    made = LevelsDetector(toolbox_of(tmp_path))
    made.warm()
    assert made.detect(subject_of(photo("astronaut.png"))).status is Status.NOT_APPLICABLE
