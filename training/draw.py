"""Trains chop-draw's denoiser: from words to 16 x 16 x 16 latents by flow matching (arXiv:2210.02747).

    python -m training.draw --pack PACK --pictures PICTURES.npy --clip chop-clip.safetensors --out FOLDER --seconds 230

Captions go through chop-clip's text tower, which stays as it is. Latents of many compositions are made first; the
denoiser learns from them alone. Resumes from FOLDER.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors.torch import load_file
from torch.nn import functional

from training.autoencoder import CHANNELS, SIDE, build_autoencoder
from training.captions import RELATIONS, WHITE, Captions, build_captions
from training.clock import Average, Clock, Curve, choose_device, load_checkpoint, save_checkpoint, wait_for
from training.compose import backgrounds, named_colours, over, pair_layouts, place, single_layout
from training.pipeline import LATENT_SIDE, WIDTH, build_text_encoder, build_unet, write_pipeline
from training.render import read_pack
from training.tokens import CONTEXT, Phrases, to_small

_PAIR_SHARE: Final = 0.14
_UNCONDITIONAL: Final = 0.1
_CHUNK: Final = 64


@dataclass(slots=True)
class Store:
    """Compositions as latents, and what their captions may say."""

    latents: torch.Tensor
    first: torch.Tensor
    second: torch.Tensor
    relation: torch.Tensor
    colour: torch.Tensor
    scaling_factor: float


def weigh(record: dict[str, Any]) -> float:
    """Return how often a picture is drawn: things before flags, signs and the many variants of people."""
    name, key = record["names"][0], record["key"]
    if "flag" in name or key.startswith("1f1e"):
        return 0.05
    if any(word in name for word in ("button", "arrow", "keycap", "clock face", "thirty", "square", "input")):
        return 0.1
    return 0.2 if "200d" in key or "face" in name else 1.0


def draw_canvases(
    pixels: torch.Tensor, weights: torch.Tensor, count: int, side: int, device: torch.device
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Return compositions as a caption describes them; relation and colour are -1 where there is none to tell."""
    pairs = int(count * _PAIR_SHARE)
    first, second = (torch.multinomial(weights, count, replacement=True) for _ in range(2))
    relation = torch.randint(len(RELATIONS), (count,), device=device)
    relation[pairs:] = -1
    chance = torch.rand(count, device=device)
    colour = torch.where(chance < 0.6, WHITE, torch.randint(12, (count,), device=device))
    is_plain = chance < 0.93
    below = backgrounds(named_colours(colour, 0.02), is_plain, side)

    def layer(numbers: torch.Tensor, layout: Any) -> torch.Tensor:  # noqa: ANN401
        return place(pixels[numbers.to(pixels.device)].to(device), layout, side)

    near, far = pair_layouts(relation[:pairs], (0.42, 0.5), 0.02)
    two = over(layer(second[:pairs], far), below[:pairs])
    two = over(layer(first[:pairs], near), two)
    one = over(layer(first[pairs:], single_layout(count - pairs, (0.8, 0.95), 0.03, device)), below[pairs:])
    told = torch.where(is_plain, colour, -1)
    return torch.cat([two, one]), {
        "first": first.to(device),
        "second": second.to(device),
        "relation": relation,
        "colour": told,
    }


@torch.no_grad()  # type: ignore[untyped-decorator]  # torch is skipped
def fill_store(
    pixels: torch.Tensor,
    weights: torch.Tensor,
    autoencoder: Any,  # noqa: ANN401
    limit: int,
    seconds: float,
    device: torch.device,
) -> Store:
    """Encode compositions until there are `limit` or the time is up."""
    clock = Clock(seconds)
    latents: list[torch.Tensor] = []
    facts: list[dict[str, torch.Tensor]] = []
    while clock.progress < 1 and len(latents) * _CHUNK < limit:
        canvases, told = draw_canvases(pixels, weights, _CHUNK, SIDE, device)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda"):
            target = (canvases * 2 - 1).contiguous(memory_format=torch.channels_last)
            latents.append(autoencoder.encode(target).latent_dist.mean.half())
        facts.append(told)
    held = torch.cat(latents)
    factor = 1 / held.float().std().item()
    joined = {name: torch.cat([told[name] for told in facts]) for name in facts[0]}
    return Store(latents=(held.float() * factor).half(), scaling_factor=factor, **joined)


def caption(captions: Captions, store: Store, rows: torch.Tensor) -> torch.Tensor:
    """Return tokens of the small vocabulary for these rows; some say nothing."""
    count, device = len(rows), rows.device
    first, second, relation, colour = (getattr(store, name)[rows] for name in ("first", "second", "relation", "colour"))
    is_pair = relation >= 0
    name = captions.choose(first, (0.86, 0.1, 0.04))
    other = captions.choose(second, (1.0, 0.0, 0.0))
    zero = torch.zeros_like(name)
    prefix = torch.where(captions.is_chinese(first, name), zero, captions.prefix(first))
    says_ground = (colour >= 0) & ((colour != WHITE) | (torch.rand(count, device=device) < 0.3))
    ground = torch.where(says_ground, captions.on_colour[colour.clamp(min=0)], zero)
    words = torch.where(is_pair, captions.relation(relation.clamp(min=0)), zero)
    segments = torch.stack([prefix, name, words, torch.where(is_pair, other, zero), ground], 1)
    silent = torch.rand(count, device=device)[:, None] < _UNCONDITIONAL
    segments = torch.where(silent, 0, segments)
    return to_small(captions.table.join(segments, torch.ones(count, dtype=torch.bool, device=device)))


