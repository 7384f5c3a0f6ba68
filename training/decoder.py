"""Trains chop-draw's decoder: from principal components of a 64 x 64 copy back to 128 x 128 pictures with alpha.

    python -m training.decoder --pack PACK --pictures PICTURES.npy --out FOLDER --seconds 2400

The encoder is not learned, so the denoiser can be trained at the same time, or first. Resumes from FOLDER.
"""

import argparse
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from generation._chop_draw_net import PictureDecoder
from training.clock import Clock, Curve, choose_device, load_checkpoint, save_checkpoint
from training.render import load_subjects
from training.run import Run
from training.subjects import draw_layers, fit_basis

COMPONENTS: Final = 48
FIXED: Final = ("mean", "basis", "scale")
_DRAWN_OFF: Final = 0.2


def build_decoder(pixels: Any, path: Path) -> Any:  # noqa: ANN401 - diffusers has no types
    """Return the decoder with its components, fitted now or kept in `path`, and the rest random."""
    decoder = PictureDecoder(components=COMPONENTS)
    kept = load_checkpoint(path)
    if not kept:
        save_checkpoint(path, **dict(zip(FIXED, fit_basis(pixels, COMPONENTS), strict=True)))
        kept = load_checkpoint(path)
    for name, values in kept.items():
        getattr(decoder, name).copy_(values)
    for last in (decoder.leave[1], decoder.enlarge.edges[4]):
        torch.nn.init.zeros_(last.weight)  # it begins as the components alone, enlarged
        torch.nn.init.zeros_(last.bias)
    return decoder.to(memory_format=torch.channels_last)


def loss_of(made: torch.Tensor, shown: torch.Tensor) -> torch.Tensor:
    """Return the mean error of colours and of steps between neighbours."""
    off = made - shown
    edges = [torch.diff(off, dim=dim).abs().mean() for dim in (2, 3)]
    return off.abs().mean() + edges[0] + edges[1]


def drawn_off(latents: torch.Tensor) -> torch.Tensor:
    """Return latents that are slightly off, as those that the denoiser will hand over are."""
    amount = torch.rand(len(latents), 1, 1, 1, device=latents.device) * _DRAWN_OFF
    return latents + torch.randn_like(latents) * amount


def train(arguments: argparse.Namespace) -> None:
    """Train until the clock has run out."""
    torch.manual_seed(arguments.seed)
    _, pixels = load_subjects(arguments.pack, arguments.pictures)
    device = choose_device()
    decoder = build_decoder(pixels, arguments.out / "basis.pt").to(device)
    run = Run(arguments.out / "decoder.pt", decoder, rate=arguments.rate, betas=(0.9, 0.98), decay=0.998)
    curve, clock = Curve(arguments.out / "decoder.csv"), Clock(arguments.seconds)
    rng = np.random.default_rng(arguments.seed + run.steps)
    while clock.progress < 1:
        rows = np.sort(rng.integers(len(pixels), size=arguments.batch))
        with torch.no_grad():
            shown = draw_layers(pixels, rows, device)
            latents = drawn_off(decoder.encode_layers(shown))
        made = decoder.decode_layers(latents.contiguous(memory_format=torch.channels_last))
        loss = loss_of(made, shown)
        run.learn(loss, clock)
        if run.steps % arguments.log == 0:
            off = (made.detach() - shown).abs().mean().item()
            curve.append(step=run.steps, seconds=run.seconds(clock), loss=loss.item(), off=off)
        if run.steps % 250 == 0 or clock.progress >= 1:
            run.save(clock)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--log", type=int, default=25)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    train(_parse())
