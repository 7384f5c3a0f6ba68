"""The label that people hear."""

import numpy as np
import pytest

from provenance.media.sound.notice import hears_notice, make_notice
from tests.sounds import melody


@pytest.mark.parametrize("rate_hz", [8000, 16_000, 44_100, 48_000])
def test_it_is_heard_before_sound(rate_hz):
    notice = make_notice(rate_hz, 2)
    assert notice.shape[1] / rate_hz == pytest.approx(0.6 + 11 * 0.12, abs=0.01)
    sound = melody(2.0, rate_hz=rate_hz, channels=2)
    assert hears_notice(np.concatenate([notice, sound], axis=1)[:, : 3 * rate_hz], rate_hz)
    noise = np.random.default_rng(1).normal(0, 0.01, notice.shape)
    assert hears_notice((notice * 0.3 + noise).astype(np.float32), rate_hz)


def test_nothing_else_is_taken_for_it():
    rate = 16_000
    time = np.arange(3 * rate) / rate
    steady = 0.3 * np.sin(2 * np.pi * 1000 * time)
    beeps = steady * (time % 0.24 < 0.12)
    for samples in (melody(3.0)[0], steady, beeps, np.zeros(3 * rate), np.zeros(10)):
        assert not hears_notice(np.asarray(samples, np.float32)[None], rate)
    assert not hears_notice(np.concatenate([make_notice(rate, 1), melody(2.0)], axis=1)[:, rate:], rate)
