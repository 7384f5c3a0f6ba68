"""PDQ over its fixed route: known answers, the variants' purpose, and what the route costs."""

import json
from pathlib import Path

import numpy as np
import pdqhash
import pytest

from provenance.fingerprints.base import Fingerprint, Unhashable
from provenance.fingerprints.pdq import Pdq
from provenance.media.picture.image import Picture
from tests.provenance.watermarks.photographs import NAMES, enhanced, photograph, scaled, through_jpeg

PDQ = Pdq()
VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "fingerprints.json").read_text("utf-8"))


def code_of(frame):
    code = PDQ.compute(Picture.from_frame(np.ascontiguousarray(frame)))
    assert isinstance(code, Fingerprint)
    return code


def distance_bits(one, other):
    return (int.from_bytes(one.value, "big") ^ int.from_bytes(other.value, "big")).bit_count()


def nearest(frame, query):
    picture = Picture.from_frame(frame)
    candidates = (("identity", PDQ.compute(picture)), *PDQ.compute_variants(picture))
    return min((distance_bits(code, query), name) for name, code in candidates)


@pytest.mark.parametrize("name", NAMES)
def test_known_answers(name):
    """OpenCV's area filter may round otherwise on another processor: a bit or two, never more."""
    stored = Fingerprint("pdq", bytes.fromhex(VECTORS[name]["pdq"]), 100)

    assert distance_bits(code_of(photograph(name)), stored) <= 4


def test_a_picture_that_fits_has_the_librarys_code_bit_for_bit():
    frame = photograph("chelsea.png")
    vector, quality = pdqhash.compute(frame)

    code = code_of(frame)

    assert f"{int.from_bytes(code.value, 'big'):0256b}" == "".join(str(bit) for bit in vector)
    assert code.quality == quality


@pytest.mark.parametrize("name", NAMES)
def test_reducing_first_moves_the_code_a_little(name):
    frame = photograph(name, 1024, 1200)
    vector, _ = pdqhash.compute(frame)
    whole = Fingerprint("pdq", np.packbits(vector.astype(np.uint8)).tobytes(), 100)

    assert distance_bits(code_of(frame), whole) <= 20


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda frame: through_jpeg(frame, 30), id="jpeg 30"),
        pytest.param(lambda frame: scaled(frame, 0.25), id="a quarter of the size"),
        pytest.param(lambda frame: enhanced(frame, "Brightness", 1.3), id="brighter"),
    ],
)
def test_plain_edits_stay_within_the_confident_distance(name, edit):
    frame = photograph(name)

    assert distance_bits(code_of(frame), code_of(edit(frame))) <= PDQ.confident_distance_bits


POSITIONS = {
    "flip_h": lambda frame: frame[:, ::-1],
    "flip_v": lambda frame: frame[::-1],
    "rot90": np.rot90,
    "rot180": lambda frame: np.rot90(frame, 2),
    "rot270": lambda frame: np.rot90(frame, 3),
    "transpose": lambda frame: frame.transpose(1, 0, 2),
    "transverse": lambda frame: np.rot90(frame, 2).transpose(1, 0, 2),
}


@pytest.mark.parametrize("position", POSITIONS)
def test_flips_and_turns_are_found_by_their_variant(position):
    frame = photograph("motorcycle_left.png")
    distance, name = nearest(frame, code_of(POSITIONS[position](frame)))

    assert name == position
    assert distance <= 4


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.95, "crop_c95"), (0.9, "crop_c90"), (0.85, "crop_c85"), (0.8, "crop_c80"), (0.75, "crop_c75")],
)
def test_centred_crops_are_found_by_their_variant(share, expected):
    frame = photograph("coffee.png", 600, 900)
    height, width = round(600 * share), round(900 * share)
    top, left = (600 - height) // 2, (900 - width) // 2
    distance, name = nearest(frame, code_of(through_jpeg(frame[top : top + height, left : left + width].copy(), 75)))

    assert name == expected
    assert distance <= 10


@pytest.mark.parametrize(
    ("height", "width", "expected"), [(600, 600, "crop_1x1"), (600, 480, "crop_4x5"), (506, 900, "crop_16x9")]
)
def test_crops_to_a_shape_are_found_by_their_variant(height, width, expected):
    frame = photograph("coffee.png", 600, 900)
    top, left = (600 - height) // 2, (900 - width) // 2
    distance, name = nearest(frame, code_of(frame[top : top + height, left : left + width]))

    assert name == expected
    assert distance <= 10


def test_low_quality_is_unhashable_with_its_reason():
    faint = (photograph("coffee.png") // 64 + 100).astype(np.uint8)
    frame = np.full_like(faint, 100)
    frame[:40, :40] = faint[:40, :40]

    answer = PDQ.compute(Picture.from_frame(frame))

    assert isinstance(answer, Unhashable)
    assert answer.reason == (f"expected PDQ quality of at least 50, got {answer.quality}: too little structure")
