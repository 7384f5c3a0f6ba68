"""Trains chop-draw's denoiser: from words to 4 x 4 cells by flow matching (arXiv:2210.02747).

    python -m training.draw --pack PACK --pictures PICTURES.npy --clip chop-clip.safetensors --out FOLDER --seconds 2400

Captions go through chop-clip's text tower, which stays as it is. What is drawn and what is said are encoded once and
kept in FOLDER; the denoiser learns from them alone. Resumes from FOLDER, or begins with the pipeline that --start
names: its decoder stays, its denoiser goes on.
"""

import argparse
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors.torch import load_file

from generation._chop_draw_net import Denoiser, PictureDecoder, ground_channels
from training.captions import WHITE
from training.clock import Clock, Curve, choose_device, load_checkpoint, save_checkpoint
from training.compose import named_colours
from training.decoder import FIXED, build_decoder
from training.pipeline import build_text_encoder, write_pipeline
from training.render import load_subjects
from training.run import Run
from training.subjects import draw_layers
from training.tokens import CONTEXT, END, START, load_tokenizers, to_small
from training.wording import word

_UNCONDITIONAL: Final = 0.1
_LEAST_LEVEL: Final = 0.3
_CHUNK: Final = 128


@dataclass(slots=True)
class Store:
    """What is learned from: V pictures of each of N subjects, and M captions with the ground they ask for."""

    latents: torch.Tensor
    hidden: torch.Tensor
    grounds: torch.Tensor

    def sample(self, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return (B, C, 4, 4) latents and (B, T, D) hidden states of captions; some captions are the empty one."""
        device = self.latents.device
        subjects = torch.randint(len(self.latents), (count,), device=device)
        views = torch.randint(self.latents.shape[1], (count,), device=device)
        # The last row of hidden states is that of the empty caption.
        per_subject = (len(self.hidden) - 1) // len(self.latents)
        said = subjects * per_subject + torch.randint(per_subject, (count,), device=device)
        silent = torch.rand(count, device=device) < _UNCONDITIONAL
        said = torch.where(silent, len(self.hidden) - 1, said)
        ground = named_colours(self.grounds[said], 0.01)
        drawn = self.latents[subjects, views].float()
        return torch.cat([drawn, ground_channels(ground)], 1), self.hidden[said].float()


@torch.no_grad()  # type: ignore[untyped-decorator]  # torch is skipped
def encode_pictures(decoder: Any, pixels: Any, views: int) -> torch.Tensor:  # noqa: ANN401 - a memory map
    """Return (N, views, K, 4, 4) latents of every picture, placed anew each time."""
    found = []
    for _ in range(views):
        rows = [np.arange(first, min(first + _CHUNK, len(pixels))) for first in range(0, len(pixels), _CHUNK)]
        found.append(
            torch.cat([decoder.encode_layers(draw_layers(pixels, each, decoder.device)).half() for each in rows])
        )
    return torch.stack(found, 1)


def tokenise(captions: list[str]) -> torch.Tensor:
    """Return (M, CONTEXT) tokens of the small vocabulary."""
    tokenizer = load_tokenizers()[1]
    small_start, small_end = (int(to_small(torch.tensor(token))) for token in (START, END))
    tokens = torch.zeros((len(captions), CONTEXT), dtype=torch.long)
    for row, caption in enumerate(captions):
        found = [small_start, *tokenizer.encode(caption)[: CONTEXT - 2], small_end]
        tokens[row, : len(found)] = torch.tensor(found)
    return tokens


@torch.no_grad()  # type: ignore[untyped-decorator]  # torch is skipped
def encode_captions(
    encoder: Any,  # noqa: ANN401 - transformers has no types
    records: list[dict[str, Any]],
    per_subject: int,
    seed: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (N * per_subject + 1, T, D) hidden states, and numbers of the grounds' colours; the last says nothing."""
    rng = random.Random(seed)  # noqa: S311 - captions, not keys
    said = [word(record, rng) for record in records for _ in range(per_subject)]
    said.append(("", WHITE))
    device = next(encoder.parameters()).device
    tokens = tokenise([caption for caption, _ in said])
    hidden = [encoder(chunk.to(device)).last_hidden_state.half().cpu() for chunk in tokens.split(_CHUNK)]
    return torch.cat(hidden), torch.tensor([ground for _, ground in said])


def fill_store(arguments: argparse.Namespace, clip_state: dict[str, torch.Tensor], device: torch.device) -> Store:
    """Encode everything, or read what an earlier run encoded."""
    kept = load_checkpoint(arguments.out / "store.pt")
    if not kept:
        records, pixels = load_subjects(arguments.pack, arguments.pictures)
        decoder = build_decoder(pixels, arguments.out / "basis.pt").to(device)
        latents = encode_pictures(decoder, pixels, arguments.views)
        encoder = build_text_encoder(clip_state).to(device)
        hidden, grounds = encode_captions(encoder, records, arguments.captions, arguments.seed)
        kept = {"latents": latents, "hidden": hidden, "grounds": grounds}
        save_checkpoint(arguments.out / "store.pt", **kept)
    return Store(**{name: values.to(device) for name, values in kept.items()})


def begin(arguments: argparse.Namespace) -> Any:  # noqa: ANN401 - diffusers has no types
    """Return the denoiser to begin with: a new one, or that of ``--start``, whose decoder is taken over as well."""
    if arguments.start is None:
        return Denoiser()
    if not (arguments.out / "decoder.pt").is_file():
        state = PictureDecoder.from_pretrained(arguments.start / "vae").state_dict()
        save_checkpoint(arguments.out / "basis.pt", **{name: state[name] for name in FIXED})
        save_checkpoint(arguments.out / "decoder.pt", average=state)
    return Denoiser.from_pretrained(arguments.start / "unet")


def flow_loss(denoiser: Any, latents: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:  # noqa: ANN401
    """Return the error of the velocity at logit-normal levels (arXiv:2403.03206), bounded where hardly any noise is."""
    level = torch.sigmoid(torch.randn(len(latents), device=latents.device) * 1.2 + 0.4)
    weight = level[:, None, None, None]
    mixed = (1 - weight) * latents + weight * torch.randn_like(latents)
    off = denoiser.predict(mixed, level, hidden) - latents
    loss: torch.Tensor = (off / weight.clamp(min=_LEAST_LEVEL)).square().mean()
    return loss


def train(arguments: argparse.Namespace) -> None:
    """Train for the given seconds, from the last checkpoint if there is one, and write the pipeline."""
    device = choose_device()
    torch.manual_seed(arguments.seed)
    clip_state = load_file(arguments.clip)
    denoiser = begin(arguments).float().to(device)
    store = fill_store(arguments, clip_state, device)
    run = Run(arguments.out / "draw.pt", denoiser, rate=arguments.rate, betas=(0.9, 0.99), decay=0.9995)
    torch.manual_seed(arguments.seed + run.steps)
    curve, clock, seen = Curve(arguments.out / "draw.csv"), Clock(arguments.seconds), []
    while clock.progress < 1:
        loss = flow_loss(denoiser, *store.sample(arguments.batch))
        run.learn(loss, clock)
        seen.append(loss.detach())
        if run.steps % arguments.log == 0:
            curve.append(step=run.steps, seconds=run.seconds(clock), loss=torch.stack(seen).mean().item())
            seen = []
        if run.steps % 1000 == 0 or clock.progress >= 1:
            run.save(clock)
    write(arguments.out, clip_state)


def write(folder: Path, clip_state: dict[str, torch.Tensor]) -> None:
    """Write the pipeline of the last checkpoints in `folder` to ``chop-draw`` in it."""
    parts = [load_checkpoint(folder / f"{name}.pt") for name in ("draw", "decoder")]
    write_pipeline(folder / "chop-draw", clip_state, *(part["average"] for part in parts))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--start", type=Path, help="a pipeline to begin with")
    parser.add_argument("--views", type=int, default=8)
    parser.add_argument("--captions", type=int, default=40)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--log", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    train(_parse())
