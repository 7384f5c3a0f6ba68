"""A model of speech of one's own: any that transformers knows, data alone, and its files name the version."""

import itertools
import json

import numpy as np
import pytest

from detectors.hearing.folder import Folder, measure_folder
from detectors.hearing.utterances import RATE_HZ, Utterance
from provenance.errors import ConfigurationError, DetectorUnavailableError
from tests.detectors.tiny_speech import save_speller, save_writer

pytest.importorskip("transformers", reason="the extra generate is not installed")


@pytest.fixture(scope="module", params=[save_writer, save_speller])
def folder(request, tmp_path_factory):
    return request.param(tmp_path_factory.mktemp("models") / "tiny-speech")


def utterance(seconds=2.0):
    noise = np.random.default_rng(1).normal(0, 0.1, round(seconds * RATE_HZ)).astype(np.float32)
    return Utterance(noise, 3.0)


def test_it_answers_with_words_in_their_time_and_the_same_again(folder):
    model = Folder(folder)
    words = model.listen(utterance())
    assert words == Folder(folder).listen(utterance())
    assert words
    assert all(word.text and word.text == word.text.lower() for word in words)
    assert words[0].start_s == 3.0
    assert words[-1].end_s == pytest.approx(5.0)
    assert all(before.end_s <= after.start_s + 1e-9 for before, after in itertools.pairwise(words))
    assert model.name == "tiny-speech"


def test_files_name_the_model(folder):
    before = measure_folder(folder)
    assert before == measure_folder(folder)
    (folder / "note.txt").write_text("another file")
    assert measure_folder(folder) != before
    (folder / "note.txt").unlink()


def test_code_other_weights_and_no_model_are_refused(folder, tmp_path):
    with pytest.raises(DetectorUnavailableError, match="no speech model"):
        measure_folder(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(DetectorUnavailableError, match="safetensors"):
        measure_folder(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"auto_map": {"AutoModel": "mine.Model"}}))
    with pytest.raises(DetectorUnavailableError, match="brings code"):
        measure_folder(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.py").write_text("raise SystemExit")
    with pytest.raises(DetectorUnavailableError, match="brings code"):
        measure_folder(tmp_path)


def test_what_is_no_model_of_speech_is_refused(folder, tmp_path):
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"\0" * 64)
    with pytest.raises(DetectorUnavailableError, match="cannot be loaded"):
        Folder(tmp_path)
    with pytest.raises(ConfigurationError, match="cannot be put on"):
        Folder(folder, device="cuda:7")
