"""Sound in the registry: a part of a registered one is found with both spans, whatever its speed, and in no other."""

import numpy as np
import pytest

from provenance.fingerprints.landmark import LandmarkMaker, Landmarks
from provenance.works.registry import Action, Registration
from tests.sounds import RATE_HZ, melody


def find(samples):
    maker = LandmarkMaker(RATE_HZ)
    maker.push(np.ascontiguousarray(samples))
    return maker.finish()


WHOLE = find(melody(30.0, 21))


def part(start_s, length_s, speed=1.0):
    samples = melody(30.0, 21)[:, int(start_s * RATE_HZ) : int((start_s + length_s * speed) * RATE_HZ)]
    at = np.arange(int(samples.shape[1] / speed)) * speed
    return find(np.interp(at, np.arange(samples.shape[1]), samples[0])[None].astype(np.float32))


@pytest.fixture
def work(works, photo):
    (made,) = works.register_many([Registration(photo("coffee.png"), "A song", "Studio", track=WHOLE.codes)])
    return made


@pytest.mark.parametrize("speed", [1.0, 1.1])
def test_five_seconds_are_found_with_both_spans(works, work, speed):
    report = works.match_track(part(12.0, 5.0, speed))
    (match,) = report.matches
    assert (match.work_id, match.action, match.alg) == (work.id, Action.BLOCK, "landmark")
    assert report.searched_algs == ("landmark",)
    assert 0 <= match.together.here[0] < match.together.here[1] <= 5.6
    assert match.together.there[0] - match.together.here[0] * speed == pytest.approx(12.0, abs=0.3)
    assert match.together.speed == pytest.approx(speed, abs=0.08)


def test_another_sound_silence_and_a_withdrawn_work_are_no_match(works, work):
    assert works.match_track(find(melody(20.0, 22))).matches == ()
    assert works.match_track(Landmarks()).matches == ()
    works.withdraw(work.id, "a mistake")
    assert works.match_track(part(12.0, 5.0)).matches == ()


def test_fewer_landmarks_than_have_to_agree_are_no_match(works, work):
    few = tuple(WHOLE.codes[:3])
    assert works.match_track(Landmarks(few, {1.0: few})).matches == ()


def test_a_release_is_found_by_a_part_of_its_sound(works, database):
    with database.write() as connection:
        works.record_release(connection, "asset-1", WHOLE.strong)
    (found,) = works.match_releases(part(12.0, 8.0).codes, radius_bits=48)
    assert found.asset_id == "asset-1"
    assert found.variant.endswith("s")
    assert works.match_releases(find(melody(20.0, 22)).codes, radius_bits=48) == ()


def test_a_sound_does_not_wait_for_codes_of_pictures(works, work):
    assert works.count_uncoded().waiting == 0
