"""Speech: what is said meets the term banks, with when; nothing that was said is told; who listened is counted."""

import json
from dataclasses import replace

import numpy as np
import pytest

from detectors.base import Status
from detectors.hearing.utterances import Word
from detectors.looking import look_at
from detectors.speech import SpeechDetector
from provenance.errors import ConfigurationError, DetectorUnavailableError
from provenance.media.limits import IntakeLimits
from provenance.media.sound.sound import parse_sound
from provenance.media.view import SOUND, View
from provenance.storage.blob import Blob
from tests.detectors.subjects import photo, subject_of, toolbox_of
from tests.detectors.tiny_speech import save_writer
from tests.sounds import melody, pack_wav
from tests.spoken import say


class Hears:
    """A recogniser that hears the same words in each utterance, a second apart."""

    name, digest = "scripted", "0" * 64

    def __init__(self, text):
        self._said = text.split()

    def listen(self, utterance):
        return tuple(
            Word(text, utterance.start_s + at, utterance.start_s + at + 0.5) for at, text in enumerate(self._said)
        )


def built(folder, text="", **options):
    made = SpeechDetector(toolbox_of(folder, **options))
    if text:
        made._words.warm()
        made._recogniser = Hears(text)
    return made


def ask(detector, samples, rate_hz=16_000):
    sound = parse_sound(Blob.from_bytes(pack_wav(samples, rate_hz)), IntakeLimits())
    subject = subject_of(photo("astronaut.png"))
    subject = replace(subject, asset=replace(subject.asset, facts=sound.facts), view=View(SOUND, sound))
    return look_at(detector, subject, tuple(sound.views()))


def test_a_term_is_found_with_its_time_and_no_word_is_told(tmp_path):
    found = ask(built(tmp_path, "please buy cocaine here zyxwv"), melody(4.0))
    assert found.status is Status.OK
    assert found.scores["spoken.drugs"] >= 0.5
    (drugs,) = (one for one in found.findings if one.category == "spoken.drugs")
    assert drugs.span.start_s == pytest.approx(2.0, abs=0.3)
    record = next(one for one in found.evidence if one.get("category") == "spoken.drugs")
    assert record["from_s"] == drugs.span.start_s
    told = json.dumps([found.evidence, found.reason])
    assert "cocaine" not in told
    assert "zyxwv" not in told
    assert f"at {drugs.span.start_s:.1f} s" in found.reason


def test_the_weak_model_does_not_count_as_having_listened_and_a_model_of_ones_own_does(tmp_path):
    usual = built(tmp_path, "hello")
    assert ask(usual, melody(2.0)).looked_at == ()
    enough = built(tmp_path, "hello", enough=True)
    assert ask(enough, melody(2.0)).looked_at == ("sound",)
    assert enough.card.version != usual.card.version


def test_what_is_beyond_the_bound_is_said_to_be_unheard(tmp_path):
    one = np.concatenate([melody(3.0), np.zeros((1, 16_000), np.float32)], axis=1)
    found = ask(built(tmp_path, "hello", most_seconds=5), np.concatenate([one] * 4, axis=1))
    assert 0.5 < found.scores["spoken.unheard"] < 0.9
    assert "too much to listen to" in found.reason


def test_long_talk_is_read_in_parts_that_overlap(tmp_path):
    found = ask(built(tmp_path, "word " * 2200 + "buy cocaine here"), melody(2.0))
    assert found.scores["spoken.drugs"] >= 0.5
    assert found.evidence[1]["from_s"] > 2000


def test_silence_is_no_word_and_a_picture_nothing(tmp_path):
    found = ask(built(tmp_path, "cocaine"), np.zeros((1, 32_000), np.float32))
    assert found.scores["spoken.drugs"] == 0
    assert "no word" in found.reason
    assert built(tmp_path).detect(subject_of(photo("astronaut.png"))).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize("options", [{"enough": 1}, {"most_seconds": 0}, {"most_seconds": True}, {"loud": 1}])
def test_options_that_cannot_be_meant(tmp_path, options):
    with pytest.raises(ConfigurationError):
        built(tmp_path, **options)


def test_the_packaged_model_hears_a_listed_word(tmp_path):
    pytest.importorskip("pocketsphinx", reason="the extra speech is not installed")
    found = ask(built(tmp_path), say("They sell cocaine at the station.", pause_s=3.0), 24_000)
    assert found.scores["spoken.drugs"] >= 0.5
    (drugs,) = (one for one in found.findings if one.category == "spoken.drugs")
    assert 3.0 < drugs.span.start_s < 5.5


def test_a_model_of_ones_own_takes_its_place(tmp_path):
    pytest.importorskip("transformers", reason="the extra generate is not installed")
    folder = save_writer(tmp_path / "own")
    detector = built(tmp_path, model=str(folder))
    before = detector.card.version
    found = ask(detector, melody(2.0))
    assert found.evidence[0]["by"] == "own"
    assert found.version != before
    assert found.looked_at == ("sound",)
    with pytest.raises(DetectorUnavailableError, match="no speech model"):
        built(tmp_path, model=str(tmp_path / "nowhere")).warm()
