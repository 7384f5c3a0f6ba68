"""Reading streams."""

import numpy as np
import pytest

from provenance.watermarks.chord.reading import MOST_READS, Reader
from tests.provenance.watermarks.chord.samples import CHORD, PAYLOAD, marked
from tests.sounds import RATE_HZ, melody


def read(samples, rate_hz=RATE_HZ, block=30_000):
    reader = CHORD.build_reader(rate_hz)
    for start in range(0, samples.shape[1], block):
        reader.push(samples[:, start : start + block])
    return reader.finish()


def test_a_marked_part_of_a_long_sound_is_found():
    silence, before = np.zeros((1, 3 * RATE_HZ), np.float32), melody(14.0, 5)
    found = read(np.concatenate([before, silence, marked(), before], axis=1))
    assert found.payload == PAYLOAD
    assert 10 <= found.start_s <= 20
    assert found.score > 6


@pytest.mark.parametrize("factor", [0.9, 1.2])
def test_a_faster_and_a_slower_sound(factor):
    """As a tape would run: read by linear interpolation at another rate."""
    sound = marked()[0]
    at = np.arange(0, len(sound) - 1, factor)
    found = read(np.interp(at, np.arange(len(sound)), sound)[None].astype(np.float32))
    assert found.payload == PAYLOAD
    assert found.pose.speed == pytest.approx(factor, rel=0.006)


def test_another_rate_is_no_other_speed():
    found = read(marked()[:, : 7 * RATE_HZ].repeat(2, axis=1), 2 * RATE_HZ)
    assert found.payload == PAYLOAD


def test_what_is_not_marked_says_nothing():
    assert read(melody(4.0, 9)) is None
    assert read(np.zeros((2, 2 * RATE_HZ), np.float32)) is None
    assert read(np.zeros((1, 10), np.float32)) is None


def test_a_stream_is_read_a_bounded_number_of_times():
    reader = CHORD.build_reader(RATE_HZ)
    assert isinstance(reader, Reader)
    search = reader._searches[0]
    search.reads = MOST_READS
    reader.push(marked())
    assert reader.found is None
    assert search.reads == MOST_READS
