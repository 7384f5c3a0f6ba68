"""A bank's texts are embedded once for each model, and a damaged or foreign cache is made anew."""

import numpy as np
import pytest

from detectors._clip_net import ClipNet
from detectors.bank_texts import embed_bank
from detectors.concept_bank import load_concept_bank
from tests.detectors import tiny_clip


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clip")
    tiny_clip.build(folder)
    return ClipNet(tiny_clip.NAME, folder / "tiny.safetensors", options={})


def test_rows_are_the_mean_over_templates_and_kept(net, tmp_path):
    bank = load_concept_bank("drawings")
    rows = embed_bank(net, bank, "model", tmp_path)
    assert rows.shape == (len(bank.texts), 32)
    mean = sum(net.embed_texts([template.format(bank.texts[0])])[0] for template in bank.templates)
    assert np.allclose(rows[0], mean / np.linalg.norm(mean), atol=1e-5)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(b"damaged")
    assert np.allclose(embed_bank(net, bank, "model", tmp_path), rows, atol=1e-5)
    embed_bank(net, bank, "another model", tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_that_cannot_be_written_stops_nothing(net, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    assert len(embed_bank(net, load_concept_bank("prompts"), "model", tmp_path / "file"))
