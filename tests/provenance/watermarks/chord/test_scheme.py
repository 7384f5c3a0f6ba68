"""The scheme for use alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.errors import PayloadTooLargeError, WatermarkError
from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.chord.scheme import Chord
from tests.provenance.watermarks.chord.samples import CHORD, KEY, OTHER, PAYLOAD, marked
from tests.sounds import RATE_HZ, melody


def test_three_seconds_carry_all_of_it_and_say_how_sure():
    reading = CHORD.extract(marked()[:, 2 * RATE_HZ + 777 : 5 * RATE_HZ + 777], RATE_HZ)
    assert (reading.payload, reading.key_id, reading.alg) == (PAYLOAD, KEY.key_id, "org.chopmark.chord.1")
    assert 0 < reading.false_positive_bound < 1e-7


@given(st.integers(0, 2**64 - 1), st.integers(1, 1000))
@settings(max_examples=3, deadline=None)
def test_what_is_hidden_is_found(payload, seed):
    sound = melody(6.0, 1 + seed % 3)
    assert CHORD.extract(CHORD.embed(sound, RATE_HZ, payload), RATE_HZ).payload == payload


def test_it_embeds_under_the_first_key_and_reads_under_all():
    made = Chord((OTHER, KEY)).embed(melody(4.0), RATE_HZ, PAYLOAD)
    assert CHORD.extract(made, RATE_HZ) is None
    assert Chord((KEY, OTHER)).extract(made, RATE_HZ).key_id == OTHER.key_id


def test_noise_and_clipping_do_not_take_it_away():
    sound = marked()
    noise = np.random.default_rng(4).normal(0, sound.std() / 10, sound.shape).astype(np.float32)
    for changed in (sound + noise, np.clip(3 * sound, -0.25, 0.25)):
        assert CHORD.extract(changed, RATE_HZ).payload == PAYLOAD


def test_what_cannot_be_is_refused():
    with pytest.raises(WatermarkError, match="at least one key"):
        Chord(())
    with pytest.raises(WatermarkError, match="32 bytes"):
        Chord((WatermarkKey("short", bytes(31)),))
    with pytest.raises(PayloadTooLargeError):
        CHORD.embed(melody(1.0), RATE_HZ, 1 << 64)
    with pytest.raises(WatermarkError, match="rate"):
        CHORD.build_reader(4000)
    with pytest.raises(WatermarkError, match="channels"):
        CHORD.build_marker(RATE_HZ, 9, PAYLOAD)
    with pytest.raises(WatermarkError, match="float32"):
        CHORD.extract(np.zeros((1, 10)), RATE_HZ)
