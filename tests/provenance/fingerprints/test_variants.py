"""The geometry of variants."""

import numpy as np
import pytest

from provenance.fingerprints.variants import INDEXED_SIDE, build_variants
from provenance.media.picture.image import Picture
from tests.provenance.watermarks.photographs import photograph

POSITIONS = ["flip_h", "flip_v", "rot90", "rot180", "rot270", "transpose", "transverse"]
CENTRES = ["crop_c95", "crop_c90", "crop_c85", "crop_c80", "crop_c75"]


def names_of(height, width):
    return [name for name, _ in build_variants(Picture.from_frame(np.zeros((height, width, 3), np.uint8)))]


@pytest.mark.parametrize(
    ("height", "width", "shapes"),
    [
        (600, 900, ["crop_1x1", "crop_4x5", "crop_16x9"]),
        (600, 600, ["crop_4x5", "crop_16x9"]),
        (1000, 800, ["crop_1x1", "crop_16x9"]),
        (1080, 1920, ["crop_1x1", "crop_4x5"]),
        (1000, 1010, ["crop_4x5", "crop_16x9"]),
        (1, 1, ["crop_4x5", "crop_16x9"]),
    ],
)
def test_a_shape_that_the_picture_has_is_left_out(height, width, shapes):
    assert names_of(height, width) == POSITIONS + CENTRES + shapes


def test_every_variant_is_reduced():
    for _, variant in build_variants(Picture.from_frame(photograph("astronaut.png", 700, 1100))):
        assert max(variant.height, variant.width) <= INDEXED_SIDE


def test_crops_have_their_shape_and_lie_in_the_middle():
    frame = np.zeros((90, 160, 3), np.uint8)
    frame[45, 80] = 255
    variants = dict(build_variants(Picture.from_frame(frame)))

    assert (variants["crop_c90"].height, variants["crop_c90"].width) == (81, 144)
    assert (variants["crop_1x1"].height, variants["crop_1x1"].width) == (90, 90)
    assert (variants["crop_4x5"].height, variants["crop_4x5"].width) == (90, 72)
    for name in (*CENTRES, "crop_1x1", "crop_4x5"):
        ys, xs = np.nonzero(variants[name].frame[..., 0])
        assert abs(ys[0] - variants[name].height / 2) <= 1
        assert abs(xs[0] - variants[name].width / 2) <= 1


def test_positions_are_what_their_names_say():
    frame = np.zeros((2, 3, 3), np.uint8)
    frame[..., 0] = [[1, 2, 3], [4, 5, 6]]
    variants = {name: picture.frame[..., 0].tolist() for name, picture in build_variants(Picture.from_frame(frame))}

    assert variants["flip_h"] == [[3, 2, 1], [6, 5, 4]]
    assert variants["flip_v"] == [[4, 5, 6], [1, 2, 3]]
    assert variants["rot90"] == [[3, 6], [2, 5], [1, 4]]
    assert variants["rot180"] == [[6, 5, 4], [3, 2, 1]]
    assert variants["rot270"] == [[4, 1], [5, 2], [6, 3]]
    assert variants["transpose"] == [[1, 4], [2, 5], [3, 6]]
    assert variants["transverse"] == [[6, 3], [5, 2], [4, 1]]
