"""Landmarks: a part of a sound is found in it, where it lies, at other speeds, and in no other sound."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.fingerprints.base import Fingerprint
from provenance.fingerprints.landmark import (
    ALG,
    SPEEDS,
    STRONG,
    LandmarkMaker,
    Landmarks,
    find_part,
    pack_landmarks,
    parse_landmarks,
    split_codes,
)
from tests.sounds import RATE_HZ, melody


def find(samples, size=RATE_HZ):
    maker = LandmarkMaker(RATE_HZ)
    for start in range(0, samples.shape[1], size):
        maker.push(np.ascontiguousarray(samples[:, start : start + size]))
    return maker.finish()


def play(samples, speed):
    at = np.arange(int(samples.shape[1] / speed)) * speed
    return np.interp(at, np.arange(samples.shape[1]), samples[0])[None].astype(np.float32)


@pytest.fixture(scope="module")
def whole():
    return find(melody(40.0, 3))


def test_landmarks_have_times_and_codes(whole):
    assert 60 < len(whole.codes) < 400
    times = [code.at_s for code in whole.codes]
    assert times == sorted(times)
    assert 0 <= times[0] < times[-1] < 40
    assert {(code.alg, len(code.value)) for code in whole.codes} == {(ALG, 32)}
    assert 0 < len(whole.strong) < len(whole.codes)
    assert tuple(whole.played) == SPEEDS
    assert all(len(codes) == len(whole.codes) for codes in whole.played.values())


@pytest.mark.parametrize("size", [RATE_HZ // 3, 7 * RATE_HZ])
def test_blocks_of_any_size_give_the_same(whole, size):
    assert find(melody(40.0, 3), size) == whole


def test_a_long_sound_has_the_landmarks_of_its_parts():
    """What is looked at at once is a minute: no landmark near its ends is lost or found twice."""
    long = find(np.tile(melody(20.0, 5), 8))
    times = [code.at_s for code in long.codes]
    assert len(set(zip(times, (code.value for code in long.codes), strict=True))) == len(times)
    each = [sum(20 * turn <= at < 20 * turn + 20 for at in times) for turn in range(8)]
    assert max(each) - min(each[1:-1]) <= 3


@pytest.mark.parametrize("speed", [0.85, 0.95, 1.0, 1.06, 1.2])
def test_five_seconds_are_found_with_both_spans(whole, speed):
    start_s = 17.3
    samples = play(melody(40.0, 3)[:, int(start_s * RATE_HZ) : int((start_s + 5 * speed) * RATE_HZ)], speed)
    noisy = samples + np.random.default_rng(1).normal(0, samples.std() / 20, samples.shape).astype(np.float32)
    found = find_part(find(noisy), whole)
    assert found is not None
    assert found.speed == pytest.approx(speed, abs=0.08)
    assert found.there[0] - found.here[0] * speed == pytest.approx(start_s, abs=0.3)
    assert found.here[1] <= 5.6


@pytest.mark.parametrize("seed", [4, 5, 6, 7])
def test_another_sound_has_no_part_of_it(whole, seed):
    assert find_part(find(melody(20.0, seed)), whole) is None
    assert find_part(whole, find(melody(20.0, seed))) is None


def test_silence_and_what_is_too_short_have_none():
    for samples in (np.zeros((1, 5 * RATE_HZ), np.float32), melody(8.0)[:, :200], melody(8.0)[:, :8000]):
        found = find(samples)
        assert found.codes == ()
        assert find_part(found, found) is None


def test_they_are_packed_and_parsed(whole):
    data = b"".join(pack_landmarks(whole))
    assert parse_landmarks(data, len(SPEEDS)) == whole
    for wrong in (data[:-1], data + b"\0"):
        with pytest.raises(ValueError, match="landmarks"):
            parse_landmarks(wrong, len(SPEEDS))
    with pytest.raises(ValueError, match="landmarks"):
        parse_landmarks(b"", 9)


codes = st.builds(
    Fingerprint, st.sampled_from([ALG, "pdq"]), st.binary(min_size=32, max_size=32), st.sampled_from([50, STRONG]), st.none()
)  # fmt: skip


@given(st.lists(codes, max_size=20))
def test_codes_are_told_apart_in_their_order(some):
    landmarks, rest = split_codes(some)
    assert [*landmarks.codes] == [code for code in some if code.alg == ALG]
    assert rest == [code for code in some if code.alg != ALG]
    assert landmarks == Landmarks(landmarks.codes, {1.0: landmarks.codes})
