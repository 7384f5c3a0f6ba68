"""Where a mark lies in a page."""

import cv2
import numpy as np
import pytest

from provenance.watermarks.tile.front import build_residual
from provenance.watermarks.tile2.parts import find_parts
from provenance.watermarks.tile2.places import blank, build_page_plane, find_box, weigh_places
from provenance.watermarks.tile2.several import read_part
from tests.provenance.watermarks.photographs import photograph, through_jpeg
from tests.provenance.watermarks.tile2.samples import LAYOUT, PAYLOAD, TILE, marked

LINES = "".join(chr(ord("a") + place * 7 % 26) for place in range(60))


def share_in_common(box, other):
    across, down = min(box[2], other[2]) - max(box[0], other[0]), min(box[3], other[3]) - max(box[1], other[1])
    both = max(across, 0) * max(down, 0)
    return both / (sum((one[2] - one[0]) * (one[3] - one[1]) for one in (box, other)) - both)


def look(page):
    """Return a page's residual, evidence for the likeliest mark in it, and the box of that."""
    residual = build_residual(page, in_colour=False)
    part = find_parts(residual, LAYOUT.lines, 4)[0]
    code = read_part(residual, part, LAYOUT).match.code
    evidence = weigh_places(residual, build_page_plane(residual, part, code, LAYOUT), part)
    return residual, evidence, find_box(evidence, cv2.cvtColor(page, cv2.COLOR_RGB2GRAY))


def build_ground(kind, height, width):
    if kind == "flat":
        return np.full((height, width, 3), 240, np.uint8)
    if kind == "photograph":
        return photograph("rocket.jpg", height, width)
    page = np.full((height, width, 3), 255, np.uint8)
    for y in range(16, height, 18):
        cv2.putText(page, LINES[y % 19 :], (4, y), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (40, 40, 40), 1, cv2.LINE_AA)
    return page


@pytest.mark.parametrize("ground", ["flat", "photograph", "text"])
@pytest.mark.parametrize("at", [(0, 0), (37, 90), (130, 203)], ids=str)
def test_a_mark_lies_where_the_picture_was_laid_on_a_page(ground, at):
    left, top = at
    page = build_ground(ground, 627, 801).copy()
    page[top : top + 384, left : left + 576] = marked()
    box = look(through_jpeg(page, 80))[2]
    assert share_in_common(box, (left, top, left + 576, top + 384)) >= 0.9


def test_sides_that_nobody_sees_are_told_by_the_mark():
    """A marked part of a picture that goes on round it unmarked."""
    page = photograph("coffee.png", 384, 576).copy()
    page[64:320, 150:450] = TILE.embed(np.ascontiguousarray(page[64:320, 150:450]), PAYLOAD)
    box = look(through_jpeg(page, 90))[2]
    assert share_in_common(box, (150, 64, 450, 320)) >= 0.75


@pytest.mark.parametrize("shape", [(383, 575), (300, 402)])
def test_a_mark_of_the_whole_goes_to_the_last_pixel(shape):
    height, width = shape
    assert look(np.ascontiguousarray(marked()[:height, :width]))[2] == (0, 0, width, height)


def test_a_smooth_sky_in_which_the_mark_was_lost_belongs_to_the_picture():
    frame = photograph("rocket.jpg", 384, 576).copy()
    ramp = np.linspace(0, 1, 576)
    for x in range(576):
        frame[: int(130 + 25 * np.sin(9 * ramp[x]) + 9 * np.sin(50 * ramp[x])), x] = 250
    assert look(through_jpeg(TILE.embed(frame, PAYLOAD), 75))[2] == (0, 0, 576, 384)


def test_what_was_read_is_blanked_and_a_picture_laid_over_it_stays():
    page = marked().copy()
    page[100:300, 200:440] = TILE.embed(photograph("chelsea.png", 200, 240), 77)
    residual, evidence, box = look(page)
    assert share_in_common(box, (0, 0, 576, 384)) >= 0.95
    before = residual.copy()
    blank(residual, evidence, box)
    assert (residual[132:268, 232:408] == before[132:268, 232:408]).mean() > 0.9
    assert (residual[:, :150] == 0).mean() > 0.95
    assert {one.detection.match.payload for one in TILE.find_all(page)} == {PAYLOAD, 77}


def test_a_negative_in_a_page_is_placed_as_well():
    page = np.full((512, 704, 3), 20, np.uint8)
    page[70:454, 64:640] = 255 - marked()
    assert share_in_common(look(through_jpeg(page, 85))[2], (64, 70, 640, 454)) >= 0.9