def flow_loss(unet: Any, latents: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:  # noqa: ANN401
    """Return the error of the predicted velocity, noise less picture, at logit-normal levels (arXiv:2403.03206)."""
    noise = torch.randn_like(latents)
    level = torch.sigmoid(torch.randn(len(latents), device=latents.device) * 1.1 + 0.2)
    weight = level[:, None, None, None]
    mixed = (1 - weight) * latents + weight * noise
    made = unet(mixed.contiguous(memory_format=torch.channels_last), level * 1000, hidden, return_dict=False)[0]
    return functional.mse_loss(made.float(), noise - latents)


def _step(unet: Any, optimiser: Any, latents: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:  # noqa: ANN401
    with torch.autocast(latents.device.type, dtype=torch.bfloat16, enabled=latents.is_cuda):
        loss = flow_loss(unet, latents, hidden)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
    optimiser.step()
    return loss.detach()


def _build(arguments: argparse.Namespace, device: torch.device) -> tuple[Any, Any, Any]:
    unet = build_unet().to(device, memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(
        unet.parameters(), lr=arguments.rate, betas=(0.9, 0.99), weight_decay=0.01, fused=device.type == "cuda"
    )
    return unet, torch.compile(unet) if arguments.compile else unet, optimiser


def rehearse(arguments: argparse.Namespace, device: torch.device) -> bool:
    """Compile the denoiser by two steps on noise; return whether that works here."""
    _, fast, optimiser = _build(arguments, device)
    try:
        for _ in range(2):
            latents = torch.randn(arguments.batch, CHANNELS, LATENT_SIDE, LATENT_SIDE, device=device)
            _step(fast, optimiser, latents, torch.randn(arguments.batch, CONTEXT, WIDTH, device=device))
    except RuntimeError as exc:
        print(f"not compiled: {str(exc)[:300]}", flush=True)  # noqa: T201 - progress
        return False
    return True


def train(arguments: argparse.Namespace) -> None:
    """Train for the given seconds, from the last checkpoint if there is one."""
    device = choose_device()
    torch.backends.cudnn.benchmark = torch.backends.cuda.matmul.allow_tf32 = True
    torch.manual_seed(arguments.seed)
    records = read_pack(arguments.pack, "train")
    pixels = torch.from_numpy(np.load(arguments.pictures, mmap_mode="c"))
    assert len(pixels) == len(records), "the pack and the rendered pictures differ: render again"
    pixels = pixels.to(device) if device.type == "cuda" else pixels
    captions = build_captions(records, Phrases(), device, arguments.pack)
    if arguments.compile:
        arguments.compile = rehearse(arguments, device)
    wait_for(arguments.clip)
    whole = Clock(1)
    clip_state = load_file(arguments.clip)
    encoder = build_text_encoder(clip_state).to(device)
    autoencoder_state = load_checkpoint(arguments.out / "autoencoder.pt")["average"]
    autoencoder = build_autoencoder()
    autoencoder.load_state_dict(autoencoder_state)
    autoencoder.to(device, memory_format=torch.channels_last).eval()
    weights = torch.tensor([weigh(record) for record in records])
    store = fill_store(pixels, weights, autoencoder, arguments.store, arguments.store_seconds, device)
    unet, fast, optimiser = _build(arguments, device)
    average, steps, done_s = Average(unet, 0.999), 0, 0.0
    if checkpoint := load_checkpoint(arguments.out / "draw.pt"):
        unet.load_state_dict(checkpoint["model"])
        optimiser.load_state_dict(checkpoint["optimiser"])
        average.state = {name: value.to(device) for name, value in checkpoint["average"].items()}
        store = _rescaled(store, checkpoint["scaling_factor"])
        steps, done_s = checkpoint["steps"], checkpoint["seconds"]
    curve = Curve(arguments.out / "draw.csv")
    print(f"{len(store.latents)} latents, {whole.elapsed_s:.0f} s gone", flush=True)  # noqa: T201 - progress
    budget_s = arguments.deadline - time.time() if arguments.deadline else arguments.seconds
    clock = Clock(budget_s)
    while clock.progress < 1:
        for group in optimiser.param_groups:
            group["lr"] = arguments.rate * clock.scale()
        rows = torch.randint(len(store.latents), (arguments.batch,), device=device)
        with torch.no_grad(), torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda"):
            hidden = encoder(caption(captions, store, rows)).last_hidden_state.float()
        loss = _step(fast, optimiser, store.latents[rows].float(), hidden)
        average.update()
        steps += 1
        if steps % arguments.log == 0:
            curve.append(step=steps, seconds=done_s + clock.elapsed_s, loss=loss.item())
        if steps % 1500 == 0 or clock.progress >= 1:
            save_checkpoint(
                arguments.out / "draw.pt",
                model=unet.state_dict(),
                optimiser=optimiser.state_dict(),
                average=average.state,
                steps=steps,
                seconds=done_s + clock.elapsed_s,
                scaling_factor=store.scaling_factor,
            )
    cpu = {name: value.cpu() for name, value in average.state.items()}
    write_pipeline(arguments.out / "chop-draw", clip_state, cpu, autoencoder_state, store.scaling_factor)


def _rescaled(store: Store, factor: float) -> Store:
    store.latents = (store.latents.float() * (factor / store.scaling_factor)).half()
    store.scaling_factor = factor
    return store


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path)
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--clip", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--deadline", type=float, default=0, help="seconds of the epoch, instead of --seconds")
    parser.add_argument("--store", type=int, default=80_000)
    parser.add_argument("--store-seconds", type=float, default=25)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--rate", type=float, default=7e-4)
    parser.add_argument("--log", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--compile", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    train(_parse())
