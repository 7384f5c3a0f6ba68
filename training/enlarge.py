"""Trains the last part of chop-draw's decoder, from 128 x 128 to 512 x 512, on what the decoder itself makes.

    python -m training.enlarge --pictures LARGE.npy --out FOLDER --seconds 400

So it learns edges, and also what the decoder leaves soft. FOLDER holds the decoder's checkpoint, which takes it in.
"""

import argparse
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch.nn import functional

from generation._chop_draw_net import OUT, SIDE, PictureDecoder
from training.clock import Clock, Curve, choose_device, load_checkpoint, save_checkpoint
from training.compose import place, single_layout
from training.decoder import COMPONENTS, drawn_off, loss_of
from training.subjects import SIZES, TURN

_CROP: Final = 32
_BATCH: Final = 32


@torch.no_grad()  # type: ignore[untyped-decorator]  # torch is skipped
def make_pairs(decoder: Any, pixels: Any) -> tuple[torch.Tensor, torch.Tensor]:  # noqa: ANN401 - a memory map
    """Return what the decoder makes of (N, 512, 512, 4) pictures, (N, 4, 128, 128), and (N, 4, 512, 512) of them."""
    made, shown = [], []
    for first in range(0, len(pixels), 16):
        chosen = torch.from_numpy(pixels[first : first + 16]).to(decoder.device)
        large = place(chosen, single_layout(len(chosen), SIZES, TURN, chosen.device), OUT)
        latents = drawn_off(decoder.encode_layers(functional.avg_pool2d(large, OUT // SIDE)))
        made.append(decoder.decode_layers(latents).half())
        shown.append(large.half())
    return torch.cat(made), torch.cat(shown)


def cut(made: torch.Tensor, shown: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the same random places of both, with something in them as a rule."""
    times = shown.shape[-1] // made.shape[-1]
    pieces = []
    for row in torch.randint(len(made), (count,)).tolist():
        top, left = torch.randint(made.shape[-1] - _CROP + 1, (2,)).tolist()
        small = made[row, :, top : top + _CROP, left : left + _CROP]
        large = shown[row, :, top * times : (top + _CROP) * times, left * times : (left + _CROP) * times]
        pieces.append((small.float(), large.float()))
    return torch.stack([small for small, _ in pieces]), torch.stack([large for _, large in pieces])


def train(arguments: argparse.Namespace) -> None:
    """Train for the given seconds, on from what the decoder's checkpoint holds."""
    torch.manual_seed(arguments.seed)
    path = arguments.out / "decoder.pt"
    checkpoint = load_checkpoint(path)
    decoder = PictureDecoder(components=COMPONENTS)
    decoder.load_state_dict(checkpoint["average"])
    decoder.to(choose_device())
    made, shown = make_pairs(decoder, np.load(arguments.pictures, mmap_mode="c"))
    optimiser = torch.optim.AdamW(decoder.enlarge.parameters(), lr=arguments.rate)
    curve, clock, steps = Curve(arguments.out / "enlarge.csv"), Clock(arguments.seconds), 0
    while clock.progress < 1:
        for group in optimiser.param_groups:
            group["lr"] = arguments.rate * clock.scale()
        small, large = cut(made, shown, _BATCH)
        loss = loss_of(decoder.enlarge(small), large)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        steps += 1
        if steps % arguments.log == 0:
            with torch.no_grad():
                plain = functional.interpolate(small, scale_factor=OUT // SIDE, mode="bicubic")
                curve.append(
                    step=steps, seconds=clock.elapsed_s, loss=loss.item(), bicubic=loss_of(plain, large).item()
                )
    state = {f"enlarge.{name}": values for name, values in decoder.enlarge.state_dict().items()}
    for part in ("model", "average"):
        checkpoint[part].update(state)
    save_checkpoint(path, **checkpoint)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--log", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    train(_parse())
