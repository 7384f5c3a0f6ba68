"""The label over frames is the one of pictures, blended into planes, and told from frames without it."""

import numpy as np
import pytest

from provenance.errors import LabelError
from provenance.media.video.overlay import build_overlay
from provenance.media.video.stream import Planes
from provenance.media.video.survey import to_rgb


def planes(level):
    return Planes(
        np.full((240, 320), level, np.uint8), np.full((120, 160), 90, np.uint8), np.full((120, 160), 180, np.uint8)
    )


@pytest.mark.parametrize("level", [16, 100, 235])
@pytest.mark.parametrize("corner", ["bottom_right", "top_left"])
def test_it_is_seen_on_any_ground_and_only_where_it_was_laid(level, corner):
    overlay, frame = build_overlay(320, 240, {"text": "AI生成", "corner": corner}), planes(level)
    assert not overlay.is_seen(to_rgb(frame, 1024))
    overlay.lay_over(frame, is_full_range=False)
    assert overlay.is_seen(to_rgb(frame, 1024))
    rows, columns = overlay.area
    assert (rows.stop - rows.start) / 240 > 0.05
    outside = np.ones((240, 320), bool)
    outside[rows, columns] = False
    assert (frame.y[outside] == level).all()


def test_it_is_seen_in_a_smaller_frame():
    overlay, frame = build_overlay(1280, 720, {"text": "AI生成"}), planes(100)
    large = Planes(np.full((720, 1280), 100, np.uint8), *(np.full((360, 640), 128, np.uint8) for _ in range(2)))
    overlay.lay_over(large, is_full_range=False)
    assert overlay.is_seen(to_rgb(large, 640))
    assert not overlay.is_seen(to_rgb(frame, 640))


def test_it_is_shown_as_long_as_the_pack_says():
    always, short = (build_overlay(320, 240, {"text": "AI", **more}) for more in ({}, {"seconds": 3}))
    assert always.is_shown(100)
    assert (short.is_shown(0), short.is_shown(2.9), short.is_shown(3)) == (True, True, False)
    with pytest.raises(LabelError, match="at least 2 s"):
        build_overlay(320, 240, {"text": "AI", "seconds": 1})
    with pytest.raises(LabelError):
        build_overlay(16, 16, {"text": "AI生成"})
