"""Drawings and photographs, whatever happened to them on the way."""

import io

import numpy as np
import pytest
from PIL import Image

from provenance.media.picture.image import Picture
from provenance.media.picture.kind import DRAWN_FROM, measure_kind
from tests.detectors.subjects import drawing, photo


def jpeg(picture, quality):
    buffer = io.BytesIO()
    Image.fromarray(picture.frame).save(buffer, "JPEG", quality=quality)
    return Picture.from_frame(np.asarray(Image.open(buffer).convert("RGB")))


def scaled(picture, factor):
    image = Image.fromarray(picture.frame)
    return Picture.from_frame(np.asarray(image.resize((int(image.width * factor), int(image.height * factor)))))


def noisy(picture, levels):
    noise = np.random.default_rng(1).normal(0, levels, picture.frame.shape)
    return Picture.from_frame(np.clip(picture.frame + noise, 0, 255).astype(np.uint8))


EDITS = {
    "itself": lambda picture: picture,
    "jpeg 60": lambda picture: jpeg(picture, 60),
    "smaller, jpeg 75": lambda picture: jpeg(scaled(picture, 0.7), 75),
    "larger": lambda picture: scaled(picture, 1.6),
    "noise": lambda picture: noisy(picture, 3),
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("size", [160, 256, 700])
def test_a_drawing_stays_one(edit, size):
    assert measure_kind(EDITS[edit](drawing(size))).is_drawn


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("name", ["coffee.png", "chelsea.png", "astronaut.png", "camera.png"])
def test_a_photograph_is_none(edit, name):
    assert not measure_kind(EDITS[edit](photo(name))).is_drawn


def test_one_even_colour_is_drawn_and_noise_is_not():
    flat = measure_kind(Picture.from_frame(np.full((9, 5, 3), 90, np.uint8)))
    assert (flat.few_colours, flat.middling_steps) == (1, 0)
    static = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    assert measure_kind(Picture.from_frame(static)).drawnness < DRAWN_FROM
