"""The whole way to a pipeline, and on from where it stopped, on twelve rectangles."""

import argparse

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from generation._diffusers_net import DiffusersNet
from generation.weights import EMBEDDED_PIPELINE
from tests.training.records import write_records, write_towers
from training import decoder, draw, enlarge
from training.clock import load_checkpoint

WEIGHTS = "diffusion_pytorch_model.safetensors"
COLOURS = ((220, 30, 30), (30, 160, 60), (40, 60, 220))


@pytest.fixture(scope="module")
def arguments(tmp_path_factory):
    folder = tmp_path_factory.mktemp("training")
    records, pixels = [], np.zeros((12, 256, 256, 4), np.uint8)
    for row in range(12):
        name = ("tomato", "leaf", "gem")[row % 3]
        records.append(
            {
                "family": ("noto", "noto-v1", "fluent-flat", "fluent-3d")[row // 3],
                "key": f"1f3{row % 3}",
                "names": [name],
                "keywords": [],
                "chinese": [],
            }
        )
        pixels[row, 40 + row : 210, 40:210] = [*COLOURS[row % 3], 255]
    write_records(folder, records)
    np.save(folder / "draw.npy", pixels)
    np.save(folder / "enlarge.npy", pixels[::3].repeat(2, 1).repeat(2, 2))
    return argparse.Namespace(
        pack=folder,
        pictures=folder / "draw.npy",
        out=folder / "run",
        clip=write_towers(folder),
        start=None,
        seconds=1.5,
        batch=8,
        rate=1e-3,
        log=1,
        seed=0,
        views=2,
        captions=4,
    )


@pytest.mark.slow
def test_training_goes_on_where_it_stopped_and_ends_in_a_pipeline_that_draws(arguments):
    steps = {"decoder": 0, "draw": 0}
    large = argparse.Namespace(**{**vars(arguments), "pictures": arguments.pack / "enlarge.npy"})
    for _ in range(2):
        for name, module in (("decoder", decoder), ("draw", draw)):
            module.train(arguments)
            checkpoint = load_checkpoint(arguments.out / f"{name}.pt")
            assert checkpoint["steps"] > steps[name]
            steps[name] = checkpoint["steps"]
            if name == "decoder":
                before = checkpoint["average"]
                enlarge.train(large)
                after = load_checkpoint(arguments.out / "decoder.pt")["average"]
                changed = {key for key, value in after.items() if not torch.equal(value, before[key])}
                assert changed
                assert all(key.startswith("enlarge.") for key in changed)
    for name, count in steps.items():
        rows = (arguments.out / f"{name}.csv").read_text().splitlines()
        assert len(rows) == count + 1
    net = DiffusersNet(arguments.out / "chop-draw", device="cpu", dtype="auto")
    wanted = {"prompt": "a tomato", "num_inference_steps": 4, "guidance_scale": 2.0}
    first, second = (net.draw({**wanted, "width": 512, "height": 512}, 5, None) for _ in range(2))
    assert first.shape == (512, 512, 3)
    assert np.array_equal(first, second)


@pytest.mark.slow
def test_training_can_begin_with_a_pipeline_whose_decoder_stays(arguments, tmp_path):
    started = argparse.Namespace(**{**vars(arguments), "start": EMBEDDED_PIPELINE, "out": tmp_path, "seconds": 0.5})
    draw.train(started)
    shipped, made = (load_file(folder / "vae" / WEIGHTS) for folder in (EMBEDDED_PIPELINE, tmp_path / "chop-draw"))
    assert shipped.keys() == made.keys()
    assert all(torch.equal(value, made[name]) for name, value in shipped.items())
    unets = [load_file(folder / "unet" / WEIGHTS) for folder in (EMBEDDED_PIPELINE, tmp_path / "chop-draw")]
    apart = [float((value.float() - unets[1][name].float()).abs().max()) for name, value in unets[0].items()]
    assert 0 < max(apart) < 0.05  # on from where it was, not anew


def test_captions_are_tokenised_as_the_pipeline_does(tmp_path):
    from transformers import CLIPTokenizer

    from training.pipeline import write_tokenizer

    write_tokenizer(tmp_path)
    captions = ["", "a tomato", "please draw a birthday cake on a turquoise background", "一只猫"]
    theirs = CLIPTokenizer.from_pretrained(tmp_path)(
        captions, padding="max_length", max_length=32, truncation=True, return_tensors="pt"
    ).input_ids
    assert torch.equal(draw.tokenise(captions), theirs)
