"""Clips in the registry: a part of a registered one is found with both spans, at its time in the work."""

import numpy as np
import pytest

from provenance.fingerprints.base import Fingerprint
from provenance.works.registry import Action, Registration
from provenance.works.tracks import LEAST_PAIRS, parse_time, spell_time

RANDOM = np.random.default_rng(11)
TRACK = tuple(Fingerprint("pdq", RANDOM.bytes(32), 100, at / 2) for at in range(120))


def part(first, last, start_s=0.0, flipped=6):
    """Return codes of a part, as another encoding has them: some bits off, at other times."""
    mask = (1 << flipped) - 1
    return tuple(
        Fingerprint("pdq", (int.from_bytes(code.value) ^ mask).to_bytes(32), 100, start_s + (code.at_s - first / 2))
        for code in TRACK[first:last]
    )


@pytest.fixture
def work(works, photo):
    (made,) = works.register_many([Registration(photo("coffee.png"), "A film", "Studio", track=TRACK)])
    return made


def test_three_seconds_of_it_are_found_with_both_spans(works, work):
    (match,) = works.match_track(part(40, 46, start_s=7.1)).matches
    assert (match.work_id, match.action, match.distance_bits) == (work.id, Action.BLOCK, 6)
    assert match.together.there == pytest.approx((20.0, 23.0))
    assert match.together.here == pytest.approx((7.1, 10.1), abs=0.05)
    assert match.together.codes == 6
    assert match.variant == "at 20.00 s"


def test_too_little_of_it_or_another_clip_is_no_match(works, work):
    assert works.match_track(part(40, 40 + LEAST_PAIRS - 1) + part(90, 91, start_s=30)).matches == ()
    assert works.match_track(part(0, 20, flipped=60)).matches == ()
    assert works.match_track(()).matches == ()
    works.withdraw(work.id, "a mistake")
    assert works.match_track(part(40, 60)).matches == ()


def test_the_same_clip_is_the_same_work(works, work, photo):
    again = works.register(photo("coffee.png"), title="A film", owner="Studio")
    assert again.id != work.id, "a picture is another original than a clip that begins with it"
    assert works.find_same(photo("coffee.png"), TRACK) == (work,)


def test_releases_are_found_by_a_part_of_them(works, database):
    with database.write() as connection:
        works.record_release(connection, "asset-1", TRACK)
    (found,) = works.match_releases(part(40, 60, start_s=3.0), radius_bits=31)
    assert (found.asset_id, found.variant) == ("asset-1", "3.0 to 13.0 s is 20.0 to 30.0 s")


def test_times_are_spelled_and_parsed():
    assert parse_time(spell_time(12.5)) == 12.5
    assert parse_time(spell_time(None)) is None
    assert parse_time("rotated") is None
    assert len(spell_time(99_999.99)) <= 32
