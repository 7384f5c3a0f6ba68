"""The tower of words: the file says what the torch model says, in few bits, and comes out the same every time."""

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from detectors.chop.words import parse_words
from tests.training.records import write_towers
from training import words
from training.tokens import END, START
from training.towers import build_model, encode_texts
from training.words import name_tables, pack_words, round_tokens

MERGES = ["c a", "ca t</w>", "d o", "do g</w>", "h u", "hu n", "hun d</w>"]


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    return load_file(write_towers(tmp_path_factory.mktemp("towers")))


def test_the_file_says_what_the_network_says(state, monkeypatch):
    # Every token of a tower that learned nothing is as short as one that was not learned.
    monkeypatch.setattr(words, "_UNLEARNED", 0.0)
    data = pack_words(state, MERGES)
    assert data == pack_words(state, MERGES)
    tower, model = parse_words(data), build_model().eval()
    model.load_state_dict({name: torch.from_numpy(value).float() for name, value in state.items()}, strict=False)
    for text in ("cat", "a cat and a dog, 12"):
        tokens = torch.tensor([[START, *tower.tokens.cut(text), END]])
        with torch.no_grad():
            expected = encode_texts(model, tokens).numpy()[0]
        assert float(tower.embed([text])[0] @ expected) > 0.97


def test_each_weight_has_its_name(state):
    tables = name_tables(state)
    assert {name.partition(".")[0] for name in tables if name[0].isdigit()} == set("012345")
    assert tables["0.turn_in"].shape == (128, 384)
    assert tables["out"].shape == (128, 256)


def test_tokens_that_learned_nothing_are_left_out():
    values = np.full((5, 4), 0.5, np.float32)
    values[0] = 0.01
    rounded = round_tokens(values)
    assert not rounded["tokens"][0].any()
    kept = rounded["tokens"][1:] * rounded["tokens.scale"][1:].astype(np.float32)
    assert np.allclose(kept, 0.5, atol=1e-3)
