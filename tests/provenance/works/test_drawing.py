import numpy as np
import pytest

from provenance.media.picture.image import Picture
from provenance.media.picture.overlap import Box, Overlap
from provenance.works.drawing import HEIGHT, MOST_DRAWN, draw_match, draw_matches

ORANGE = (230, 97, 1)


def even(height, width, level):
    return Picture.from_frame(np.full((height, width, 3), level, np.uint8))


def is_framed(frame):
    return (frame == ORANGE).all(axis=2)


def test_the_part_is_framed_where_it_lies_in_each():
    overlap = Overlap(30, Box(0.5, 0.5, 1.0, 1.0), Box(0.0, 0.0, 0.25, 0.25))
    frame = draw_match(even(480, 480, 40), even(480, 480, 200), overlap).frame
    assert frame.shape == (HEIGHT, 480 + 24 + 480, 3)
    left, right = is_framed(frame[:, :480]), is_framed(frame[:, 504:])
    rows, columns = np.nonzero(left)
    # The line that joins the frames begins at a corner, half its width outside.
    assert rows.min() == pytest.approx(240, abs=6)
    assert columns.min() == pytest.approx(240, abs=6)
    rows, columns = np.nonzero(right)
    assert rows.max() <= 126
    assert columns.max() <= 126


def test_a_match_of_the_whole_frames_both():
    frame = draw_match(even(100, 100, 40), even(100, 200, 200), None).frame
    assert is_framed(frame)[0].any()
    assert is_framed(frame)[-1].any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (4000, 1)])
def test_any_shape_is_drawn(shape):
    drawn = draw_match(even(*shape, 90), even(30, 20, 10), Overlap(12, Box(0, 0, 1, 1), Box(0, 0, 1, 1)))
    assert drawn.height == HEIGHT


@pytest.mark.parametrize("count", [1, 2, MOST_DRAWN, MOST_DRAWN + 3])
def test_every_match_has_a_row_up_to_four(count):
    works = [(even(100, 100 + number, 40 * number % 256), None) for number in range(count)]
    drawn = draw_matches(even(60, 90, 90), works)
    rows = min(count, MOST_DRAWN)
    assert drawn.height == rows * HEIGHT + (rows - 1) * 24
