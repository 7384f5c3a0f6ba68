"""The code of a whole sound."""

import numpy as np

from provenance.media.sound import shape
from provenance.media.sound.shape import RADIUS_BITS, ShapeMaker, distance_bits
from tests.sounds import RATE_HZ, melody


def code(samples, rate_hz=RATE_HZ, block=7000):
    maker = ShapeMaker(rate_hz)
    for start in range(0, samples.shape[1], block):
        maker.push(samples[:, start : start + block])
    return maker.finish()


def test_edits_keep_it_and_other_sounds_have_another():
    sound = melody(8.0)
    own = code(sound).value
    noise = np.random.default_rng(2).normal(0, 0.01, sound.shape).astype(np.float32)
    faster = np.interp(np.arange(0, sound.shape[1] - 1, 1.05), np.arange(sound.shape[1]), sound[0])[None]
    for changed in (sound * 0.2, sound + noise, np.clip(sound, -0.1, 0.1), faster.astype(np.float32)):
        assert distance_bits(code(changed).value, own) <= RADIUS_BITS
    others = [distance_bits(code(melody(8.0, seed)).value, own) for seed in range(2, 8)]
    assert min(others) > 84


def test_blocks_and_length_make_no_difference(monkeypatch):
    sound = melody(8.0)
    assert code(sound, block=999).value == code(sound).value
    monkeypatch.setattr(shape, "_MOST_ROWS", 300)
    assert distance_bits(code(sound).value, WHOLE) <= 8


WHOLE = code(melody(8.0)).value


def test_silence_and_moments_have_none():
    assert code(np.zeros((1, 2 * RATE_HZ), np.float32)) is None
    assert code(melody(8.0)[:, :2000]) is None
    assert ShapeMaker(RATE_HZ).finish() is None
