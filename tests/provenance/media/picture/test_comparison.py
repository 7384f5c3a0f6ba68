"""Whether a picture is the one of a record: fingerprints first, details where they differ, and no guess."""

import numpy as np
import pytest

from provenance.fingerprints.pdq import Pdq
from provenance.media.medium import Comparison
from provenance.media.picture.comparison import compare
from provenance.media.picture.image import Picture
from provenance.media.picture.overlap import LEAST_SHARED
from tests.provenance.watermarks.photographs import photograph, through_jpeg

SCHEME = Pdq()
RELEASED = Picture.from_frame(photograph("astronaut.png"))
RECORDED = SCHEME.compute(RELEASED).value


def never():
    raise AssertionError("the released file was not needed")


def part(frame):
    return np.ascontiguousarray(frame[10:266, 100:356])


@pytest.mark.parametrize("edit", [lambda frame: through_jpeg(frame, 50), np.fliplr, np.rot90])
def test_the_same_picture_agrees_by_its_fingerprint_alone(edit):
    picture = Picture.from_frame(np.ascontiguousarray(edit(RELEASED.frame)))
    answer = compare(picture, SCHEME, RECORDED, never)
    assert answer.agrees is True
    assert answer.distance_bits <= SCHEME.confident_distance_bits
    assert answer.shared_details is None


def test_a_part_agrees_by_its_details():
    answer = compare(Picture.from_frame(part(RELEASED.frame)), SCHEME, RECORDED, lambda: RELEASED)
    assert answer.agrees is True
    assert answer.distance_bits > 60
    assert answer.shared_details >= LEAST_SHARED


def test_another_picture_does_not_agree():
    answer = compare(Picture.from_frame(photograph("coffee.png")), SCHEME, RECORDED, lambda: RELEASED)
    assert answer.agrees is False
    assert answer.shared_details < LEAST_SHARED


def test_without_the_released_file_the_fingerprint_decides():
    another = compare(Picture.from_frame(photograph("coffee.png")), SCHEME, RECORDED, lambda: None)
    assert (another.agrees, another.shared_details) == (False, None)
    wide = Picture.from_frame(np.ascontiguousarray(RELEASED.frame[:, 40:-20]))
    assert compare(wide, SCHEME, RECORDED, lambda: None).agrees is None


def test_what_has_no_fingerprint_cannot_be_told():
    even = Picture.from_frame(np.full((300, 300, 3), 120, np.uint8))
    assert compare(even, SCHEME, RECORDED, lambda: None) == Comparison()
    assert compare(even, SCHEME, RECORDED, lambda: RELEASED) == Comparison(None, 0, None)


def test_without_a_recorded_fingerprint_details_can_agree_but_not_contradict():
    assert compare(RELEASED, SCHEME, None, lambda: None) == Comparison()
    assert compare(RELEASED, SCHEME, None, lambda: RELEASED).agrees is True
    another = compare(Picture.from_frame(photograph("coffee.png")), SCHEME, None, lambda: RELEASED)
    assert (another.distance_bits, another.agrees) == (None, None)
