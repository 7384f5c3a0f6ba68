"""The packaged recogniser: hears plain English, says when, the same words each time, and only with the files of its card."""

import numpy as np
import pytest

from detectors.cards import load_card
from detectors.hearing.sphinx import FILES, Sphinx
from detectors.hearing.utterances import RATE_HZ, Utterance, cut, to_speech
from provenance.errors import DetectorUnavailableError
from tests.spoken import say

pytest.importorskip("pocketsphinx", reason="the extra speech is not installed")
DIGESTS = {name: load_card("speech").weights[name.replace("/", "_")] for name in FILES}


@pytest.fixture(scope="module")
def sphinx():
    return Sphinx(DIGESTS)


def test_it_hears_words_at_their_time_whatever_came_before(sphinx):
    (utterance,) = cut(to_speech([say("The weather is cold and the river is frozen.", pause_s=2.0)], 24_000))
    words = sphinx.listen(utterance)
    sphinx.listen(Utterance(np.random.default_rng(1).normal(0, 0.2, RATE_HZ).astype(np.float32), 0.0))
    again = sphinx.listen(utterance)
    assert [word.text for word in again] == [word.text for word in words]
    assert [word.start_s for word in again] == pytest.approx([word.start_s for word in words], abs=0.02)
    heard = [word.text for word in words]
    assert {"weather", "cold", "river", "frozen"} <= set(heard)
    assert 2.0 <= words[0].start_s < 2.8
    assert words[-1].end_s <= utterance.end_s + 0.1
    assert not any("(" in word or "<" in word for word in heard)


def test_an_utterance_without_a_sample_is_silence(sphinx):
    assert sphinx.listen(Utterance(np.zeros(0, np.float32), 0.0)) == ()


def test_other_files_than_the_cards_are_refused():
    with pytest.raises(DetectorUnavailableError, match="expected en-us.lm.bin"):
        Sphinx({**DIGESTS, "en-us.lm.bin": "0" * 64})
