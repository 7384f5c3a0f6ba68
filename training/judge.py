"""Trains a classifier on pictures that chop-draw never saw, to judge what it draws.

    python -m training.judge --pack PACK --pictures PICTURES.npy --out FOLDER --seconds 30

It learns from the held-out family too, which nothing that is shipped may: the judge is a measuring tool, not shipped.
"""

import argparse
import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors.torch import save_file
from torch.nn import functional

from training.clock import Average, Clock, Curve, choose_device
from training.compose import backgrounds, named_colours, over, place, single_layout, standardised, weather
from training.render import read_pack

SIDE: Final = 96
_EMBEDDING: Final = 256


def build_judge(classes: int) -> Any:  # noqa: ANN401 - open_clip has no types
    """Return a small residual network with one output for each class."""
    from provenance.torchvision_guard import import_torchvision

    import_torchvision()
    from open_clip.modified_resnet import ModifiedResNet

    tower = ModifiedResNet([1, 2, 2, 1], _EMBEDDING, 16, SIDE, 32)
    return torch.nn.Sequential(tower, torch.nn.Linear(_EMBEDDING, classes))


def train(arguments: argparse.Namespace) -> None:
    """Train for the given seconds."""
    device = choose_device()
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(arguments.seed)
    records = read_pack(arguments.pack, "judge")
    keys = sorted({record["key"] for record in records})
    labels = torch.tensor([keys.index(record["key"]) for record in records], device=device)
    pixels = torch.from_numpy(np.load(arguments.pictures, mmap_mode="c")).to(device)
    model = build_judge(len(keys)).to(device, memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.1)
    average, clock, curve, steps = (
        Average(model, 0.998),
        Clock(arguments.seconds),
        Curve(arguments.out / "judge.csv"),
        0,
    )
    while clock.progress < 1:
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * clock.scale()
        rows = torch.randint(len(labels), (arguments.batch,), device=device)
        with torch.no_grad():
            canvases = _canvases(pixels[rows], device)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda"):
            loss = functional.cross_entropy(model(canvases).float(), labels[rows], label_smoothing=0.1)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        average.update()
        steps += 1
        if steps % arguments.log == 0:
            curve.append(step=steps, seconds=clock.elapsed_s, loss=loss.item())
    halves = {name: value.half().contiguous().cpu() for name, value in average.state.items()}
    save_file(halves, arguments.out / "judge.safetensors", metadata={"keys": json.dumps(keys)})


def _canvases(pixels: torch.Tensor, device: torch.device) -> torch.Tensor:
    count = len(pixels)
    colour = torch.randint(12, (count,), device=device)
    below = backgrounds(named_colours(colour), torch.rand(count, device=device) < 0.7, SIDE)
    layout = single_layout(count, (0.6, 1.0), 0.15, device)
    layout.is_flipped = torch.rand(count, device=device) < 0.3
    return standardised(weather(over(place(pixels, layout, SIDE), below))).contiguous(memory_format=torch.channels_last)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--log", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    train(_parse())
