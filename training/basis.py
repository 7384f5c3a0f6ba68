"""Finds the basis pictures of chop-draw, and trains its denoiser on codes: what a CPU can do in an hour.

    python -m training.basis --pack PACK --pictures PICTURES.npy --clip WEIGHTS --out FOLDER --seconds 3600

The basis is the principal components of all pictures with their transparency. Captions go through chop-clip's text
tower, which stays as it is, once: the denoiser learns from codes and from what the tower said. Resumes from FOLDER.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors.torch import load_file
from torch.nn import functional

from training.captions import COLOURS, WHITE, Captions, build_captions
from training.clock import Average, Clock, Curve, choose_device, load_checkpoint, save_checkpoint
from training.draw import weigh
from training.pipeline import build_text_encoder, write_codes_pipeline
from training.render import read_pack
from training.tokens import CONTEXT, Phrases, to_small

SIDE: Final = 64
CODE: Final = 448
_BACKGROUND: Final = 3
_FILL: Final = 0.92
_UNCONDITIONAL: Final = 0.1


@dataclass(slots=True)
class Codes:
    """Every picture as a code, and the basis that they refer to."""

    mean: torch.Tensor
    basis: torch.Tensor
    spread: torch.Tensor
    codes: torch.Tensor


@dataclass(slots=True)
class Sayings:
    """Captions after the text tower: words (M, T, W), the picture of each, the colour that it names (-1 for none)."""

    words: torch.Tensor
    picture: torch.Tensor
    colour: torch.Tensor


def shrink(pixels: torch.Tensor) -> torch.Tensor:
    """Return (N, 4 * SIDE * SIDE) premultiplied pictures, 0 to 1, each a little smaller than its square."""
    inner = int(SIDE * _FILL) // 2 * 2
    rows = []
    for part in pixels.split(512):
        rgba = part.permute(0, 3, 1, 2).float() / 255
        rgba = torch.cat([rgba[:, :3] * rgba[:, 3:], rgba[:, 3:]], dim=1)
        small = functional.interpolate(rgba, size=(inner, inner), mode="bilinear", antialias=True)
        rows.append(functional.pad(small, [(SIDE - inner) // 2] * 4).flatten(1))
    return torch.cat(rows)


def find_codes(pictures: torch.Tensor, weights: torch.Tensor, size: int) -> Codes:
    """Return the principal components of `pictures`, drawn by `weights`, and every picture's code.

    Codes are divided by the square root of each component's spread: between keeping its size and hiding it.
    """
    chosen = torch.multinomial(weights, min(len(pictures), 6000), replacement=False)
    mean = pictures[chosen].mean(0)
    _, _, directions = torch.svd_lowrank(pictures[chosen] - mean, q=size, niter=2)
    basis = directions.T.contiguous()
    raw = (pictures - mean) @ basis.T
    deviation = raw[chosen].std(0)
    unit = deviation.sqrt() * deviation[0].sqrt()
    return Codes(mean, basis, unit, raw / unit)


@torch.no_grad()  # type: ignore[untyped-decorator]  # torch is skipped
def say(captions: Captions, encoder: Any, weights: torch.Tensor, count: int) -> Sayings:  # noqa: ANN401
    """Caption `count` pictures and pass what was said through the text tower; the first caption is empty."""
    picture = torch.multinomial(weights, count, replacement=count > len(weights))
    name = captions.choose(picture, (0.9, 0.07, 0.03))
    prefix = torch.where(captions.is_chinese(picture, name), 0, captions.prefix(picture))
    prefix = torch.where(torch.rand(count) < 0.4, captions.prefixes[0, 1], prefix)
    colour = torch.where(torch.rand(count) < 0.3, torch.randint(len(COLOURS), (count,)), -1)
    ground = torch.where(colour >= 0, captions.on_colour[colour.clamp(min=0)], 0)
    segments = torch.stack([prefix, name, ground], 1)
    segments[0] = 0
    tokens = to_small(captions.table.join(segments, torch.ones(count, dtype=torch.bool), CONTEXT))
    words = torch.cat([encoder(part).last_hidden_state.half() for part in tokens.split(128)])
    return Sayings(words, picture, colour)


def make_codes(codes: Codes, sayings: Sayings, rows: torch.Tensor) -> torch.Tensor:
    """Return codes of these captions' pictures, each with the colour behind it as its last three numbers."""
    palette = torch.tensor(list(COLOURS.values())).float() / 127.5 - 1
    colour = sayings.colour[rows]
    behind = palette[torch.where(colour >= 0, colour, WHITE)]
    return torch.cat([codes.codes[sayings.picture[rows]], behind], 1)


