"""Trains a small decoder on the latents of a finished autoencoder, and puts it into a written pipeline.

    python -m training.decoder --pack PACK --pictures PICTURES.npy --pipeline FOLDER --out OUT --seconds 300

For when there was too little time for the autoencoder's own decoder: this one does all its work at 16 x 16, so a CPU
trains it in minutes. What the encoder does not keep, no decoder brings back.
"""

import argparse
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch.nn import functional

from training.clock import Clock, Curve
from training.draw import draw_canvases, weigh
from training.pipeline import write_decoder
from training.render import read_pack

_BATCH: Final = 16
_HELD: Final = 16
SHRINK: Final = 4


@torch.no_grad()  # type: ignore[untyped-decorator]  # torch is skipped
def encode(
    pixels: torch.Tensor,
    weights: torch.Tensor,
    autoencoder: Any,  # noqa: ANN401
    count: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return latents as the denoiser knows them, and what they show at a quarter of the size, -1 to 1."""
    latents, shown = [], []
    for _ in range(0, count, 8):
        canvases, _ = draw_canvases(pixels, weights, 8, autoencoder.config.sample_size, torch.device("cpu"))
        latents.append(autoencoder.encode(canvases * 2 - 1).latent_dist.mean * autoencoder.config.scaling_factor)
        shown.append(functional.avg_pool2d(canvases, SHRINK) * 2 - 1)
    return torch.cat(latents), torch.cat(shown)


def loss_of(made: torch.Tensor, shown: torch.Tensor) -> torch.Tensor:
    """Return the mean error of colours and of steps between neighbours."""
    edges = [(torch.diff(made, dim=dim) - torch.diff(shown, dim=dim)).abs().mean() for dim in (2, 3)]
    return (made - shown).abs().mean() + edges[0] + edges[1]


def fit(decoder: Any, latents: torch.Tensor, shown: torch.Tensor, clock: Clock, curve: Curve, rate: float) -> None:  # noqa: ANN401
    """Train until the clock has run out; the last few pictures are not learned from."""
    optimiser = torch.optim.AdamW(decoder.parameters(), lr=rate)
    steps = 0
    while clock.progress < 1:
        for group in optimiser.param_groups:
            group["lr"] = rate * clock.scale()
        rows = torch.randint(len(latents) - _HELD, (_BATCH,))
        loss = loss_of(decoder.small(latents[rows]), shown[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        steps += 1
        if steps % 50 == 0:
            with torch.no_grad():
                held = (decoder.small(latents[-_HELD:]) - shown[-_HELD:]).abs().mean().item()
            curve.append(step=steps, seconds=clock.elapsed_s, loss=loss.item(), held=held)


def train(arguments: argparse.Namespace) -> None:
    """Encode, train, and write the decoder into the pipeline."""
    from diffusers import AutoencoderKL

    from generation._chop_draw_net import PictureDecoder

    torch.manual_seed(arguments.seed)
    records = read_pack(arguments.pack, "train")
    pixels = torch.from_numpy(np.load(arguments.pictures, mmap_mode="c"))
    autoencoder = AutoencoderKL.from_pretrained(arguments.pipeline / "vae", torch_dtype=torch.float32).eval()
    weights = torch.tensor([weigh(record) for record in records])
    latents, shown = encode(pixels, weights, autoencoder, arguments.count)
    decoder = PictureDecoder(latent_channels=latents.shape[1])
    fit(decoder, latents, shown, Clock(arguments.seconds), Curve(arguments.out / "decoder.csv"), arguments.rate)
    write_decoder(arguments.pipeline, decoder)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--pipeline", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    train(_parse())
