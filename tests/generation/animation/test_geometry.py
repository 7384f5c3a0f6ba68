import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from generation.animation.camera import Pose
from generation.animation.geometry import lay_grid, sample, trace, trace_back, warp
from tests.generation.animation.pictures import photograph

SIZE = (160, 240)
BASE = lay_grid(SIZE)


def test_from_where_the_picture_was_taken_nothing_moves():
    near = np.full((40, 60), 0.5, np.float32)
    assert np.allclose(trace(BASE, near, SIZE, Pose(pivot=0.4)), BASE, atol=1e-6)
    assert np.abs(warp(photograph(), BASE).astype(int) - photograph()).max() <= 1


@given(st.floats(-0.1, 0.1), st.floats(0.3, 1.0), st.floats(0.2, 1.0))
def test_what_is_at_the_pivot_stays_and_what_is_far_moves_as_it_is_far(x, near, pivot):
    source = trace(BASE, np.full((40, 60), near, np.float32), SIZE, Pose(x=x, pivot=pivot))
    assert np.allclose(source[..., 0] - BASE[..., 0], x * (near - pivot), atol=1e-5)
    assert np.allclose(source[..., 1], BASE[..., 1], atol=1e-6)


def test_going_forward_makes_all_larger_and_what_is_near_more():
    near = np.repeat(np.linspace(0.2, 1, 40, dtype=np.float32)[:, None], 60, axis=1)
    source = trace(BASE, near, SIZE, Pose(z=0.1))
    shrunk = np.abs(source[..., 0]).max(axis=1) / np.abs(BASE[..., 0]).max()
    assert (shrunk < 1).all()
    assert shrunk[-1] < shrunk[0]


def test_values_are_sampled_where_a_grid_says():
    ramp = np.repeat(np.linspace(0, 1, 60, dtype=np.float32)[None], 40, axis=0)
    found = sample(ramp, BASE, SIZE)
    assert np.allclose(found[5], (BASE[5, :, 0] / 1.5 + 1) / 2, atol=0.02)


def test_a_frame_is_brought_back_to_where_it_was_seen_from():
    near = np.full((40, 60), 0.5, np.float32)
    pose = Pose(x=0.05, z=0.03, roll=0.01)
    moved = warp(photograph(), trace(BASE, near, SIZE, pose))
    inner = (slice(20, -20), slice(20, -20))
    before = np.abs(moved.astype(int) - photograph())[inner].mean()
    after = np.abs(trace_back(moved, near, pose).astype(int) - photograph())[inner].mean()
    assert after < before / 2
