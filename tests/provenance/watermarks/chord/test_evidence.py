"""What each chip says of its sign."""

import numpy as np
import pytest

from provenance.watermarks.chord.detection import Pose, find_places, gather
from provenance.watermarks.chord.evidence import CONTEXT, SIGNED, Ear, judge
from provenance.watermarks.chord.layout import SYNC, TURN_ROWS, build_layout
from provenance.watermarks.chord.spectrum import Analyser, Window
from tests.provenance.watermarks.chord.samples import CHORD, KEY, marked
from tests.sounds import RATE_HZ, melody

LAYOUT = build_layout(KEY, CHORD.alg)


def listen_to(samples):
    analyser = Analyser(RATE_HZ)
    return Ear(Window(analyser.push(samples), analyser.bin_hz))


def agree(values, place):
    """Return by how many deviations sync agrees."""
    rows = (place.row + np.arange(len(values))) % TURN_ROWS
    sync = (values * LAYOUT.signs[rows])[LAYOUT.bits[rows] == SYNC]
    return sync.sum() / np.sqrt((sync**2).sum())


def test_what_was_learnt_hears_more_than_the_plain_cells():
    ear = listen_to(marked())
    place, *_ = find_places(ear.window, LAYOUT, [Pose()], 4.0)
    plain = gather(ear.window, Pose(), place.shift_s)[0]
    heard = ear.hear(1.0, 1.0, place.shift_s)
    assert agree(heard, place) > agree(plain, place) + 0.5


def test_a_chip_turned_round_says_the_opposite():
    random = np.random.default_rng(1)
    signed = random.normal(0, 1, (3, 23, SIGNED)).astype(np.float32)
    context = random.normal(0, 1, (3, 23, CONTEXT)).astype(np.float32)
    assert np.allclose(judge(signed, context), -judge(-signed, context), atol=1e-6)
    assert not judge(0 * signed, context).any()


def test_loudness_makes_no_difference():
    ear, soft = listen_to(melody()), listen_to(melody() / 8)
    assert np.allclose(ear.hear(1.0, 1.0, 0.01), soft.hear(1.0, 1.0, 0.01), atol=0.02)


@pytest.mark.parametrize("samples", [np.zeros((2, 2 * RATE_HZ), np.float32), np.ones((1, RATE_HZ), np.float32)])
def test_silence_and_a_constant_say_next_to_nothing(samples):
    heard = listen_to(samples).hear(1.0, 1.0, 0.0)
    assert np.isfinite(heard).all()
    assert np.abs(heard).mean() < 1


def test_at_another_pitch_and_speed_there_are_as_many_chips_as_fit():
    ear = listen_to(melody(4.0))
    assert ear.hear(1.0, 1.0, 0.0).shape == (49, 23)
    assert ear.hear(1.25, 1.25, 0.0).shape == (62, 23)
    assert ear.hear(1.25, 1.25, 0.0) is ear.hear(1.25, 1.25, 0.0)


def test_less_than_a_chip_says_nothing():
    assert listen_to(np.zeros((1, RATE_HZ // 20), np.float32)).hear(1.0, 1.0, 0.0).shape == (0, 23)


def test_a_narrow_sound_is_heard_where_it_has_bands():
    analyser = Analyser(8000)
    ear = Ear(Window(analyser.push(melody(2.0)[:, ::2]), analyser.bin_hz))
    assert np.isfinite(ear.hear(1.0, 1.0, 0.0)).all()
    assert np.isfinite(ear.hear(1.2, 1.2, 0.0)).all()
