import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.animation.camera import MOVES, Velocity, build_path, build_wander, ease


@given(st.floats(-2, 3))
def test_easing_stays_within_bounds_and_rests_at_both_ends(part):
    assert 0 <= ease(part) <= 1
    assert ease(0) == 0
    assert ease(1) == 1
    assert ease(0.01) < 1e-4
    assert ease(min(1, part)) <= ease(min(1, part) + 0.01) + 1e-12


@pytest.mark.parametrize("move", MOVES)
def test_a_move_is_smooth_and_ends_at_rest(move):
    path = build_path(move, 4.0, np.random.default_rng(1), strength=1, pivot=0.7)
    poses = np.asarray([path(time) for time in np.arange(0, 4.001, 1 / 60)])
    speed = np.abs(np.diff(poses[:, :3], axis=0)).max(axis=1) * 60
    assert speed.max() < 0.3
    assert speed[-3:].max() < 0.02
    assert np.abs(np.diff(poses, n=2, axis=0)).max() < 0.002


@given(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3), st.floats(-0.2, 0.2))
def test_a_wander_begins_where_it_is_with_the_speed_that_it_is_given(x, z, shift):
    path = build_wander(np.random.default_rng(2), strength=1, pivot=0.5, start=Velocity(x=x, z=z, shift_x=shift))
    first, step = path(0.0), 1e-3
    assert first[:4] == pytest.approx((0, 0, 0, 0), abs=1e-9)
    soon = path(step)
    assert [soon.x / step, soon.z / step, soon.shift_x / step] == pytest.approx([x, z, shift], abs=2e-3)


def test_a_wander_stays_near_for_minutes():
    path = build_wander(np.random.default_rng(3), strength=1, pivot=0.5, start=Velocity(x=0.1))
    assert max(max(map(abs, path(time)[:3])) for time in np.linspace(0, 180, 500)) < 0.4