def step(denoiser: Any, optimiser: Any, clean: torch.Tensor, words: torch.Tensor) -> torch.Tensor:  # noqa: ANN401
    """Learn from one batch; larger parts of a code weigh more, as they do in the picture."""
    noise = torch.randn_like(clean)
    level = torch.sigmoid(torch.randn(len(clean)) * 1.2 + 0.4)
    mixed = (1 - level[:, None]) * clean + level[:, None] * noise
    made = denoiser.velocity(mixed, level, words)
    whole = ((1 - level[:, None]) ** 2 * denoiser.spread**2 + level[:, None] ** 2).sqrt()
    error = ((made - (noise - clean)) * whole / denoiser.spread) ** 2
    loss = (error * denoiser.spread / denoiser.spread.mean()).mean()
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(denoiser.parameters(), 1.0)
    optimiser.step()
    return loss.detach()


def train(arguments: argparse.Namespace) -> None:
    """Train for the given seconds, from the last checkpoint if there is one."""
    from generation._chop_draw_net import CodeDenoiser

    assert choose_device().type
    torch.manual_seed(arguments.seed)
    records = read_pack(arguments.pack, "train")
    weights = torch.tensor([weigh(record) for record in records])
    clip_state, checkpoint = load_file(arguments.clip), load_checkpoint(arguments.out / "basis.pt")
    if checkpoint:
        codes = Codes(**checkpoint["codes"])
        sayings = Sayings(**checkpoint["sayings"])
    else:
        pixels = torch.from_numpy(np.load(arguments.pictures, mmap_mode="c"))
        codes = find_codes(shrink(pixels), weights, CODE)
        print("basis found", flush=True)  # noqa: T201 - progress
        captions = build_captions(records, Phrases(), torch.device("cpu"), arguments.pack)
        sayings = say(captions, build_text_encoder(clip_state), weights, arguments.sayings)
        print("captions said", flush=True)  # noqa: T201 - progress
    kept = {
        "codes": {name: getattr(codes, name) for name in Codes.__slots__},
        "sayings": {name: getattr(sayings, name) for name in Sayings.__slots__},
    }
    if not checkpoint:
        save_checkpoint(arguments.out / "basis.pt", **kept)
    denoiser = CodeDenoiser(in_channels=CODE + _BACKGROUND)
    behind = torch.full((_BACKGROUND,), 0.6)
    denoiser.spread.data.copy_(torch.cat([codes.codes[sayings.picture].std(0), behind]))
    denoiser.spread.requires_grad_(requires_grad=False)
    learned = [value for value in denoiser.parameters() if value.requires_grad]
    optimiser = torch.optim.AdamW(learned, lr=arguments.rate, betas=(0.9, 0.99), weight_decay=0.01)
    average, steps = Average(denoiser, 0.998), 0
    if "model" in checkpoint:
        denoiser.load_state_dict(checkpoint["model"])
        optimiser.load_state_dict(checkpoint["optimiser"])
        average.state.update(checkpoint["average"])
        steps = checkpoint["steps"]
    clock, curve = Clock(arguments.seconds), Curve(arguments.out / "basis.csv")
    while clock.progress < 1:
        for group in optimiser.param_groups:
            group["lr"] = arguments.rate * clock.scale()
        rows = torch.randint(len(sayings.picture), (arguments.batch,))
        silent = torch.rand(arguments.batch) < _UNCONDITIONAL
        words = sayings.words[torch.where(silent, 0, rows)].float()
        loss = step(denoiser, optimiser, make_codes(codes, sayings, rows), words)
        average.update()
        steps += 1
        if steps % arguments.log == 0:
            curve.append(step=steps, seconds=clock.elapsed_s, loss=loss.item())
        if steps % 500 == 0 or clock.progress >= 1:
            state = {"model": denoiser.state_dict(), "optimiser": optimiser.state_dict(), "average": average.state}
            save_checkpoint(arguments.out / "basis.pt", **kept, **state, steps=steps)
            write_codes_pipeline(arguments.out / "chop-draw", clip_state, average.state, codes)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--sayings", type=int, default=14_000)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--log", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    train(_parse())
