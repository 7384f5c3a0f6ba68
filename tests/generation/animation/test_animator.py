import itertools

import numpy as np
import pytest

from generation.animation.animator import Motion, build_animator, build_continuation
from generation.animation.camera import Velocity
from generation.animation.scene import build_scene
from provenance.errors import GenerationError
from tests.generation.animation.pictures import photograph, thing


@pytest.fixture(scope="module")
def moving():
    return build_animator(photograph(), Motion("orbit"), seconds=3, seed=1)


def test_frames_are_functions_of_seed_and_time_alone(moving):
    again = build_animator(photograph(), Motion("orbit"), seconds=3, seed=1)
    assert np.array_equal(moving.frame(1.0), again.frame(1.0))
    other = build_animator(photograph(), Motion("orbit"), seconds=3, seed=2)
    assert not np.array_equal(moving.frame(1.0), other.frame(1.0))
    assert [frame.shape for frame in moving.frames(2, 3)] == [photograph().shape] * 3


def test_something_moves_and_nothing_jumps(moving):
    frames = [moving.frame(time).astype(int) for time in np.arange(0, 3, 1 / 12)]
    steps = [np.abs(one - two).mean() for one, two in itertools.pairwise(frames)]
    assert np.abs(frames[0] - frames[-1]).mean() > 3
    assert max(steps) < 6
    assert max(steps) < 12 * np.median(steps)


def test_what_is_far_moves_otherwise_than_what_is_near():
    import cv2

    moving = build_animator(thing(), Motion("orbit", particles=0, life=0), seconds=3, seed=3)
    first, last = (cv2.cvtColor(moving.frame(time), cv2.COLOR_RGB2GRAY) for time in (0.0, 3.0))
    flow = cv2.DISOpticalFlow.create(2).calc(first, last, None)
    body = flow[60:100, 65:95, 0].mean()
    ground = flow[20:140, 4:20, 0].mean()
    assert abs(body - ground) > 1


def test_standing_still_shows_the_picture():
    still = build_animator(photograph(), Motion("push", strength=0, particles=0, life=0), seconds=2, seed=1)
    shown = still.frame(1.0)
    inner = np.abs(shown.astype(int) - photograph())[10:-10, 10:-10]
    assert inner.mean() < 12


def test_a_continuation_begins_with_the_frame_that_was_last():
    scene = build_scene(photograph(), whole=True)
    going = build_continuation(scene, Motion(), seconds=3, seed=1, velocity=Velocity(), last=photograph())
    assert np.abs(going.frame(0.0).astype(int) - photograph()).max() <= 2
    assert np.abs(going.frame(1 / 30).astype(int) - photograph()).mean() < 1


@pytest.mark.parametrize("wrong", [{"move": "fly"}, {"strength": 3.0}, {"particles": -1}, {"life": float("nan")}])
def test_what_cannot_be_meant_is_refused(wrong):
    with pytest.raises(GenerationError, match="expected"):
        Motion(**wrong)
