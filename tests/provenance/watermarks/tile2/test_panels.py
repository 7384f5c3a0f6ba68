"""Pictures that a page shows apart."""

import cv2
import numpy as np
import pytest

from provenance.watermarks.tile2.panels import find_panels
from tests.provenance.watermarks.photographs import photograph, through_jpeg


def lay(page, name, left, top, width, height):
    page[top : top + height, left : left + width] = photograph(name, height, width)
    return left, top, left + width, top + height


def to_luma(frame):
    return cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_RGB2GRAY)


def lies_at(box, other):
    return max(abs(one - two) for one, two in zip(box, other, strict=True)) <= 8


@pytest.mark.parametrize("ground", [255, 30, 236])
def test_pictures_on_even_ground_are_told_apart_largest_first(ground):
    page = np.full((640, 900, 3), ground, np.uint8)
    laid = [
        lay(page, "coffee.png", 20, 30, 480, 320),
        lay(page, "chelsea.png", 530, 30, 300, 240),
        lay(page, "astronaut.png", 40, 380, 220, 220),
        lay(page, "motorcycle_left.png", 300, 390, 300, 200),
    ]
    panels = find_panels(to_luma(through_jpeg(page, 80)), 9)
    assert len(panels) == 4
    areas = [(right - left) * (bottom - top) for left, top, right, bottom in panels]
    assert areas == sorted(areas, reverse=True)
    assert all(any(lies_at(panel, box) for panel in panels) for box in laid)
    assert find_panels(to_luma(page), 2) == find_panels(to_luma(page), 9)[:2]


def test_a_slope_of_grey_divides_as_well():
    page = np.repeat(np.linspace(30, 220, 500).astype(np.uint8)[:, None, None], 3, axis=2).repeat(700, axis=1)
    laid = [lay(page, "coffee.png", 30, 40, 300, 240), lay(page, "astronaut.png", 360, 220, 300, 240)]
    panels = find_panels(to_luma(page), 6)
    assert all(any(lies_at(panel, box) for panel in panels) for box in laid)


def test_what_is_small_or_blank_is_no_panel():
    page = np.full((400, 500, 3), 255, np.uint8)
    assert find_panels(to_luma(page), 6) == []
    lay(page, "coffee.png", 40, 50, 90, 90)
    assert find_panels(to_luma(page), 6) == []


def test_a_photograph_is_one_panel():
    assert find_panels(to_luma(photograph("coffee.png", 384, 576)), 6) == [(0, 0, 576, 384)]
    assert find_panels(np.zeros((40, 3000), np.uint8), 6) == []
