"""Copyright: the registry's answer becomes scores, and evidence that a person can follow."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from detectors.base import Status
from detectors.copyright import CopyrightDetector
from provenance.errors import ConfigurationError
from provenance.media.picture.image import Picture
from provenance.media.view import PICTURE, TEXT, View
from provenance.works.record import Action
from tests.detectors.subjects import photo, subject_of, toolbox_of


@pytest.fixture
def detector(works, tmp_path):
    detector = CopyrightDetector(toolbox_of(tmp_path, works=works))
    detector.warm()
    return detector


def near_copy(name):
    """The photograph, smaller and brighter."""
    frame = photo(name).frame
    image = Image.fromarray(frame).resize((frame.shape[1] * 2 // 3, frame.shape[0] * 2 // 3), Image.Resampling.BICUBIC)
    return Picture.from_frame(np.clip(np.asarray(image).astype(int) + 12, 0, 255).astype(np.uint8))


def test_an_empty_registry_matches_nothing(detector):
    signal = detector.detect(subject_of(photo("coffee.png")))
    assert signal.status is Status.OK
    assert signal.scores == dict.fromkeys(detector.card.categories, 0.0)
    assert signal.reason == "no registered work matches"


@pytest.mark.parametrize("action", [Action.BLOCK, Action.HOLD, Action.ATTRIBUTE])
def test_a_near_copy_scores_what_its_bank_says(works, detector, action):
    works.define_bank("mine", action=action)
    work = works.register(photo("coffee.png"), title="Coffee", owner="Rachel", bank="mine")
    signal = detector.detect(subject_of(near_copy("coffee.png")))
    assert {name for name, score in signal.scores.items() if score} == {f"copyright_{action}"}
    match = signal.evidence[0]["match"]
    assert (match["work_id"], match["alg"], match["owner"]) == (work.id, "pdq", "Rachel")
    assert match["distance_bits"] <= match["threshold_bits"]
    assert work.id in signal.reason
    json.dumps(signal.evidence)
    assert detector.detect(subject_of(photo("chelsea.png"))).scores == dict.fromkeys(detector.card.categories, 0.0)


def test_an_allow_list_that_is_as_near_takes_the_match_back(works, detector):
    works.define_bank("ours", action=Action.ALLOW)
    works.register(photo("coffee.png"), title="Coffee", owner="Rachel")
    assert detector.detect(subject_of(photo("coffee.png"))).scores["copyright_block"] == 1.0
    works.register(photo("coffee.png"), title="Coffee, licensed", owner="us", bank="ours")
    signal = detector.detect(subject_of(photo("coffee.png")))
    assert signal.scores["copyright_block"] == 0.0
    assert len([record for record in signal.evidence if "match" in record]) == 2
    assert signal.reason.startswith("only allow-listed works match")


def test_a_picture_without_structure_is_said_to_have_no_hash(detector):
    signal = detector.detect(subject_of(Picture.from_frame(np.full((300, 300, 3), 128, np.uint8))))
    assert signal.scores["copyright_unhashable"] == 1.0
    assert "pdq says nothing about it" in signal.reason
    assert signal.evidence[0]["unhashable"]["alg"] == "pdq"


def test_a_transparent_copy_is_seen_as_viewers_see_it(works, detector):
    works.register(photo("coffee.png"), title="Coffee", owner="Rachel")
    frame = photo("coffee.png").frame
    hidden = detector.detect(subject_of(Picture.from_frame(frame, np.zeros(frame.shape[:2], np.uint8))))
    assert hidden.scores["copyright_block"] == 1.0, "a program that knows no transparency shows it"
    assert hidden.scores["copyright_unhashable"] == 0.0
    assert [record["view"] for record in hidden.evidence if "match" in record] == ["without transparency"]
    assert hidden.reason.endswith("without transparency")
    whole = np.full(frame.shape[:2], 255, np.uint8)
    whole[0, 0] = 254
    assert detector.detect(subject_of(Picture.from_frame(frame, whole))).scores["copyright_block"] == 1.0


def test_a_picture_of_which_no_view_says_anything_is_unhashable(detector):
    flat = np.full((300, 300, 3), 128, np.uint8)
    half = np.full((300, 300), 255, np.uint8)
    half[:, :150] = 100
    assert detector.detect(subject_of(Picture.from_frame(flat, half))).scores["copyright_unhashable"] == 1.0


def test_a_work_as_thumbnail_matches(works, detector):
    works.register(photo("coffee.png"), title="Coffee", owner="Rachel")
    shown = replace(subject_of(photo("chelsea.png")), thumbnails=(View(PICTURE, photo("coffee.png")),))
    signal = detector.detect(shown)
    assert signal.scores["copyright_block"] == 1.0
    assert signal.reason.endswith("thumbnail in its manifest")
    flat = Picture.from_frame(np.full((64, 64, 3), 9, np.uint8))
    blank = replace(subject_of(photo("chelsea.png")), thumbnails=(View(PICTURE, flat),))
    assert detector.detect(blank).scores == dict.fromkeys(detector.card.categories, 0.0)


def test_options_are_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="no option 'radius'"):
        CopyrightDetector(toolbox_of(tmp_path, radius=31))


def test_a_phrase_is_nobodys_work_and_the_same_words_over_and_over_are_not_compared(detector):
    """A reply of five words was held under every pack that asks for this detector."""

    def ask(text):
        return detector.detect(replace(subject_of(photo("coffee.png")), view=View(TEXT, text)))

    short, refrain = ask("It opens at nine."), ask("It opens at nine. " * 20)
    assert short.scores == dict.fromkeys(detector.card.categories, 0.0)
    assert "too few words" in short.reason
    assert refrain.scores["copyright_unhashable"] == 1.0
