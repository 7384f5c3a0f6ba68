"""The network behind a model of one's own: one rate, greedy, no network."""

import json

import numpy as np
import pytest

from provenance.errors import ConfigurationError
from tests.detectors.tiny_speech import save_speller, save_writer

pytest.importorskip("transformers", reason="the extra generate is not installed")


def test_the_kind_of_model_is_told_by_its_own_config(tmp_path):
    from detectors._speech_net import SpeechNet

    spells = SpeechNet(save_speller(tmp_path / "spells"), language="", device="cpu")
    writes = SpeechNet(save_writer(tmp_path / "writes"), language="en", device="cpu")
    assert (spells.class_name, writes.class_name) == ("Wav2Vec2ForCTC", "WhisperForConditionalGeneration")
    noise = np.random.default_rng(2).normal(0, 0.1, 16_000).astype(np.float32)
    for net in (spells, writes):
        assert net.listen(noise) == net.listen(noise)


def test_another_rate_is_refused(tmp_path):
    from detectors._speech_net import SpeechNet

    folder = save_speller(tmp_path)
    for name in ("preprocessor_config.json", "processor_config.json"):
        if (folder / name).exists():
            said = json.loads((folder / name).read_text())
            said.get("feature_extractor", said)["sampling_rate"] = 8000
            (folder / name).write_text(json.dumps(said))
    with pytest.raises(ConfigurationError, match="8000"):
        SpeechNet(folder, language="", device="cpu")
