"""Tracks of codes: an excerpt is found with its place, at other rates and speeds; chance is not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.fingerprints.base import Fingerprint
from provenance.fingerprints.track import MOST_PACKED, Pair, align, pack_codes, pair_codes, unpack_codes

RANDOM = np.random.default_rng(5)
WORK = [Fingerprint("pdq", RANDOM.bytes(32), 100, at / 2) for at in range(400)]


def shifted(codes, start_s, speed=1.0):
    return [Fingerprint("pdq", code.value, 100, round((code.at_s - start_s) / speed, 3)) for code in codes]


def test_an_excerpt_of_three_seconds_is_found_in_its_place():
    found = align(pair_codes(shifted(WORK[100:106], 50.2), WORK, 31))
    assert found.pairs == 6
    assert found.there == pytest.approx((50.0, 53.0))
    assert found.here[0] == pytest.approx(-0.2)
    assert found.distance_bits == 0


@pytest.mark.parametrize("speed", [0.92, 1.0, 1.08])
def test_another_speed_drifts_and_is_followed(speed):
    found = align(pair_codes(shifted(WORK[40:80], 20, speed), WORK, 31))
    assert found.pairs >= 30
    assert found.speed == pytest.approx(speed, abs=0.05)
    assert found.there == pytest.approx((20.0, 40.0), abs=2)


def test_a_chance_likeness_or_two_is_no_alignment():
    assert align([Pair(1.0, 7.0, 20)]) is None
    assert align([Pair(1.0, 7.0, 20), Pair(2.0, 90.0, 20)]) is None
    assert align([]) is None


def test_a_picture_that_stands_still_is_at_one_place_with_itself():
    still = [Fingerprint("pdq", WORK[0].value, 100, at / 2) for at in range(20)]
    found = align(pair_codes(still, still, 31))
    assert found.pairs == 20
    assert found.distance_bits == 0


@given(st.integers(0, 300))
def test_packed_codes_are_few_and_in_order(count):
    packed = pack_codes(WORK[:count] if count <= len(WORK) else WORK)
    assert len(packed) % 34 == 0
    assert len(packed) // 34 <= MOST_PACKED
    times = [int.from_bytes(packed[at : at + 2]) for at in range(0, len(packed), 34)]
    assert times == sorted(times)


def test_what_was_packed_is_unpacked():
    found = unpack_codes(pack_codes(WORK[:20]))
    assert [(code.value, code.at_s) for code in found] == [(code.value, code.at_s) for code in WORK[:20]]
    assert unpack_codes(b"") == ()
    with pytest.raises(ValueError, match="with their times"):
        unpack_codes(bytes(33))
