"""Pictures made anew by networks: small autoencoders trained here, our generator's decoder, diffusion from a folder.

An autoencoder keeps what photographs have in common and loses what it was never shown, such as a mark. These are small:
a few minutes on one thread each. Their PSNR is reported with what they do, so that nobody takes them for more.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from generation.weights import EMBEDDED_PIPELINE
from provenance.asset import Frame

# Numbers kept for each 8x8 pixels (192 values): 4, 8, 16 and 48 times fewer, the last as few as latent diffusion keeps.
LEVELS: Final = {"fine": 48, "middle": 24, "coarse": 12, "coarsest": 4}
STEPS: Final = 800
_SIDE: Final = 8
_CROP: Final = 128
_BATCH: Final = 8
_RATE: Final = 5e-4


class Block(nn.Module):
    """Two convolutions round a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)

    def forward(self, values: Tensor) -> Tensor:
        """Add what they find."""
        return values + self.two(functional.gelu(self.one(functional.gelu(values))))


class Autoencoder(nn.Module):
    """8x8 pixels to a few rounded numbers and back: a linear path, which training starts from, and a deep one beside."""

    def __init__(self, kept: int, width: int = 96) -> None:
        super().__init__()
        values = 3 * _SIDE * _SIDE
        self.flat, self.unflat = nn.Conv2d(values, kept, 1), nn.Conv2d(kept, values, 1)
        self.encode = nn.Sequential(
            nn.Conv2d(values, width, 3, padding=1), Block(width), Block(width), nn.Conv2d(width, kept, 1)
        )
        self.decode = nn.Sequential(
            nn.Conv2d(kept, width, 3, padding=1), Block(width), Block(width), nn.Conv2d(width, values, 1)
        )
        for last in (self.encode[-1], self.decode[-1]):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)

    def forward(self, pictures: Tensor) -> Tensor:
        """Make (N, 3, H, W) of -0.5 to 0.5 anew; H and W are multiples of 8."""
        blocks = functional.pixel_unshuffle(pictures, _SIDE)
        kept = self.flat(blocks) + self.encode(blocks)
        # Rounding to 1/16, straight through for the gradient: a latent of floats could hide anything.
        kept = kept + (torch.round(kept * 16) / 16 - kept).detach()
        return functional.pixel_shuffle(self.unflat(kept) + self.decode(kept), _SIDE)


def _start(net: Autoencoder, blocks: Tensor) -> None:
    """Set the linear path to the principal components of blocks (N, values)."""
    centre = blocks.mean(0)
    _, _, axes = torch.pca_lowrank(blocks - centre, q=net.flat.out_channels, niter=4)
    with torch.no_grad():
        net.flat.weight.copy_(axes.T[..., None, None])
        net.flat.bias.copy_(-(axes.T @ centre))
        net.unflat.weight.copy_(axes[..., None, None])
        net.unflat.bias.copy_(centre)


def _crops(frames: Sequence[Frame], rng: np.random.Generator, count: int) -> Tensor:
    chosen = []
    for _ in range(count):
        frame = frames[int(rng.integers(len(frames)))]
        top, left = (int(rng.integers(side - _CROP + 1)) for side in frame.shape[:2])
        crop = np.rot90(frame[top : top + _CROP, left : left + _CROP], int(rng.integers(4)))
        chosen.append(crop[:, :: int(rng.choice((1, -1)))])
    return torch.from_numpy(np.stack(chosen)).permute(0, 3, 1, 2).float() / 255 - 0.5


