"""The packaged voice: four voices of one network, the same for one seed, and nothing is fetched."""

import numpy as np
import pytest

from generation.voices.engine import VoiceError
from provenance.errors import BackendUnavailableError

pytest.importorskip("hibari", reason="the extra voices is not installed")


@pytest.fixture(scope="module")
def engine():
    from generation.voices.hibari import Hibari

    return Hibari()


def pitch(sound, rate):
    """Return the strongest pitch between 60 and 400 Hz, by autocorrelation."""
    spectrum = np.abs(np.fft.rfft(sound, 2 * len(sound))) ** 2
    alike = np.fft.irfft(spectrum)[: rate // 60]
    return rate / (rate // 400 + int(np.argmax(alike[rate // 400 :])))


def test_voices_differ_in_pitch_and_one_seed_is_one_sound(engine):
    spoken = {voice: engine.speak("Good morning everybody.", voice, 1) for voice in engine.voices}
    assert np.array_equal(spoken["heart"], engine.speak("Good morning everybody.", "heart", 1))
    pitches = {voice: pitch(sound, engine.rate_hz) for voice, sound in spoken.items()}
    assert pitches["deep"] < 0.8 * pitches["heart"] < pitches["bright"]
    assert all(sound.dtype == np.float32 and np.abs(sound).max() <= 1 for sound in spoken.values())


def test_what_cannot_be_spoken_is_refused(engine):
    with pytest.raises(VoiceError, match="heart, deep"):
        engine.speak("Hello.", "nobody", 1)
    for text in ("…", "你好", "Good morning 北京"):
        with pytest.raises(VoiceError, match="English"):
            engine.speak(text, "heart", 1)


def test_other_weights_are_refused(monkeypatch):
    monkeypatch.setattr("generation.voices.hibari.WEIGHTS_SHA256", "0" * 64)
    from generation.voices.hibari import Hibari

    with pytest.raises(BackendUnavailableError, match="expected hibari.onnx"):
        Hibari()
