"""What detectors of texts share: no text, no question; too long a text, no answer."""

from dataclasses import replace

import pytest

from detectors.base import Signal, Status
from detectors.cards import load_card
from detectors.prompt_text import check_length, detect_text
from provenance.errors import DetectorError
from tests.detectors.subjects import photo, subject_of

CARD = load_card("personal")


@pytest.mark.parametrize("prompt", [None, "", " \n\t"])
def test_where_there_is_no_text_nothing_is_asked(prompt):
    signal = detect_text("personal", CARD, subject_of(photo("coffee.png"), prompt=prompt), pytest.fail)
    assert (signal.detector, signal.status, signal.version) == ("personal", Status.NOT_APPLICABLE, CARD.version)


def test_a_text_is_asked_about_as_it_stands():
    asked = []

    def answer(text):
        asked.append(text)
        return Signal("personal", CARD.version, Status.OK)

    subject = subject_of(photo("coffee.png"), prompt=" a cup ")
    assert detect_text("personal", CARD, subject, answer).status is Status.OK
    assert asked == [" a cup "]


def test_the_longest_text_is_taken_and_a_longer_one_refused():
    short = replace(CARD, thresholds={**CARD.thresholds, "max_characters": 5})
    check_length("abcde", short)
    with pytest.raises(DetectorError, match="at most 5 characters, got 6"):
        check_length("abcdef", short)
