"""What the network names, and what that counts for."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from detectors.base import Status
from detectors.objects import CATEGORIES, ObjectsDetector, load_names
from provenance.errors import ConfigurationError, DetectorUnavailableError
from provenance.media.picture.image import Picture
from provenance.sight import network
from tests.detectors.subjects import subject_of, toolbox_of
from tests.sites import photograph

PHOTOGRAPHS = Path(__file__).parents[2] / ".." / "shared" / "data" / "photographs"


@pytest.fixture(scope="module")
def detector(tmp_path_factory):
    made = ObjectsDetector(toolbox_of(tmp_path_factory.mktemp("objects")))
    made.warm()
    return made


def taken(image):
    return Picture.from_frame(np.asarray(image.convert("RGB")).copy())


def test_the_likeliest_names_are_evidence(detector):
    signal = detector.detect(subject_of(taken(photograph("coffee.png"))))
    names = [one["name"] for one in signal.evidence[0]["names"]]
    assert names[0] == "espresso"
    assert len(names) == 5
    assert signal.reason.startswith("looks like espresso (")


@pytest.mark.parametrize("name", ["astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "page.png", "retina.jpg"])
def test_harmless_pictures_stay_below_every_limit(detector, name):
    signal = detector.detect(subject_of(taken(photograph(name))))
    assert signal.status is Status.OK
    assert set(signal.scores) == set(CATEGORIES)
    assert max(signal.scores.values()) < 0.5


@pytest.mark.skipif(not PHOTOGRAPHS.is_dir(), reason="needs ../shared/data/photographs")
@pytest.mark.parametrize(
    ("name", "category"),
    [("revolver", "weapons"), ("missile", "weapons"), ("wine_bottle", "alcohol"), ("syringe", "drugs")],
)
def test_a_photograph_of_such_a_thing_is_past_every_packs_limit(detector, name, category):
    with Image.open(PHOTOGRAPHS / f"{name}.jpg") as opened:
        signal = detector.detect(subject_of(taken(opened)))
    assert signal.scores[category] > 0.95
    assert max(score for other, score in signal.scores.items() if other != category) < 0.5


def test_every_name_of_a_category_is_one_of_the_networks(detector):
    assert len(load_names()) == network.NAMES
    assert {name for names in CATEGORIES.values() for name in names} <= set(load_names())
    assert set(detector.card.thresholds) == set(CATEGORIES) == set(detector.card.categories)
    assert detector.card.weights == {network.WEIGHTS: network.WEIGHTS_SHA256}


def test_an_option_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="detector 'objects' has no option 'threads'"):
        ObjectsDetector(toolbox_of(tmp_path, threads=1))


def test_a_network_that_is_missing_holds(tmp_path, monkeypatch):
    monkeypatch.setattr(network, "WEIGHTS", "absent.onnx")
    network._load.cache_clear()
    try:
        with pytest.raises(DetectorUnavailableError, match="detector 'objects' has no network"):
            ObjectsDetector(toolbox_of(tmp_path)).warm()
    finally:
        network._load.cache_clear()
