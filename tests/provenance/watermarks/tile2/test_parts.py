"""A marked picture inside a page."""

import numpy as np

from bench.watermark.special import page
from provenance.watermarks.tile.front import build_residual
from provenance.watermarks.tile2.detection import detect
from provenance.watermarks.tile2.parts import find_parts
from tests.provenance.watermarks.photographs import photograph, through_jpeg
from tests.provenance.watermarks.tile2.samples import LAYOUT, PAYLOAD, marked


def shown(frame, top, left, width=1020, height=640):
    made = page(width, height, 15, dark=False).copy()
    made[top : top + len(frame), left : left + frame.shape[1]] = frame
    return made


def test_the_best_window_lies_over_the_picture():
    seen = shown(marked(), 210, 417)
    part = find_parts(build_residual(seen), LAYOUT.lines, 4)[0]
    assert part.placed.sync > 8
    assert 210 - 64 <= part.rows.start < part.rows.stop <= 210 + 384 + 64
    assert 417 - 64 <= part.columns.start < part.columns.stop <= 417 + 576 + 64
    corner = np.array([part.columns.start, part.rows.start]) + part.placed.origin
    assert np.allclose(np.rint(corner) % 128, [417 % 128, 210 % 128])


def test_a_picture_in_a_screenshot_is_read():
    small = marked("coffee.png", 256, 320)
    assert detect(through_jpeg(shown(small, 300, 600, 1366, 768), 85), (LAYOUT,)).match.payload == PAYLOAD


def test_a_page_without_a_mark_says_nothing():
    assert detect(shown(photograph("coffee.png", 256, 320), 100, 200, 640, 480), (LAYOUT,)) is None
