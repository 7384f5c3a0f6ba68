"""Teaches the fingerprint `copy` which directions tell pictures apart, and which only tell what was done to one.

    python -m training.copy OUT FOLDER [FOLDER ...]

Learns without labels, in the manner of SSCD: several views of each picture (cropped, tilted, framed, toned, pasted into
another) are drawn together, different pictures apart (InfoNCE), and the nearest of those once more (entropy). Only the
last step learns, 512 combinations of pooled features, of which the signs are kept. What is shipped learned from free
pictures in packages (docs/models.md): desktop backgrounds, cut into tiles, and photographs of things; no picture that
figures are reported on is among them.
"""

import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from provenance.fingerprints.copy import POWER, PROJECTION, pool
from provenance.sight.network import SIDE, load_network

if TYPE_CHECKING:
    from torch import Tensor

BITS: Final = 512
VIEWS: Final = 6
"""Views of each picture: as it is, two crops, tilted, framed, and as a part of another."""
STEPS: Final = 1500
BATCH: Final = 256
# SSCD, section 4: temperature of InfoNCE and weight of the entropy; scaled to so small a task.
TEMPERATURE: Final = 0.05
ENTROPY: Final = 0.3
DAMPING: Final = 0.3
DIRECTIONS: Final = 256
LEAST_SIDE: Final = 200
LEAST_SPREAD: Final = 12.0
TILE_SIDE: Final = 480
_CELLS: Final = 7
WIDE_SIDE: Final = 2 * SIDE
# One desktop background often comes in many sizes; this wide and more it is cut.
_LARGE: Final = 1000


def load_pictures(folders: list[Path], noise: np.random.Generator) -> Iterator[Image.Image]:
    """Yield pictures of about 500 pixels: large ones as four tiles, cut-outs on a ground of another's tile."""
    ground: Image.Image | None = None
    seen: set[int] = set()
    for path in sorted(path for folder in folders for path in folder.rglob("*.*")):
        if path.suffix.lower() not in {".png", ".jpg", ".jpeg", ".webp"} or not path.is_file():
            continue
        with Image.open(path) as opened:
            if min(opened.size) < LEAST_SIDE or opened.mode not in {"RGB", "RGBA"}:
                continue
            opened.thumbnail((4 * TILE_SIDE, 4 * TILE_SIDE))
            picture = opened.convert("RGBA")
        key = hash(picture.resize((8, 8)).tobytes())
        if key in seen:
            continue
        seen.add(key)
        if picture.width < _LARGE:
            under = (ground or Image.new("RGB", (8, 8), "white")).resize(picture.size).filter(ImageFilter.BoxBlur(2))
            under.paste(picture, mask=picture.getchannel("A"))
            tiles = [under]
        else:
            tiles = _cut(picture.convert("RGB"))
            ground = tiles[int(noise.integers(len(tiles)))] if tiles else ground
        yield from (tile for tile in tiles if np.asarray(tile).std() >= LEAST_SPREAD)


def _cut(picture: Image.Image) -> list[Image.Image]:
    columns, rows = (np.linspace(0, side, 3, dtype=int) for side in picture.size)
    boxes = [(left, top, right, bottom) for left, right in pairwise(columns) for top, bottom in pairwise(rows)]
    tiles = [picture.crop(box) for box in boxes]
    for tile in tiles:
        tile.thumbnail((TILE_SIDE, TILE_SIDE))
    return tiles


def crop(picture: Image.Image, noise: np.random.Generator, least: float) -> Image.Image:
    """Return a part of at least this share of the area, anywhere."""
    area, shape = noise.uniform(least, 1), np.exp(noise.uniform(-0.4, 0.4))
    width = max(32, min(picture.width, int(picture.width * (area * shape) ** 0.5)))
    height = max(32, min(picture.height, int(picture.height * (area / shape) ** 0.5)))
    left, top = noise.integers(0, picture.width - width + 1), noise.integers(0, picture.height - height + 1)
    return picture.crop((int(left), int(top), int(left) + width, int(top) + height))


def tone(picture: Image.Image, noise: np.random.Generator) -> Image.Image:
    """Return the picture in other tones and a little softer."""
    for control in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        picture = control(picture).enhance(noise.uniform(0.6, 1.4))
    if noise.random() < 0.2:
        picture = ImageOps.grayscale(picture).convert("RGB")
    return picture.filter(ImageFilter.GaussianBlur(noise.uniform(0, 1.2)))


