"""Photographs are seen: ordinary ones pass, and what a pack forbids is held with the concept named."""

import numpy as np
import pytest
from PIL import Image

from detectors.base import Status
from detectors.clip import ClipDetector
from policies.rules.loader import load_named
from provenance.media.picture.image import Picture
from tests.detectors.subjects import DATA, drawing, photo, subject_of, toolbox_of

PHOTOGRAPHS = DATA / "photographs"


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    """The categories for which the baseline pack holds a picture by the embedded model."""
    detector = ClipDetector(toolbox_of(tmp_path_factory.mktemp("models")))
    detector.warm()
    limits = {one.category: one.hold for one in load_named(["baseline"])[0].thresholds}

    def find(picture):
        signal = detector.detect(subject_of(picture))
        return signal, [name for name, score in signal.scores.items() if limits.get(name) and score >= limits[name]]

    return find


@pytest.mark.parametrize("name", ["coffee.png", "chelsea.png", "astronaut.png", "camera.png"])
def test_an_ordinary_photograph_is_answered_for_and_passes(held, name):
    signal, categories = held(photo(name))
    assert categories == []
    assert signal.status is Status.OK
    assert signal.reason.startswith("a photograph, looks like ")


@pytest.mark.skipif(not PHOTOGRAPHS.is_dir(), reason="needs ../shared/data/photographs")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("revolver", ["weapons"]),
        ("cannon", ["weapons"]),
        ("half_track", ["weapons"]),
        ("wine_bottle", ["alcohol"]),
        ("cocktail_shaker", ["alcohol"]),
        ("syringe", ["drugs"]),
        ("teapot", []),
        ("hog", []),
        ("honeycomb", []),
    ],
)
def test_a_photograph_is_held_for_what_it_shows(held, name, expected):
    path = PHOTOGRAPHS / f"{name}.jpg"
    if not path.is_file():
        pytest.skip(f"needs ../shared/data/photographs/{name}.jpg")
    assert held(Picture.from_frame(np.asarray(Image.open(path).convert("RGB"))))[1] == expected


def test_a_drawing_is_answered_for(held):
    assert held(drawing())[0].status is Status.OK


@pytest.mark.skipif(not PHOTOGRAPHS.is_dir(), reason="needs ../shared/data/photographs")
def test_of_photographs_of_other_things_one_in_a_hundred_is_held_at_most(held):
    paths = sorted(path for path in PHOTOGRAPHS.iterdir() if path.suffix.lower() in {".jpg", ".jpeg", ".png"})[1::2]
    shown = {"beer_bottle", "cannon", "cocktail_shaker", "goblet", "half_track", "lighter", "missile", "projectile"}
    shown |= {"revolver", "syringe", "wine_bottle", "corkscrew", "eggnog", "hatchet", "military_uniform"}
    pictures = [
        Picture.from_frame(np.asarray(Image.open(path).convert("RGB"))) for path in paths[::2] if path.stem not in shown
    ]
    assert len(pictures) >= 70
    assert sum(bool(held(picture)[1]) for picture in pictures) <= len(pictures) // 100 + 1
