"""Where a window lies and what it says."""

from itertools import pairwise

import numpy as np
import pytest

from provenance.watermarks.chord.detection import (
    Pose,
    find_places,
    list_neighbours,
    list_poses,
    listen,
    read_ratios,
    weigh,
)
from provenance.watermarks.chord.evidence import Ear
from provenance.watermarks.chord.layout import TURN_ROWS, build_layout
from provenance.watermarks.chord.spectrum import Analyser, Window
from tests.provenance.watermarks.chord.samples import CHORD, KEY, OTHER, PAYLOAD, marked
from tests.sounds import RATE_HZ

LAYOUT = build_layout(KEY, CHORD.alg)


def window_of(samples):
    analyser = Analyser(RATE_HZ)
    return Window(analyser.push(samples), analyser.bin_hz)


@pytest.mark.parametrize("start_s", [0.0, 0.537, 1.6])
def test_it_finds_where_the_sound_begins(start_s):
    place, *_ = find_places(window_of(marked()[:, int(start_s * RATE_HZ) :]), LAYOUT, [Pose()], 4.0)
    assert place.score > 7
    assert (-place.turn_start_s - start_s) % (TURN_ROWS * 0.08) == pytest.approx(0, abs=0.03)


def test_another_key_finds_nothing_certain():
    places = find_places(window_of(marked()), build_layout(OTHER, CHORD.alg), [Pose()], 0.0)
    assert places[0].score < 5.5


def test_what_is_listened_to_puts_the_right_place_first():
    ear = Ear(window_of(marked()[:, : 5 * RATE_HZ]))
    rough = find_places(ear.window, LAYOUT, [Pose()], 0.0)
    best, *others = listen(ear, LAYOUT, rough[::-1])
    assert best.row == rough[0].row
    assert best.score > max(7.0, *(place.score + 2 for place in others if not place.is_beside(best)))


def test_with_nowhere_to_listen_nothing_is_heard():
    assert listen(Ear(window_of(marked())), LAYOUT, []) == []


def test_a_cut_is_read_on_both_sides():
    sound = marked()
    window = window_of(np.concatenate([sound[:, : 3 * RATE_HZ], sound[:, int(3.9 * RATE_HZ) :]], axis=1))
    places = find_places(window, LAYOUT, [Pose()], 4.0)
    best = places[0]
    other = next(place for place in places if not place.is_beside(best))
    assert abs(abs(best.turn_start_s - other.turn_start_s) - 0.9) < 0.03
    assert read_ratios(LAYOUT, weigh(Ear(window), LAYOUT, (best, other)))[0] == PAYLOAD


def test_poses_leave_no_gap():
    speeds = sorted(pose.speed for pose in list_poses() if pose.speed == pose.pitch)
    assert speeds[0] < 0.8
    assert speeds[-1] > 1.25
    assert max(b / a for a, b in pairwise(speeds)) < 1.0125
    stretches = [pose.speed for pose in list_poses() if pose.pitch == 1]
    assert min(stretches) < 0.9
    assert max(stretches) > 1.1
    assert len(set(list_neighbours(Pose(1.1, 1.1)))) == 8
