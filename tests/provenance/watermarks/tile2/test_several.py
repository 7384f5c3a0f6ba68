"""Several marks in one picture."""

import numpy as np

from tests.provenance.watermarks.photographs import photograph, through_jpeg
from tests.provenance.watermarks.tile2.samples import PAYLOAD, TILE, marked


def overlaps(box, left, top, right, bottom):
    across, down = min(box[2], right) - max(box[0], left), min(box[3], bottom) - max(box[1], top)
    return across > 0 and down > 0 and across * down >= 0.7 * (box[2] - box[0]) * (box[3] - box[1])


def test_a_collage_names_each_of_its_marks_and_where_it_lies():
    page = np.full((640, 1000, 3), 240, np.uint8)
    page[20:404, 30:606] = marked()
    page[300:620, 640:960] = TILE.embed(photograph("chelsea.png", 320, 320), 77)
    found = {one.detection.match.payload: one.box for one in TILE.find_all(through_jpeg(page, 85))}
    assert set(found) == {PAYLOAD, 77}
    assert overlaps(found[PAYLOAD], 30, 20, 606, 404)
    assert overlaps(found[77], 640, 300, 960, 620)


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
    assert overlaps(reading.box, 30, 20, 606, 404)


def test_without_a_mark_there_is_none():
    assert TILE.find_all(photograph("coffee.png", 256, 256)) == ()