def look(picture: Image.Image) -> NDArray[np.float32]:
    """Return the pooled features of a picture as a whole."""
    return pool(load_network().look(np.asarray(picture)).features)


def build_views(picture: Image.Image, other: Image.Image, noise: np.random.Generator) -> NDArray[np.float32]:
    """Return the pooled features of each view: (VIEWS, C)."""
    framed = ImageOps.expand(picture, int(picture.width * noise.uniform(0.03, 0.2)), tuple(noise.integers(0, 256, 3)))
    tilted = crop(picture, noise, 0.5).rotate(noise.uniform(-15, 15), Image.Resampling.BICUBIC)
    wide = other.resize((WIDE_SIDE, WIDE_SIDE))
    wide.paste(crop(picture, noise, 0.7).resize((SIDE, SIDE)), (SIDE, SIDE))
    part = pool(load_network().look(np.asarray(wide), WIDE_SIDE).features[-_CELLS:, -_CELLS:])
    seen = (picture, crop(picture, noise, 0.15), tone(crop(picture, noise, 0.25), noise), tone(tilted, noise), framed)
    return np.stack([*map(look, seen), part])


def whiten(vectors: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the mean (C,) and where learning begins (C, 512): damped principal directions, mixed at random."""
    mean = vectors.mean(axis=0)
    spreads, directions = np.linalg.eigh(np.cov((vectors - mean).T))
    order = spreads.argsort()[::-1][:DIRECTIONS]
    spread = np.sqrt(np.maximum(spreads[order], 0))
    whitened = directions[:, order] / (spread + DAMPING * spread[0])
    mixing = np.random.default_rng(POWER).normal(size=(DIRECTIONS, BITS)) / DIRECTIONS**0.5
    return mean, (whitened @ mixing).astype(np.float32)


def learn(views: NDArray[np.float32], mean: NDArray[np.float32], start: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the combinations (C, 512) after learning from (N, VIEWS, C) pooled views."""
    import torch

    torch.manual_seed(POWER)
    seen = torch.from_numpy(views - mean)
    matrix = torch.nn.Parameter(torch.from_numpy(start.copy()))
    optimizer = torch.optim.Adam([matrix], lr=float(np.abs(start).mean()) * 0.02)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        chosen = torch.randperm(len(seen))[:BATCH]
        pair = torch.rand(len(chosen), seen.shape[1]).argsort(dim=1)[:, :2]
        both = torch.cat([seen[chosen, pair[:, 0]], seen[chosen, pair[:, 1]]])
        loss = _weigh(both, matrix)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rate.step()
    learned: NDArray[np.float32] = matrix.detach().numpy()
    return learned


def _weigh(both: "Tensor", matrix: "Tensor") -> "Tensor":
    """Return the loss of two views of each picture, stacked; signs are taken softly, for they have no slope."""
    import torch

    raw = both @ matrix
    made = torch.nn.functional.normalize(torch.tanh(raw / raw.detach().std()), dim=1)
    count = len(both) // 2
    alike = (made @ made.T / TEMPERATURE).fill_diagonal_(-torch.inf)
    partner = torch.arange(2 * count).roll(count)
    contrast = torch.nn.functional.cross_entropy(alike, partner)
    others = alike.clone()
    others[torch.arange(2 * count), partner] = -torch.inf
    nearest = (2 - 2 * TEMPERATURE * others.max(dim=1).values).clamp_min(1e-6)
    return contrast - ENTROPY * nearest.log().mean() / 2


def main(arguments: list[str]) -> None:
    """Learn from the folders named and write the file."""
    out, *folders = map(Path, arguments)
    noise = np.random.default_rng(1)
    kept: list[NDArray[np.float32]] = []
    before: Image.Image | None = None
    for picture in load_pictures(folders, noise):
        if before is not None:
            kept.append(build_views(picture, before, noise))
        before = picture
    views = np.stack(kept)
    mean, start = whiten(views.reshape(-1, views.shape[2]))
    matrix = learn(views, mean, start)
    np.savez_compressed(out / PROJECTION, mean=mean.astype(np.float16), matrix=matrix.astype(np.float16))
    print(f"{out / PROJECTION}: from {len(views)} pictures in {VIEWS} views")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
