"""From a map of what is text to boxes, strips and a text put together."""

import cv2
import numpy as np
import pytest

from detectors.writing.lines import Placed, cut_line, find_boxes, join_lines


def mapped(*rectangles, size=(200, 300)):
    """Return a map with sure text in each ((x, y), (width, height), angle)."""
    likely = np.zeros(size, np.float32)
    for rectangle in rectangles:
        cv2.fillPoly(likely, [cv2.boxPoints(rectangle).astype(np.int32)], 0.9)
    return likely


def box(left, top, width, height):
    return np.array([[left, top], [left + width, top], [left + width, top + height], [left, top + height]], np.float32)


def test_a_line_is_found_larger_than_its_core():
    (found,) = find_boxes(mapped(((150, 100), (120, 12), 0)))
    left, top = found[0]
    right, bottom = found[2]
    assert left < 90
    assert right > 210
    assert top < 94
    assert bottom > 106
    assert right - left < 150


@pytest.mark.parametrize("angle", [10, 30, -30, 80])
def test_a_turned_line_begins_at_its_left(angle):
    (found,) = find_boxes(mapped(((150, 100), (110, 10), angle)))
    along = found[1] - found[0]
    assert np.degrees(np.arctan2(along[1], along[0])) == pytest.approx(angle if angle < 45 else angle - 90, abs=3)


def test_what_is_faint_or_tiny_is_no_line():
    faint = np.full((100, 100), 0.31, np.float32)
    assert find_boxes(faint) == []
    assert find_boxes(mapped(((50, 50), (2, 2), 0))) == []
    assert find_boxes(np.zeros((40, 40), np.float32)) == []
    assert len(find_boxes(np.ones((40, 40), np.float32))) == 1


def test_a_strip_is_upright():
    frame = np.zeros((100, 200, 3), np.uint8)
    frame[40:60, 20:120] = 255
    frame[40:60, 20:30, 1:] = 0
    strip = cut_line(frame, box(20, 40, 100, 20))
    assert strip.shape == (20, 100, 3)
    assert strip[10, 4].tolist() == [255, 0, 0]
    down = cut_line(np.ascontiguousarray(np.rot90(frame, -1)), box(40, 20, 20, 100))
    assert down.shape[1] > down.shape[0]
    assert cut_line(frame, box(5, 5, 0, 0)).shape == (1, 1, 3)


def test_lines_of_a_row_are_joined_and_each_part_known():
    boxes = [box(100, 52, 60, 20), box(10, 50, 60, 20), box(10, 90, 150, 20)]
    placed = join_lines(["1111", "4111", "valid"], boxes)
    assert placed == Placed("4111 1111\nvalid", ((0, 4, 1), (5, 9, 0), (10, 15, 2)))
    assert placed.lines_of(0, 9) == (1, 0)
    assert placed.lines_of(11, 12) == (2,)
    assert placed.lines_of(9, 10) == ()
    assert join_lines([], []) == Placed("", ())


def test_the_rows_of_a_tilted_page_stay_apart():
    turn = np.deg2rad(-20)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]], np.float32)
    boxes = [box(left, top, 200, 20) @ matrix.T for top in (0, 40) for left in (0, 220)]
    placed = join_lines(["one", "two", "three", "four"], boxes)
    assert placed.text == "one two\nthree four"
    down = np.array([[0, -1], [1, 0]], np.float32)
    turned = [np.roll(one @ down.T, 1, axis=0) for one in (box(0, 0, 300, 20), box(0, 40, 300, 20))]
    assert join_lines(["first", "second"], turned).text == "first\nsecond"
