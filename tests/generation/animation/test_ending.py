import numpy as np
import pytest

from generation.animation.animator import Motion, build_animator
from generation.animation.ending import KEPT, Unwound, find_ending, measure_velocity
from generation.animation.reel import stills, write_reel
from generation.animation.scene import build_scene
from provenance.media.containers.movie import MP4
from tests.generation.animation.pictures import photograph


def roll(pixels):
    return np.ascontiguousarray(np.roll(photograph(), pixels, axis=1))


def test_a_pan_is_measured_with_its_speed_and_side():
    velocity = measure_velocity(photograph(), roll(6), build_scene(roll(6), whole=True), 0.1)
    # Six pixels to the right in a tenth of a second, in halves of 160 pixels: what is seen comes from the left.
    towards = velocity.shift_x + velocity.x * 0.1
    assert towards == pytest.approx(-6 / 80 / 0.1, rel=0.35) or towards == pytest.approx(-0.5, abs=0.05)


def test_a_clip_that_stands_still_has_no_velocity():
    ending = find_ending([photograph()] * KEPT, 1.0, 24)
    assert max(abs(getattr(ending.velocity, name)) for name in ("x", "y", "z", "roll", "shift_x", "growth")) < 1e-3
    assert ending.still is ending.last
    assert ending.seconds == pytest.approx(1 + 1 / 24)


def test_what_only_flashed_up_is_no_part_of_the_still():
    flashed = photograph().copy()
    flashed[60:66, 100:106] = 255
    ending = find_ending([*[photograph()] * (KEPT - 1), flashed], 1.0, 24)
    spot = (slice(61, 65), slice(101, 105))
    assert np.abs(ending.still[spot].astype(int) - photograph()[spot]).mean() < 12
    assert np.array_equal(ending.last, flashed)


def test_frames_are_handed_on_and_what_is_done_to_them_is_begun_anew_each_time():
    moving = build_animator(photograph(), Motion("pan"), seconds=1, seed=1)
    file = write_reel(stills(moving.frames(12, 12), 12), 12, (240, 160))
    begun = []

    def begin():
        begun.append(1)
        return lambda planes: planes._replace(y=np.full_like(planes.y, 99))

    unwound = Unwound(file, MP4, begin)
    frames = list(unwound.frames())
    assert (unwound.size, unwound.rate, len(frames)) == ((240, 160), 12, 12)
    assert {int(frame.planes.y.max()) for frame in frames} == {99}
    assert len(begun) == 2  # a first frame to learn the size by, then all
    assert unwound.ending().seconds == pytest.approx(1.0, abs=1e-3)
