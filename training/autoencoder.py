"""Trains chop-draw's autoencoder: 512 x 512 pictures to 16 x 16 x 16 numbers and back.

    python -m training.autoencoder --pictures PICTURES.npy --out FOLDER --seconds 70

Its decoder is the learned way from a coarse drawing up to 512 px: the diffusion model never works above 16 x 16.
"""

import argparse
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch.nn import functional

from training.clock import Average, Clock, Curve, choose_device, load_checkpoint, save_checkpoint
from training.compose import backgrounds, named_colours, over, pair_layouts, place, single_layout

SIDE: Final = 512
CHANNELS: Final = 16
_KL_WEIGHT: Final = 5e-4
_QUARTERS: Final = 0.7
CONFIG: Final = {
    "in_channels": 3,
    "out_channels": 3,
    "latent_channels": CHANNELS,
    "block_out_channels": (16, 24, 48, 64, 96, 112),
    "down_block_types": ("DownEncoderBlock2D",) * 6,
    "up_block_types": ("UpDecoderBlock2D",) * 6,
    "layers_per_block": 1,
    "norm_num_groups": 8,
    "sample_size": SIDE,
}


def build_autoencoder() -> Any:  # noqa: ANN401 - diffusers has no types
    """Return the autoencoder with random weights."""
    from provenance.torchvision_guard import import_torchvision

    import_torchvision()
    from diffusers import AutoencoderKL

    return AutoencoderKL(**CONFIG)


def make_canvases(pixels: torch.Tensor, count: int, side: int, device: torch.device) -> torch.Tensor:
    """Return (count, 3, side, side) compositions, 0 to 1, as on a whole canvas; a third show two pictures."""
    zoom = SIDE / side
    numbers = torch.randint(len(pixels), (2, count)).to(pixels.device)
    colour = torch.randint(12, (count,), device=device)
    is_plain = torch.rand(count, device=device) < 0.75
    below = backgrounds(named_colours(colour), is_plain, side)
    pairs = count // 3
    one = over(
        place(
            pixels[numbers[0, pairs:]].to(device),
            single_layout(count - pairs, (0.6 * zoom, 1.2 * zoom), 0.1, device),
            side,
        ),
        below[pairs:],
    )
    near, far = pair_layouts(torch.randint(4, (pairs,), device=device), (0.36 * zoom, 0.6 * zoom), 0.1)
    two = over(place(pixels[numbers[0, :pairs]].to(device), near, side), below[:pairs])
    two = over(place(pixels[numbers[1, :pairs]].to(device), far, side), two)
    return torch.cat([one, two])


def loss_of(autoencoder: Any, canvases: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:  # noqa: ANN401
    """Return the whole loss, and the mean absolute error per colour value alone (0 to 2)."""
    target = (canvases * 2 - 1).contiguous(memory_format=torch.channels_last)
    posterior = autoencoder.encode(target).latent_dist
    latents = posterior.sample()
    # The decoder will be handed latents that are slightly off.
    latents = latents + torch.randn_like(latents) * 0.1 * torch.rand(len(latents), 1, 1, 1, device=latents.device)
    made = autoencoder.decode(latents).sample.float()
    error = (made - target).abs().mean()
    edges = sum((torch.diff(made, dim=dim) - torch.diff(target, dim=dim)).abs().mean() for dim in (2, 3))
    coarse = (functional.avg_pool2d(made, 4) - functional.avg_pool2d(target, 4)).abs().mean()
    kl = 0.5 * (posterior.mean.float() ** 2 + posterior.var.float() - 1 - posterior.logvar.float()).mean()
    return error + edges + coarse + _KL_WEIGHT * kl, error


def train(arguments: argparse.Namespace) -> None:
    """Train for the given seconds, from the last checkpoint if there is one."""
    device = choose_device()
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(arguments.seed)
    pixels = torch.from_numpy(np.load(arguments.pictures, mmap_mode="c"))
    pixels = pixels.to(device) if device.type == "cuda" else pixels
    model = build_autoencoder().to(device, memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(model.parameters(), lr=arguments.rate, betas=(0.9, 0.99), weight_decay=1e-3)
    average = Average(model, 0.998)
    steps = 0
    if checkpoint := load_checkpoint(arguments.out / "autoencoder.pt"):
        model.load_state_dict(checkpoint["model"])
        optimiser.load_state_dict(checkpoint["optimiser"])
        average.state = {name: value.to(device) for name, value in checkpoint["average"].items()}
        steps = checkpoint["steps"]
    clock, curve = Clock(arguments.seconds), Curve(arguments.out / "autoencoder.csv")
    while clock.progress < 1:
        for group in optimiser.param_groups:
            group["lr"] = arguments.rate * clock.scale()
        with torch.no_grad():
            # Quarters of canvases for most of the time: four times as many steps.
            is_early = clock.progress < _QUARTERS
            side, batch = (arguments.side // 2, arguments.batch * 2) if is_early else (arguments.side, arguments.batch)
            canvases = make_canvases(pixels, batch, side, device)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda"):
            loss, error = loss_of(model, canvases)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        average.update()
        steps += 1
        if steps % arguments.log == 0:
            curve.append(step=steps, seconds=clock.elapsed_s, loss=loss.item(), error=error.item())
    save_checkpoint(
        arguments.out / "autoencoder.pt",
        model=model.state_dict(),
        optimiser=optimiser.state_dict(),
        average=average.state,
        steps=steps,
    )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--side", type=int, default=SIDE)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--log", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    train(_parse())
