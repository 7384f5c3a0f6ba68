"""Personal data in prompts: kinds and places, never the number."""

import json

import pytest

from detectors.base import Status
from detectors.personal import PersonalDetector
from provenance.errors import ConfigurationError, DetectorError
from tests.detectors.subjects import photo, subject_of, toolbox_of

PROMPT = "a letter to jane.doe@example.com, card 4111 1111 1111 1111, 身份证 11010519491231002X"


@pytest.fixture
def detector(tmp_path):
    return PersonalDetector(toolbox_of(tmp_path))


def test_a_prompt_with_numbers_of_a_person(detector):
    signal = detector.detect(subject_of(photo("coffee.png"), prompt=PROMPT))
    assert signal.status is Status.OK
    assert {name: score for name, score in signal.scores.items() if score} == {
        "personal.email": 0.6, "personal.payment_card": 0.95, "personal.identity_number": 0.95,
    }  # fmt: skip
    assert [PROMPT[one["start"] : one["end"]] for one in signal.evidence] == [
        "jane.doe@example.com", "4111 1111 1111 1111", "11010519491231002X",
    ]  # fmt: skip
    assert signal.reason == "3 found: email, identity number, payment card"
    said = json.dumps([signal.evidence, signal.reason])
    assert not any(part in said for part in ("jane", "4111", "1101"))


def test_a_prompt_without_any(detector):
    signal = detector.detect_prompt("a red lighthouse in 1999, 4k, seed 4111111111111112")
    assert set(signal.scores.values()) == {0.0}
    assert (signal.evidence, signal.reason) == ((), "no personal data")


@pytest.mark.parametrize("prompt", [None, "", " \n"])
def test_without_a_prompt_there_is_nothing_to_say(detector, prompt):
    assert detector.detect(subject_of(photo("coffee.png"), prompt=prompt)).status is Status.NOT_APPLICABLE


def test_bounds(detector, tmp_path):
    assert len(detector.detect_prompt("jane@example.com " * 200).evidence) == 50
    assert detector.detect_prompt("\ud800 \u202e4111 1111 1111 1111").scores["personal.payment_card"] == 0.95
    with pytest.raises(DetectorError, match="at most 200000 characters, got 200001"):
        detector.detect_prompt("x" * 200_001)
    with pytest.raises(ConfigurationError, match="detector 'personal' has no option 'kinds'"):
        PersonalDetector(toolbox_of(tmp_path, kinds=1))
