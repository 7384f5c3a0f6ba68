"""How strong the mark may be."""

import numpy as np

from provenance.watermarks.chord.hearing import LEAST_GAIN, MOST_GAIN, Hearing
from provenance.watermarks.chord.layout import BANDS, edges_hz

RATE, FRAME = 16_000, 512
HEARING = Hearing(RATE, FRAME)
WINDOW = np.sin(np.pi * (np.arange(FRAME) + 0.5) / FRAME)


def power(samples):
    return (np.abs(np.fft.rfft(samples[:FRAME] * WINDOW)[: HEARING.bins]) ** 2)[None].astype(np.float32)


def band_of(hertz):
    return int(np.searchsorted(edges_hz(), hertz, "right") - 1)


def gains(samples, before=None):
    before = 4 * power(samples)[0] @ HEARING.to_bands if before is None else before
    return HEARING.gains(power(samples), before)[0]


def test_a_tone_is_changed_less_than_noise_and_its_neighbours_more():
    time = np.arange(FRAME) / RATE
    noise = np.random.default_rng(1).normal(0, 0.1, FRAME)
    tone = 0.5 * np.sin(2 * np.pi * 1000 * time)
    middle = band_of(1000)
    assert gains(noise).mean() > 0.2
    assert gains(tone + noise * 1e-3)[middle] < 0.7 * gains(noise)[middle]
    assert gains(tone + noise * 1e-3)[middle + 3] > 0.3


def test_a_steady_tone_is_left_nearly_as_it_is():
    steady = power(0.5 * np.sin(2 * np.pi * 1000 * np.arange(FRAME) / RATE)).repeat(9, axis=0)
    assert HEARING.gains(steady, steady[0] @ HEARING.to_bands).max() <= LEAST_GAIN + 1e-3


def test_an_attack_is_changed_less():
    noise = np.random.default_rng(2).normal(0, 0.1, FRAME)
    quiet = power(noise * 1e-3)[0] @ HEARING.to_bands
    assert gains(noise, quiet).mean() < 0.3 * gains(noise).mean()


def test_silence_and_bounds():
    silent = HEARING.gains(np.zeros((2, HEARING.bins), np.float32), np.zeros(BANDS, np.float32))
    assert np.isfinite(silent).all()
    assert silent.min() >= np.float32(LEAST_GAIN)
    assert silent.max() <= np.float32(MOST_GAIN)
