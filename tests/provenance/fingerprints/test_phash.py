"""pHash over the same route."""

import json
from pathlib import Path

import imagehash
import numpy as np
import pytest
from PIL import Image

from provenance.fingerprints.base import Fingerprint, Unhashable
from provenance.fingerprints.pdq import Pdq
from provenance.fingerprints.phash import PHash, _hash
from provenance.media.picture.image import Picture
from tests.provenance.watermarks.photographs import NAMES, photograph

PHASH = PHash()
VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "fingerprints.json").read_text("utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_known_answers(name):
    code = PHASH.compute(Picture.from_frame(photograph(name)))

    assert isinstance(code, Fingerprint)
    stored = int(VECTORS[name]["phash"], 16)
    assert (int.from_bytes(code.value, "big") ^ stored).bit_count() <= 2


def test_a_picture_that_fits_has_the_librarys_code():
    frame = photograph("chelsea.png")
    code = PHASH.compute(Picture.from_frame(frame))

    assert isinstance(code, Fingerprint)
    assert code.value.hex() == str(imagehash.phash(Image.fromarray(frame)))


def test_variants_are_those_of_pdq():
    picture = Picture.from_frame(photograph("rocket.jpg"))

    assert [name for name, _ in PHASH.compute_variants(picture)] == [
        name for name, _ in Pdq().compute_variants(picture)
    ]


@pytest.mark.parametrize(("amplitude", "hashable"), [(0, False), (1, False), (4, True)])
def test_contrast_decides_whether_there_is_a_code(amplitude, hashable):
    """Stripes of this height either way of grey, which the thumbnail keeps: quality is 50 times their deviation."""
    frame = np.full((320, 320, 3), 128, np.uint8)
    frame[:160] += np.uint8(amplitude)
    answer = PHASH.compute(Picture.from_frame(frame))

    assert isinstance(answer, Fingerprint if hashable else Unhashable)
    assert answer.quality == min(100, 25 * amplitude)


@pytest.mark.parametrize("kind", ["noise", "even", "symmetric", "steps", "photograph"])
def test_the_code_is_that_of_the_library(kind):
    """Bit by bit, where low frequencies are nothing but rounding, too."""
    side = np.arange(256)
    frames = {
        "noise": np.random.default_rng(3).integers(0, 256, (256, 256, 3), np.uint8),
        "even": np.full((64, 64, 3), 99, np.uint8),
        "symmetric": np.repeat(np.minimum.outer(abs(side - 127.5), abs(side - 127.5))[..., None], 3, 2).astype(
            np.uint8
        ),
        "steps": np.repeat(np.add.outer(side // 64 * 60, side // 32 % 2 * 20)[..., None], 3, 2).astype(np.uint8),
        "photograph": photograph(NAMES[0]),
    }
    frame = np.ascontiguousarray(frames[kind])
    assert np.array_equal(_hash(frame), imagehash.phash(Image.fromarray(frame)).hash)
