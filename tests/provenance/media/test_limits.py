import pytest

from provenance.errors import ConfigurationError
from provenance.media.limits import PIXELS_CEILING, SIDE_CEILING, IntakeLimits


def test_defaults_hold_a_large_generated_picture():
    limits = IntakeLimits()
    assert limits.max_pixels >= 7680 * 4320
    assert limits.max_frames == 1


@pytest.mark.parametrize(
    "bounds",
    [
        {"max_bytes": 0},
        {"max_pixels": -1},
        {"max_frames": 0},
        {"max_tail_bytes": -1},
        {"max_pixels": PIXELS_CEILING + 1},
        {"max_side": SIDE_CEILING + 1},
    ],
)
def test_bounds_that_cannot_work_stop_start_up(bounds):
    with pytest.raises(ConfigurationError, match=next(iter(bounds))):
        IntakeLimits(**bounds)


def test_no_padding_at_all_is_a_bound():
    assert IntakeLimits(max_tail_bytes=0).max_tail_bytes == 0
