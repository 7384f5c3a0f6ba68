"""What the fingerprint `copy` finds; that it keeps to the contract, the contract's own suite says."""

import hashlib
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageOps

from provenance.errors import WeightsError
from provenance.fingerprints import copy
from provenance.fingerprints.base import Unhashable
from provenance.fingerprints.copy import Copy
from provenance.media.picture.image import Picture
from tests.sites import photograph

WORK = "chelsea.png"
OTHERS = ("coffee.png", "astronaut.png", "rocket.jpg")


def taken(image):
    return Picture.from_frame(np.asarray(image.convert("RGB")).copy())


def distance_bits(one, other):
    return (int.from_bytes(one.value) ^ int.from_bytes(other.value)).bit_count()


def cornered(image, share):
    return image.crop((0, 0, round(image.width * share**0.5), round(image.height * share**0.5)))


def captioned(image):
    made = image.copy()
    ImageDraw.Draw(made).rectangle((0, image.height * 4 // 5, image.width, image.height), fill="white")
    return made


EDITS = {
    "corner crop to half": lambda image: cornered(image, 0.5),
    "corner crop to a quarter": lambda image: cornered(image, 0.25),
    "turned by 15 degrees": lambda image: image.rotate(15, Image.Resampling.BICUBIC),
    "frame of 15 %": lambda image: ImageOps.expand(image, image.width * 15 // 100, "black"),
    "caption over a fifth": captioned,
    "mirrored": ImageOps.mirror,
    "grey": ImageOps.grayscale,
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_copy_is_within_the_nominating_distance_and_nearer_than_others(edit):
    scheme, made = Copy(), taken(EDITS[edit](photograph(WORK)))
    code = scheme.compute(made)
    near = distance_bits(code, scheme.compute(taken(photograph(WORK))))
    assert near <= scheme.nominating_distance_bits
    assert all(near < distance_bits(code, scheme.compute(taken(photograph(other)))) for other in OTHERS)


def test_a_quarter_turn_is_one_of_the_variants():
    scheme, work = Copy(), photograph(WORK)
    variants = dict(scheme.compute_variants(taken(work)))
    turned = scheme.compute(taken(work.transpose(Image.Transpose.ROTATE_90)))
    assert distance_bits(turned, variants["rot90"]) <= 8
    assert set(variants) == {"rot90", "rot180", "rot270"}


def test_a_picture_in_a_picture_is_nearest_by_one_of_its_parts():
    scheme, work = Copy(), photograph(WORK)
    ground = photograph("rocket.jpg").resize((900, 700))
    ground.paste(work.resize((450, 350)), (420, 40))
    code = scheme.compute(taken(work))
    parts = scheme.compute_parts(taken(ground))
    assert len(parts) == 25
    nearest = min(distance_bits(part, code) for part in parts)
    assert nearest <= scheme.nominating_distance_bits
    assert nearest + 30 < distance_bits(scheme.compute(taken(ground)), code)


@pytest.mark.parametrize("value", [0, 128, 255])
def test_an_even_surface_has_no_code(value):
    even = Picture.from_frame(np.full((300, 300, 3), value, np.uint8))
    assert isinstance(Copy().compute(even), Unhashable)
    assert Copy().compute_variants(even) == ()


def test_other_combinations_are_refused(monkeypatch):
    assert hashlib.sha256(files("provenance.fingerprints").joinpath(copy.PROJECTION).read_bytes()).hexdigest() == (
        copy.PROJECTION_SHA256
    )
    monkeypatch.setattr(copy, "PROJECTION_SHA256", "0" * 64)
    copy._load_projection.cache_clear()
    try:
        with pytest.raises(WeightsError, match=r"expected copy\.npz"):
            Copy().compute(taken(photograph(WORK)))
    finally:
        copy._load_projection.cache_clear()


def test_parts_are_summed_up_as_each_alone():
    features = np.random.default_rng(0).uniform(0, 6, (10, 10, 8)).astype(np.float32)
    cells, starts = copy.PART_CELLS, copy.PART_STARTS
    alone = [copy.pool(features[top : top + cells, left : left + cells]) for top in starts for left in starts]
    assert np.allclose(copy.pool_parts(features), np.stack(alone), rtol=1e-4)


@given(rows=st.integers(1, 400), columns=st.integers(1, 400))
def test_squares_cover_a_long_picture_and_no_other_has_any(rows, columns):
    frame = np.zeros((rows, columns, 3), np.uint8)
    frame[..., 0] = np.arange(columns) % 251 if columns > rows else (np.arange(rows) % 251)[:, np.newaxis]
    squares = copy.cut_squares(frame)
    side, length = min(rows, columns), max(rows, columns)
    assert bool(squares) == (length >= copy.LONG * side)
    assert all(square.shape == (side, side, 3) for square in squares)
    assert len(squares) <= copy.MOST_SQUARES
    if squares and length <= 250:
        seen = {int(level) for square in squares for level in np.unique(square[..., 0])}
        assert {0, length - 1} <= seen
        assert length > 3 * side or seen == set(range(length))


def test_works_side_by_side_are_each_near_a_square():
    one, other = (photograph(name).resize((300, 300)) for name in (WORK, OTHERS[0]))
    made = Image.new("RGB", (600, 300))
    made.paste(one, (0, 0))
    made.paste(other, (300, 0))
    parts = Copy().compute_parts(taken(made))
    assert len(parts) > 25
    for work in (one, other):
        assert min(distance_bits(part, Copy().compute(taken(work))) for part in parts) < 60


@pytest.mark.parametrize("shape", [(1, 3000), (3000, 2)])
def test_a_thread_of_a_picture_has_few_parts_and_no_error(shape):
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    assert 25 <= len(Copy().compute_parts(Picture.from_frame(noise))) <= 25 + copy.MOST_SQUARES
