import numpy as np
import pytest

from generation.animation.reel import RATE_HZ, stills, write_reel
from generation.animation.soundtrack import join, read_soundtrack
from provenance.media.containers.movie import MP4
from tests.generation.animation.pictures import photograph


def tone(seconds, hz=440):
    wave = 0.3 * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ).astype(np.float32)
    return np.stack([wave, wave])


def test_a_soundtrack_is_read_as_it_was_written():
    file = write_reel(stills([photograph()] * 12, 12), 12, (240, 160), sound=tone(1))
    found = read_soundtrack(file, MP4)
    assert found.shape[1] == pytest.approx(RATE_HZ, rel=0.05)
    assert found[0, 4000:40000].std() == pytest.approx(0.3 / 2**0.5, rel=0.05)
    assert read_soundtrack(write_reel(stills([photograph()] * 2, 12), 12, (240, 160)), MP4) is None


def test_one_fades_before_the_other_begins():
    joined = join(tone(2), tone(3, 660), 2.0, 5.0)
    assert joined.shape == (2, 5 * RATE_HZ)
    at = 2 * RATE_HZ
    assert np.abs(joined[:, at - 40 : at]).max() < 0.02
    assert np.abs(joined[:, at + 2000 : at + 9000]).max() > 0.25
    assert np.array_equal(joined[:, :RATE_HZ], tone(2)[:, :RATE_HZ])


def test_nothing_and_nothing_is_nothing_and_silence_is_kept_where_there_was_sound():
    assert join(None, None, 1, 2) is None
    assert np.abs(join(tone(1), None, 1.0, 2.0)[:, RATE_HZ:]).max() == 0
    assert np.abs(join(None, tone(1), 1.0, 2.0)[:, :RATE_HZ]).max() == 0
