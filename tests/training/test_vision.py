"""Training the image tower on: what leans on words must not move, and siblings come together."""

import argparse

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.training.records import pixels, records, write_records, write_towers
from training import vision
from training.batches import find_siblings
from training.clock import load_checkpoint

CPU = torch.device("cpu")
TONES = ("1f3fb", "1f3fd", "1f3ff")


@pytest.fixture(scope="module")
def towers(tmp_path_factory):
    return write_towers(tmp_path_factory.mktemp("towers"))


def toned(family):
    """Return a hand in three skin tones and a runner in two."""
    names = [("1f44b", tone) for tone in TONES] + [("1f3c3-200d-2640", tone) for tone in TONES[:2]]
    return [
        {"family": family, "key": key.replace("-", f"-{tone}-", 1) if "-" in key else f"{key}-{tone}"}
        for key, tone in names
    ]


def test_siblings_are_one_thing_in_several_skin_tones_and_none_of_the_family_held_back():
    listed = [{"family": "noto", "key": "1f431"}, *toned("noto"), *toned("fxemoji"), *toned("openmoji")]
    siblings = find_siblings(listed, "fxemoji", 0.5, CPU)
    drawn = siblings.draw(200).tolist()
    assert len(drawn) == 100
    assert {listed[number]["family"] for number in drawn} == {"noto", "openmoji"}
    for first in range(0, 100, 4):
        keys = {listed[number]["key"] for number in drawn[first : first + 4]}
        assert len({key[:5] for key in keys}) == 1
    assert {listed[number]["key"] for number in drawn} == {record["key"] for record in toned("noto")}


def test_only_later_layers_of_the_image_tower_learn(towers):
    model = vision.load_towers(towers, CPU)
    learning = {name for name, value in model.named_parameters() if value.requires_grad}
    assert learning
    assert all(name.startswith("visual.") for name in learning)
    assert not any(
        name.startswith(f"visual.trunk.{fixed}.") for fixed in ("conv1", "bn1", "layer1") for name in learning
    )


def test_tags_pull_a_picture_to_its_own_keywords():
    keywords = vision.Keywords(torch.eye(3)[None], torch.tensor([[True, True, False], [False, False, False]]))
    near, far = torch.eye(3)[:1], torch.eye(3)[2:]
    first = torch.tensor([0])
    assert keywords.loss(near, first) < keywords.loss(far, first)
    assert keywords.loss(near, torch.tensor([1])) == 0  # nothing is known of it


def test_what_is_written_lies_between_and_words_stay():
    start = {"visual.w": torch.tensor([0.0, 4.0]).half(), "token_embedding.weight": torch.tensor([1.0]).half()}
    learned = {"visual.w": torch.tensor([4.0, 8.0]), "token_embedding.weight": torch.tensor([2.0])}
    mixed = vision.mix_weights(start, learned, 0.75)
    assert mixed["visual.w"].tolist() == [3.0, 7.0]
    assert mixed["token_embedding.weight"].tolist() == [1.0]


@pytest.mark.slow
def test_training_goes_on_where_it_stopped_and_leaves_words_where_they_were(towers, tmp_path):
    listed = [
        *records(),
        *({**record, "names": ["hand"], "keywords": ["wave"], "chinese": []} for record in toned("noto")),
    ]
    drawn = np.concatenate([pixels(32), pixels(32)[:5]])
    write_records(tmp_path, listed)
    np.save(tmp_path / "clip.npy", drawn)
    arguments = argparse.Namespace(
        pack=tmp_path,
        pictures=tmp_path / "clip.npy",
        start=towers,
        out=tmp_path / "run",
        seconds=1.5,
        held="",
        siblings=0.5,
        share=0.75,
        batch=16,
        rate=1e-3,
        log=1,
        keep=100,
        seed=0,
    )
    steps = 0
    for _ in range(2):
        vision.train(arguments)
        checkpoint = load_checkpoint(tmp_path / "run" / "vision.pt")
        assert checkpoint["steps"] > steps
        steps = checkpoint["steps"]
    before, after = load_file(towers), load_file(tmp_path / "run" / "chop-clip.safetensors")
    assert before.keys() == after.keys()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved
    assert all(name.startswith("visual.") and ".layer1." not in name for name in moved)
