"""Nudity: NudeNet's recorded answers become scores and evidence; without the extra, the error teaches."""

from importlib.util import find_spec

import pytest

from detectors.nudity import NudityDetector, build_records
from provenance.errors import ConfigurationError, DetectorError, MissingExtraError
from tests.detectors.subjects import photo, subject_of, toolbox_of

# What nudenet 3.4.2 said of kodim18.png (512 x 768) and astronaut.png (512 x 512) on 2026-11-22.
KODIM18 = [
    {"class": "FACE_FEMALE", "score": 0.7147669196128845, "box": [257, 183, 59, 58]},
    {"class": "FEMALE_BREAST_COVERED", "score": 0.27248674631118774, "box": [263, 268, 57, 67]},
]
ASTRONAUT = [{"class": "FACE_FEMALE", "score": 0.7197, "box": [173, 82, 102, 98]}]


class Recorded:
    """Stands for the network: gives back what the real one said."""

    def __init__(self, answer):
        self.answer = answer
        self.shapes = []

    def detect(self, bgr):
        self.shapes.append(bgr.shape)
        return self.answer


def detector_with(answer, folder):
    detector = NudityDetector(toolbox_of(folder))
    detector._network = Recorded(answer)
    return detector


def test_covered_parts_are_recorded_and_faces_are_not():
    assert build_records(KODIM18, scale=1.0) == [
        {"part": "FEMALE_BREAST_COVERED", "score": 0.27248674631118774, "box": [263, 268, 57, 67]}
    ]
    assert build_records(ASTRONAUT, scale=1.0) == []


def test_boxes_are_in_pixels_of_the_full_picture(tmp_path):
    answer = [{"class": "BUTTOCKS_EXPOSED", "score": 0.81, "box": [10, 20, 30, 41]}]
    detector = detector_with(answer, tmp_path)
    signal = detector.detect(subject_of(photo("astronaut.png", (1536, 1536))))
    assert detector._network.shapes == [(768, 768, 3)]
    assert signal.scores == {"nudity": 0.81}
    assert signal.evidence == (
        {"part": "BUTTOCKS_EXPOSED", "score": 0.81, "box": [20, 40, 60, 82], "view": "as it is"},
    )
    assert signal.reason == "1 uncovered intimate parts"


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ([], 0.0),
        (KODIM18, 0.0),
        (ASTRONAUT, 0.0),
        ([{"class": "MALE_BREAST_EXPOSED", "score": 0.9, "box": [0, 0, 1, 1]}], 0.0),
    ],
)
def test_harmless_answers_score_nothing(tmp_path, answer, score):
    assert detector_with(answer, tmp_path).detect(subject_of(photo("astronaut.png"))).scores == {"nudity": score}


@pytest.mark.parametrize("answer", [[{"label": "x"}], [{"class": "ANUS_EXPOSED", "score": "high", "box": [1]}], [None]])
def test_an_answer_of_another_form_is_an_error(tmp_path, answer):
    with pytest.raises(DetectorError, match=r"another form than version 3\.4\.2"):
        detector_with(answer, tmp_path).detect(subject_of(photo("astronaut.png")))


@pytest.mark.skipif(find_spec("nudenet") is not None, reason="nudenet is installed here")
def test_without_the_extra_the_error_names_it_and_its_licence(tmp_path):
    detector = NudityDetector(toolbox_of(tmp_path))
    with pytest.raises(MissingExtraError, match=r"AGPL-3\.0.*chopmark\[nudity-agpl\]"):
        detector.warm()
    with pytest.raises(MissingExtraError):
        detector.detect(subject_of(photo("astronaut.png")))


def test_options_are_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="no option 'size'"):
        NudityDetector(toolbox_of(tmp_path, size=640))
