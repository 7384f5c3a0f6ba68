"""Faces: how many, where and how large, and that hostile pictures find none."""

import numpy as np
import pytest
from PIL import Image
from skimage import data

from detectors import faces as module
from detectors.base import Status
from detectors.faces import FacesDetector, drop_same, read_boxes
from provenance.errors import ConfigurationError, DetectorUnavailableError
from provenance.media.picture.raster import Picture
from tests.detectors.subjects import drawing, photo, subject_of, toolbox_of


@pytest.fixture(scope="module")
def detector(tmp_path_factory):
    made = FacesDetector(toolbox_of(tmp_path_factory.mktemp("faces")))
    made.warm()
    return made


def test_the_astronaut_has_one_face_where_the_authors_own_program_finds_it(detector):
    signal = detector.detect(subject_of(photo("astronaut.png")))
    summary, face = signal.evidence
    assert summary == {"faces": 1, "largest": face["share"], "view": "as it is"}
    assert signal.scores["faces"] == face["face"] > 0.9
    assert signal.scores["faces_large"] == face["share"]
    # yuface 2023.5.1 answers 93 % and 178, 63, 89, 112 for this picture of 512 pixels.
    left, top, right, bottom = (edge * 512 for edge in face["box"])
    assert (left, top, right - left, bottom - top) == pytest.approx((178, 63, 89, 112), abs=2)
    assert signal.reason == f"1 face, the largest {face['share']:.1%} of the picture"


def test_every_face_of_a_group_is_counted(detector):
    face = photo("astronaut.png").frame[20:220, 120:320]
    row = np.hstack([face, face[:, ::-1], face])
    signal = detector.detect(subject_of(Picture.from_frame(np.vstack([row, row]).copy())))
    assert signal.evidence[0]["faces"] == 6
    assert len(signal.evidence) == 7


def test_a_small_face_in_a_large_picture_is_found(detector):
    frame = np.full((1024, 1024, 3), 120, np.uint8)
    frame[700:764, 100:164] = np.asarray(
        Image.fromarray(photo("astronaut.png").frame[30:230, 120:320]).resize((64, 64))
    )
    signal = detector.detect(subject_of(Picture.from_frame(frame)))
    assert signal.evidence[0]["faces"] == 1
    assert signal.scores["faces_large"] < 0.01


@pytest.mark.parametrize(
    "name", ["coffee.png", "chelsea.png", "rocket.jpg", "brick.png", "page.png", "ihc.png", "retina.jpg"]
)
def test_pictures_without_people_have_no_face(detector, name):
    signal = detector.detect(subject_of(photo(name)))
    assert signal.scores == {"faces": 0.0, "faces_large": 0.0}
    assert signal.evidence == ({"faces": 0, "largest": 0.0, "view": "as it is"},)
    assert signal.reason == "no face was found"
    assert detector.detect(subject_of(drawing())).scores["faces"] == 0.0


def test_a_face_in_the_transparent_part_is_found(detector):
    frame = photo("astronaut.png").frame
    signal = detector.detect(subject_of(Picture.from_frame(frame, np.zeros(frame.shape[:2], np.uint8))))
    assert signal.evidence[0] == {"faces": 1, "largest": signal.scores["faces_large"], "view": "without transparency"}


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (33, 17), (1000, 20_000)])
def test_pictures_of_any_shape_and_one_colour_are_answered(detector, shape):
    for level in (0, 255):
        signal = detector.detect(subject_of(Picture.from_frame(np.full((*shape, 3), level, np.uint8))))
        assert signal.status is Status.OK
        assert signal.scores["faces"] == 0.0


def test_noise_has_no_face(detector):
    noise = np.random.default_rng(0).integers(0, 256, (600, 600, 3), dtype=np.uint8)
    assert detector.detect(subject_of(Picture.from_frame(noise))).scores["faces"] == 0.0


def test_faces_of_twenty_five_pixels_are_found_when_larger_and_other_textures_are_not(detector):
    """scikit-image's set: 100 faces of 25x25, then 100 patches without."""
    patches = data.lfw_subset()[::10]
    found = []
    for patch in patches:
        image = (
            Image.fromarray((patch * 255).astype(np.uint8)).convert("RGB").resize((100, 100), Image.Resampling.BICUBIC)
        )
        canvas = Image.new("RGB", (256, 256), (128, 128, 128))
        canvas.paste(image, (78, 78))
        found.append(detector.detect(subject_of(Picture.from_frame(np.asarray(canvas).copy()))).scores["faces"] > 0)
    assert sum(found[10:]) == 0
    assert sum(found[:10]) >= 5


def test_boxes_are_read_from_the_answer():
    answer = np.full((6, 2, 3), -20.0, np.float32)
    answer[:, 1, 2] = [20, 20, 0.5, 0.25, np.log(2), np.log(4)]
    boxes = read_boxes(answer, 8, 0.5)
    assert boxes[0].tolist() == pytest.approx([1.0, 20 - 8, 10 - 16, 20 + 8, 10 + 16], abs=1e-3)
    answer[4:] = 1e30
    assert np.isfinite(read_boxes(answer, 32, 0.5)).all()


def test_one_face_is_counted_once():
    boxes = np.array([[0.8, 0, 0, 10, 10], [0.9, 1, 0, 11, 10], [0.8, 30, 0, 40, 10], [0.7, 0, 0, 0, 0]], np.float32)
    assert drop_same(boxes)[:, 0].tolist() == pytest.approx([0.9, 0.8, 0.7])
    assert drop_same(np.zeros((0, 5), np.float32)).shape == (0, 5)


def test_an_option_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="detector 'faces' has no option 'age'"):
        FacesDetector(toolbox_of(tmp_path, age=True))


def test_weights_that_are_missing_or_others_hold(tmp_path, monkeypatch):
    made = FacesDetector(toolbox_of(tmp_path))
    made.card.weights["faces.onnx"] = "0" * 64
    with pytest.raises(
        DetectorUnavailableError, match=r"expected faces\.onnx with SHA-256 000000000000…, got be97129b5f66…"
    ):
        made.warm()
    monkeypatch.setattr(module, "_WEIGHTS", "absent.onnx")
    with pytest.raises(DetectorUnavailableError, match="install chopmark again"):
        FacesDetector(toolbox_of(tmp_path)).warm()
