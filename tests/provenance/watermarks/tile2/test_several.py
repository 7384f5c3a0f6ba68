"""Several marks in one picture."""

import numpy as np

from tests.provenance.watermarks.photographs import photograph, through_jpeg
from tests.provenance.watermarks.tile.samples import resized
from tests.provenance.watermarks.tile2.samples import PAYLOAD, TILE, marked


def lies_at(box, *other):
    across, down = min(box[2], other[2]) - max(box[0], other[0]), min(box[3], other[3]) - max(box[1], other[1])
    both = max(across, 0) * max(down, 0)
    return both >= 0.9 * (sum((one[2] - one[0]) * (one[3] - one[1]) for one in (box, other)) - both)


def test_a_collage_names_each_of_its_marks_and_where_it_lies():
    page = np.full((640, 1000, 3), 240, np.uint8)
    page[20:404, 30:606] = marked()
    page[300:620, 640:960] = TILE.embed(photograph("chelsea.png", 320, 320), 77)
    found = {one.detection.match.payload: one.box for one in TILE.find_all(through_jpeg(page, 85))}
    assert set(found) == {PAYLOAD, 77}
    assert lies_at(found[PAYLOAD], 30, 20, 606, 404)
    assert lies_at(found[77], 640, 300, 960, 620)


def test_pictures_scaled_each_in_its_own_way_are_found_where_they_lie_apart():
    page = np.full((760, 1100, 3), 250, np.uint8)
    laid = {}
    for payload, name, factor, left, top in (
        (11, "coffee.png", 0.8, 30, 40),
        (12, "chelsea.png", 0.7, 560, 50),
        (13, "astronaut.png", 1.25, 60, 400),
    ):
        picture = resized(TILE.embed(photograph(name, 384, 512), payload), factor)
        height, width = picture.shape[:2]
        height = min(height, 340)
        page[top : top + height, left : left + width] = picture[:height]
        laid[payload] = left, top, left + width, top + height
    found = {one.detection.match.payload: one.box for one in TILE.find_all(through_jpeg(page, 85))}
    assert found.keys() == laid.keys()
    assert all(lies_at(found[payload], *box) for payload, box in laid.items())


def test_one_mark_in_a_page_is_told_with_its_place():
    page = np.full((640, 1000, 3), 240, np.uint8)
    page[117:501, 203:779] = marked()
    (one,) = TILE.find_all(through_jpeg(page, 80))
    assert one.detection.match.payload == PAYLOAD
    assert lies_at(one.box, 203, 117, 779, 501)


def test_a_mark_that_fills_the_picture_is_one():
    for frame in (marked(), np.ascontiguousarray(marked()[:, ::-1])):
        (one,) = TILE.find_all(frame)
        assert one.detection.match.payload == PAYLOAD
        assert one.box is None
        assert TILE.extract_all(frame).others == ()


def test_the_largest_mark_is_told_first_with_the_others():
    page = np.full((640, 1000, 3), 240, np.uint8)
    page[300:620, 640:960] = TILE.embed(photograph("chelsea.png", 320, 320), 77)
    page[20:404, 30:606] = marked()
    reading = TILE.extract_all(page)
    assert (reading.payload, [one.payload for one in reading.others]) == (PAYLOAD, [77])
    assert lies_at(reading.box, 30, 20, 606, 404)


def test_without_a_mark_there_is_none():
    assert TILE.find_all(photograph("coffee.png", 256, 256)) == ()
