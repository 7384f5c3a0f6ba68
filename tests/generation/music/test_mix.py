import numpy as np
import pytest

from generation.music.instruments import RATE_HZ
from generation.music.mix import LOUDNESS, PEAK, limit, make_music, master, measure_loudness
from generation.music.mood import Mood

MOOD = Mood(2, "dorian", 80, 0.5, 0.6, "harp")


@pytest.fixture(scope="module")
def music():
    return make_music(MOOD, 6.0, 1)


def test_it_is_as_long_and_as_loud_as_it_should_be(music):
    assert music.shape == (2, 6 * RATE_HZ)
    assert np.isfinite(music).all()
    assert measure_loudness(music) == pytest.approx(LOUDNESS, abs=0.7)
    assert np.abs(music).max() <= PEAK + 1e-4
    assert abs(music.mean()) < 1e-3


def test_it_does_not_click_and_ends_in_silence(music):
    assert np.abs(np.diff(music, axis=1)).max() < 0.25
    assert np.abs(music[:, -50:]).max() < 1e-3
    assert np.abs(music[:, :20]).max() < 0.05


def test_it_is_stereo_and_repeats_for_one_seed(music):
    assert np.corrcoef(music)[0, 1] < 0.95
    assert np.array_equal(music, make_music(MOOD, 6.0, 1))
    assert not np.array_equal(music, make_music(MOOD, 6.0, 2))


def test_loudness_is_that_of_the_standard():
    # BS.1770-4: a sine of 997 Hz at 0 dBFS in one channel reads -3.01 LKFS.
    wave = np.sin(2 * np.pi * 997 * np.arange(3 * RATE_HZ) / RATE_HZ)
    assert measure_loudness(np.stack([wave, 0 * wave])) == pytest.approx(-3.01, abs=0.03)
    assert measure_loudness(np.zeros((2, RATE_HZ))) == -np.inf


def test_a_limiter_holds_peaks_and_leaves_what_is_soft():
    noise = np.random.default_rng(1).normal(0, 0.05, (2, RATE_HZ)).astype(np.float32)
    noise[:, 20_000] = 4.0
    held = limit(noise)
    assert np.abs(held).max() <= PEAK + 1e-4
    assert np.array_equal(held[:, :15_000], noise[:, :15_000])


def test_silence_stays_silent():
    assert not master(np.zeros((2, RATE_HZ), np.float32)).any()
