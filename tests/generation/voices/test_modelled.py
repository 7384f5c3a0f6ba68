import numpy as np
import pytest

from generation.base import GeneratedSound
from generation.voices.engine import VoiceError
from generation.voices.modelled import BackendVoice
from provenance.errors import GenerationError
from tests.generation.test_sounding import Humming


def test_a_backend_speaks_as_an_engine_and_its_model_is_known_then():
    voice = BackendVoice(Humming())
    assert (voice.name, voice.voices) == ("humming", ("one", "two"))
    with pytest.raises(VoiceError, match="nothing was spoken yet"):
        _ = voice.model
    assert voice.speak("Hello.", "two", 3).ndim == 1
    assert voice.rate_hz == 8000
    assert (voice.model.name, voice.model.sha256) == ("hum", "1" * 64)


def test_what_a_backend_cannot_speak_is_a_matter_of_the_line():
    class Mute(Humming):
        def generate(self, request, progress=None):
            raise GenerationError("no such letters")

    class Silent(Humming):
        def generate(self, request, progress=None):
            made = super().generate(request)
            return GeneratedSound(np.zeros_like(made.sound), made.rate_hz, made.recipe)

    for backend, problem in ((Mute(), "no such letters"), (Silent(), "said nothing")):
        with pytest.raises(VoiceError, match=problem):
            BackendVoice(backend).speak("Hello.", "one", 3)
