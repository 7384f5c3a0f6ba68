"""A clip is what was kept of it."""

import numpy as np

from provenance.media.containers.movie import MP4
from provenance.media.picture.raster import Picture
from provenance.media.video.clip import Clip, Glimpse, MarkPlane
from provenance.media.view import PICTURE, TRACK, Span


def test_it_shows_each_kept_frame_with_its_time():
    picture = Picture.from_frame(np.zeros((4, 6, 3), np.uint8))
    plane = MarkPlane(np.zeros((4, 6), np.uint8), 0.0, 0, is_key=True)
    clip = Clip(MP4, {"width": 6}, (), (Glimpse(picture, Span(0.0, 1.0), begins_shot=True),), (plane,), ())
    view, codes = clip.views()
    assert (view.kind, view.carrier, view.span) == (PICTURE, picture, Span(0.0, 1.0))
    assert (codes.kind, codes.carrier, codes.span) == (TRACK, (), None)
    assert clip.size_bytes == 4 * 6 * 3 + 4 * 6


def test_it_says_which_frames_go_on_with_the_one_before():
    picture = Picture.from_frame(np.zeros((4, 6, 3), np.uint8))
    glimpses = tuple(Glimpse(picture, Span(at, at + 1.0), begins_shot=at in {0, 2}) for at in range(4))
    views = Clip(MP4, {"width": 6}, (), glimpses, (), ()).views()
    assert [view.goes_on for view in views if view.kind == PICTURE] == [False, True, False, True]
