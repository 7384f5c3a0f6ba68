"""Models that make sound, tiny ones with random weights that the suite builds."""

import json
import shutil
import threading

import numpy as np
import pytest

from generation.base import SoundRequest
from generation.weights import build_list
from provenance.asset import sha256_hex
from provenance.errors import BackendUnavailableError, ConfigurationError, GenerationError
from tests.generation.hub import Hub

pytest.importorskip("diffusers", reason="the extra generate is not installed")
from generation.backends.transformers_sound import TransformersMusic, TransformersSpeech
from tests.generation.sounds import save_music, save_speech

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """On tensors this small, threads only wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def music_folder(tmp_path_factory):
    return save_music(tmp_path_factory.mktemp("music"))


@pytest.fixture(scope="module")
def speech_folder(tmp_path_factory):
    return save_speech(tmp_path_factory.mktemp("speech"), speakers=2)


def test_music_is_as_long_as_asked_and_its_words_matter(music_folder):
    # Weights this random hear little of any words: guidance says them louder.
    backend = TransformersMusic({"model": str(music_folder), "device": "cpu", "guidance": 500.0})
    one, two = (backend.generate(SoundRequest(words, 1.5, 3)).sound for words in ("calm sea", "quick march"))
    assert one.shape == two.shape == (1, 12_000)
    assert not np.array_equal(one, two)


def test_what_is_longer_than_a_pass_hears_how_the_one_before_ended(music_folder):
    backend = TransformersMusic({"model": str(music_folder), "device": "cpu", "longest": 2})
    seen = []
    made = backend.generate(SoundRequest("calm sea", 3.0, 3), lambda *at: seen.append(at))
    assert made.sound.shape == (1, 24_000)
    assert seen == [(1, 2), (2, 2)]
    assert made.recipe.parameters["passes"] == 2
    short = backend.generate(SoundRequest("calm sea", 2.0, 3)).sound
    assert np.array_equal(short, made.sound[:, : short.shape[1]])
    assert made.sound[:, short.shape[1] :].any()


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"seconds": 0.0}, "seconds"),
        ({"seconds": 601.0}, "seconds"),
        ({"seconds": 1.0, "seed": -1}, "seed"),
        ({"seconds": 1.0, "voice": "deep"}, "no voices"),
    ],
)
def test_what_music_does_not_take_is_said(music_folder, more, problem):
    backend = TransformersMusic({"model": str(music_folder), "device": "cpu"})
    with pytest.raises(GenerationError, match=problem):
        backend.generate(SoundRequest("calm sea", **more))


def test_each_voice_of_a_model_speaks_otherwise_and_lines_matter(speech_folder):
    backend = TransformersSpeech({"model": str(speech_folder), "device": "cpu"})
    assert backend.voices == ("voice-0", "voice-1")
    one, two, three = (
        backend.generate(SoundRequest(text, seed=3, voice=voice)).sound
        for text, voice in (("good evening", ""), ("good evening", "voice-1"), ("good morning to you all", ""))
    )
    assert one.shape != two.shape or not np.array_equal(one, two)
    assert one.shape != three.shape
    with pytest.raises(GenerationError, match="no voice is called 'deep': voice-0, voice-1"):
        backend.generate(SoundRequest("good evening", voice="deep"))


@pytest.mark.parametrize("text", ["你好", "good evening 你好", "...", "schön"])
def test_what_a_voice_has_no_sound_for_is_refused_and_never_left_out(speech_folder, text):
    backend = TransformersSpeech({"model": str(speech_folder), "device": "cpu"})
    with pytest.raises(GenerationError, match="no sound for|nothing in this line") as raised:
        backend.generate(SoundRequest(text))
    assert text not in str(raised.value)


def test_random_numbers_of_others_go_on_as_they_were(speech_folder):
    import torch

    backend = TransformersSpeech({"model": str(speech_folder), "device": "cpu"})
    backend.warm()
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    backend.generate(SoundRequest("good evening", seed=9))
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("make", [TransformersMusic, TransformersSpeech])
@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({}, "comes with no weights"),
        ({"model": "owner/name", "models_dir": "m", "revision": "main"}, "40 hexadecimal"),
        ({"model": ".", "trust_remote_code": True}, "no option trust_remote_code"),
    ],
)
def test_options_that_cannot_work_stop_at_once(make, options, problem):
    with pytest.raises(ConfigurationError, match=problem):
        make(options)


def test_a_model_of_another_kind_is_named_with_those_that_are_run(music_folder, speech_folder, tmp_path):
    for make, folder, known in (
        (TransformersMusic, speech_folder, "musicgen"),
        (TransformersSpeech, music_folder, "vits"),
    ):
        with pytest.raises(BackendUnavailableError, match=f"those that are run here are {known}"):
            make({"model": str(folder), "device": "cpu"}).warm()


@pytest.mark.parametrize("kind", ["Bark", "SpeechT5"])
def test_voices_of_other_shapes_are_refused_by_name_before_their_weights_are_read(kind, tmp_path):
    import transformers

    getattr(transformers, f"{kind}Config")().save_pretrained(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"no weights, and nobody reads them")
    with pytest.raises(BackendUnavailableError, match=f"the kind {kind.lower()}: those that are run here are vits"):
        TransformersSpeech({"model": str(tmp_path), "device": "cpu"}).warm()


def test_a_model_with_a_class_of_its_own_or_damaged_weights_is_refused(speech_folder, tmp_path):
    copy = shutil.copytree(speech_folder, tmp_path / "copy")
    (copy / "model.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(BackendUnavailableError, match="copy cannot be loaded"):
        TransformersSpeech({"model": str(copy), "device": "cpu"}).warm()
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "auto_map": {"AutoModel": "own.Model"}}))
    with pytest.raises(BackendUnavailableError, match="class of its own"):
        TransformersSpeech({"model": str(copy), "device": "cpu"}).warm()


def test_a_pulled_model_is_used_and_named_by_its_commit(speech_folder, tmp_path):
    from generation.pull import pull_pipeline

    files = {path.name: path.read_bytes() for path in speech_folder.iterdir()}
    hub = Hub({**files, "pytorch_model.bin": b"a pickle", "modeling.py": b"import os"})
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    folder = pull_pipeline(tmp_path, "owner/name", COMMIT, kind="transformers", endpoint=hub.url)
    hub.shutdown()
    hub.server_close()
    assert {path.name for path in folder.iterdir()} == {*files, "chopmark.sha256"}
    options = {"model": "owner/name", "revision": COMMIT, "models_dir": str(tmp_path), "device": "cpu"}
    recipe = TransformersSpeech(options).generate(SoundRequest("good evening")).recipe
    assert recipe.model_identifier == f"pkg:huggingface/owner/name@{COMMIT}"
    assert recipe.model_sha256 == sha256_hex(build_list(speech_folder).encode())
