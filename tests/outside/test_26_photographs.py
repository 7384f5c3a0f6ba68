"""chop-clip learned from drawings: of photographs it has evidence for a person, and holds next to none."""

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
        return signal, [name for name, score in signal.scores.items() if limits[name] and score >= limits[name]]

    return find


@pytest.mark.parametrize("name", ["coffee.png", "chelsea.png", "astronaut.png", "camera.png"])
def test_a_photograph_has_evidence_and_no_score(held, name):
    signal, categories = held(photo(name))
    assert categories == []
    assert signal.status is Status.NOT_APPLICABLE
    assert signal.evidence


def test_a_drawing_is_answered_for(held):
    assert held(drawing())[0].status is Status.OK


@pytest.mark.skipif(not PHOTOGRAPHS.is_dir(), reason="needs ../shared/data/photographs")
def test_of_photographs_that_nothing_was_fitted_on_one_in_fifty_is_held_at_most(held):
    paths = sorted(path for path in PHOTOGRAPHS.iterdir() if path.suffix.lower() in {".jpg", ".jpeg", ".png"})[1::2]
    pictures = [Picture.from_frame(np.asarray(Image.open(path).convert("RGB"))) for path in paths[::2]]
    count = sum(bool(held(picture)[1]) for picture in pictures)
    assert len(pictures) >= 70
    assert count <= len(pictures) // 50
