"""What is read off a model of sound, and what it may not make."""

import numpy as np
import pytest

pytest.importorskip("diffusers", reason="the extra generate is not installed")
import torch

from generation._transformers_net import MusicNet, SpeechNet, _to_heard
from provenance.errors import ConfigurationError, GenerationError
from tests.generation.sounds import save_music, save_speech


def test_a_model_says_its_rate_and_voices(tmp_path):
    music = MusicNet(save_music(tmp_path), device="cpu", dtype="auto")
    assert (music.class_name, music.rate_hz, music.dtype) == ("MusicgenForConditionalGeneration", 8000, "float32")
    speech = SpeechNet(save_speech(tmp_path, speakers=3), device="cpu", dtype="auto")
    assert (speech.class_name, speech.rate_hz, speech.voices) == ("VitsModel", 16_000, 3)


def test_passes_are_as_many_as_a_length_takes(tmp_path):
    music = MusicNet(save_music(tmp_path), device="cpu", dtype="auto")
    assert [music.count_passes(seconds) for seconds in (1, 30, 31, 54, 55)] == [1, 1, 2, 2, 3]


def test_a_device_that_is_not_here_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match="no device"):
        SpeechNet(save_speech(tmp_path), device="xpu", dtype="auto")


@pytest.mark.parametrize("values", [np.zeros(5), np.zeros((3, 5)), np.full((1, 5), np.nan)])
def test_what_is_no_sound_is_refused(values):
    with pytest.raises(GenerationError):
        _to_heard(torch.from_numpy(values))