def train(frames: Sequence[Frame], level: str, steps: int = STEPS) -> Autoencoder:
    """Train one on crops of photographs."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    net = Autoencoder(LEVELS[level])
    blocks = functional.pixel_unshuffle(_crops(frames, rng, 64), _SIDE).permute(0, 2, 3, 1)
    _start(net, blocks.reshape(-1, blocks.shape[-1]))
    # The linear path is at its optimum: it moves more slowly than what learns beside it, or training falls out of it.
    linear = [*net.flat.parameters(), *net.unflat.parameters()]
    deep = [*net.encode.parameters(), *net.decode.parameters()]
    groups = [{"params": linear, "lr": _RATE / 20}, {"params": deep, "lr": _RATE}]
    adam = torch.optim.Adam(groups)
    schedule = torch.optim.lr_scheduler.OneCycleLR(adam, [_RATE / 20, _RATE], total_steps=steps)
    for step in range(steps):
        crops = _crops(frames, rng, _BATCH)
        loss = functional.mse_loss(net(crops), crops)
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        adam.step()
        schedule.step()
        if step % 100 == 99:
            print(f"autoencoder {level}, step {step + 1}: {-10 * float(torch.log10(loss.detach())):.1f} dB", flush=True)
    return net.eval()


def load_or_train(frames: Sequence[Frame], level: str, folder: Path, steps: int = STEPS) -> Autoencoder:
    """Return a trained autoencoder; it is kept in a folder, never in the repository."""
    path = folder / f"autoencoder-{level}-{steps}.safetensors"
    if path.exists():
        net = Autoencoder(LEVELS[level])
        net.load_state_dict(load_file(path))
        return net.eval()
    net = train(frames, level, steps)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(net.state_dict(), path)
    return net


def pass_through(net: Autoencoder, frame: Frame) -> Frame:
    """Make a picture anew."""
    height, width = frame.shape[:2]
    padded = np.pad(frame, ((0, -height % _SIDE), (0, -width % _SIDE), (0, 0)), mode="edge")
    values = torch.from_numpy(padded).permute(2, 0, 1)[None].float() / 255 - 0.5
    with torch.inference_mode():
        made = net(values)[0].permute(1, 2, 0).numpy()
    return np.clip(np.rint(255 * (made + 0.5)), 0, 255).astype(np.uint8)[:height, :width]


class Redrawer:
    """The decoder of the generator that comes with the gate: from a quarter of a picture's size, or from its latents.

    It draws things of 512 pixels, so of its latents little of a photograph comes back; its enlarger knows any edge.
    """

    def __init__(self, folder: Path = EMBEDDED_PIPELINE) -> None:
        from generation._chop_draw_net import PictureDecoder

        torch.set_num_threads(1)
        self._decoder: Any = PictureDecoder.from_pretrained(folder, subfolder="vae", local_files_only=True).eval()

    def make(self, frame: Frame, share: float, *, from_latents: bool) -> Frame:
        """Make a picture anew and lay it over itself: `share` of what is drawn, the rest of what was there."""
        from generation._chop_draw_net import OUT, SIDE

        height, width = frame.shape[:2]
        padded = np.pad(frame, ((0, -height % OUT), (0, -width % OUT), (0, 0)), mode="edge")
        values = torch.from_numpy(padded).permute(2, 0, 1)[None].float() / 255
        opaque = torch.cat([values, torch.ones_like(values[:, :1])], dim=1)
        with torch.inference_mode():
            small = functional.avg_pool2d(opaque, OUT // SIDE)
            if from_latents:
                for top in range(0, small.shape[2], SIDE):
                    for left in range(0, small.shape[3], SIDE):
                        part = small[:, :, top : top + SIDE, left : left + SIDE]
                        part.copy_(self._decoder.decode_layers(self._decoder.encode_layers(part)))
            drawn = self._decoder.enlarge(small)[0, :3].permute(1, 2, 0).numpy()[:height, :width]
        made = (1 - share) * frame + share * 255 * np.clip(drawn, 0, 1)
        return np.clip(np.rint(made), 0, 255).astype(np.uint8)


class Diffusion:
    """Image-to-image from a local diffusers folder: noise is added and taken away again."""

    def __init__(self, folder: Path) -> None:
        from diffusers import AutoPipelineForImage2Image

        self._pipeline: Any = AutoPipelineForImage2Image.from_pretrained(folder, local_files_only=True)
        if torch.cuda.is_available():
            self._pipeline.to("cuda")

    def make(self, frame: Frame, strength: float) -> Frame:
        """Make a picture anew, at its own size less what is no multiple of 8."""
        from PIL import Image

        height, width = (side // _SIDE * _SIDE for side in frame.shape[:2])
        image = Image.fromarray(np.ascontiguousarray(frame[:height, :width]))
        seed = torch.Generator().manual_seed(0)
        made = self._pipeline(prompt="", image=image, strength=strength, generator=seed, num_inference_steps=50)
        return np.asarray(made.images[0].convert("RGB").resize((width, height)))
