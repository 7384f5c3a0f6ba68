"""Measures chop-clip on one family of pictures, by default the one that nothing was trained or tuned on.

    python -m training.measure_clip --pack PACK --pictures HELDOUT.npy --weights chop-clip.safetensors

Intervals are Wilson's at 95 % for shares, and bootstrapped over pictures for areas under the curve.
"""

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.render import read_pack
from training.towers import CONFIG, NAME

_SKIN: Final = ("1f3fb", "1f3fc", "1f3fd", "1f3fe", "1f3ff")
_TEMPLATES: Final = ("{}", "a {}", "an icon of a {}", "an emoji of a {}", "a picture of a {}")
# Emoji whose picture shows the concept, by code points; every other picture of the family is a negative.
CONCEPTS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "weapons": (
        ("1f52b", "1f52a", "1f5e1", "2694", "1f4a3", "1f3f9", "1fa93", "1f9e8", "1fa83", "1f931-0"),
        ("a weapon", "a pistol", "a gun", "a knife", "a sword", "a bomb"),
    ),
    "tobacco": (("1f6ac", "1f6ad"), ("a cigarette", "smoking", "tobacco")),
    "alcohol": (
        ("1f377", "1f378", "1f379", "1f37a", "1f37b", "1f37e", "1f942", "1f943", "1f376"),
        ("alcohol", "a glass of wine", "a beer", "a cocktail", "a bottle of liquor"),
    ),
    "gambling": (("1f3b0", "1f3b2", "1f0cf"), ("gambling", "a slot machine", "dice", "playing cards")),
    "drugs": (("1f48a", "1f489"), ("drugs", "a pill", "a syringe", "medicine")),
    "blood": (("1fa78", "1f489", "1f9db"), ("blood", "a drop of blood")),
    "currency": (
        ("1f4b5", "1f4b4", "1f4b6", "1f4b7", "1f4b8", "1f4b0", "1fa99", "1f4b3"),
        ("money", "a banknote", "a coin", "cash"),
    ),
    "underwear": (("1f459", "1fa72", "1fa71"), ("a bikini", "underwear", "swimwear")),
    "death": (("1f480", "2620", "26b0", "1faa6"), ("a skull", "death", "a coffin", "a grave")),
    "children": (("1f476", "1f9d2", "1f466", "1f467", "1f37c", "1f6bc"), ("a baby", "a child", "a boy", "a girl")),
}
_RELATIONS: Final = ("left of", "right of", "above", "below")
Rows = NDArray[np.float32]


def load_net(weights: Path) -> Any:  # noqa: ANN401 - imported late
    """Return chop-clip as the product loads it."""
    from detectors._clip_net import ClipNet

    return ClipNet(NAME, weights, options={"config": str(CONFIG), "threads": 1})


def embed_pictures(net: Any, pixels: NDArray[np.uint8], batch: int = 64) -> Rows:  # noqa: ANN401
    """Embed RGBA pictures, on white."""
    parts = []
    for first in range(0, len(pixels), batch):
        frames = [on_white(Image.fromarray(rgba), net.image_size) for rgba in pixels[first : first + batch]]
        parts.append(net.embed(prepared(net, frames)))
    return np.concatenate(parts)


def on_white(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return an RGB picture of that size."""
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB").resize(size, Image.Resampling.BICUBIC)


def prepared(net: Any, frames: Sequence[Image.Image]) -> NDArray[np.float32]:  # noqa: ANN401
    """Return (N, 3, H, W) standardised pixels."""
    stacked = np.stack([np.asarray(frame, dtype=np.float32) / 255 for frame in frames])
    return np.ascontiguousarray(((stacked - net.mean) / net.std).transpose(0, 3, 1, 2), dtype=np.float32)


def embed_names(net: Any, names: Sequence[str]) -> Rows:  # noqa: ANN401
    """Embed names, each the mean of several ways to say it."""
    total = sum(net.embed_texts([template.format(name) for name in names]) for template in _TEMPLATES)
    rows: Rows = total / np.linalg.norm(total, axis=1, keepdims=True)
    return rows


def wilson(hits: int, count: int) -> tuple[float, float, float]:
    """Return a share and its 95 % interval."""
    share, z = hits / count, 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return share, middle - half, middle + half


def area(positive: Rows, negative: Rows) -> float:
    """Return the area under the curve of scores: how often a positive scores above a negative."""
    order = np.argsort(np.concatenate([positive, negative]), kind="stable")
    ranks = np.empty(len(order))
    ranks[order] = np.arange(1, len(order) + 1)
    wins = ranks[: len(positive)].sum() - len(positive) * (len(positive) + 1) / 2
    return float(wins / (len(positive) * len(negative)))


def measure_names(images: Rows, texts: Rows, labels: NDArray[np.int64]) -> dict[str, tuple[float, float, float]]:
    """Return how often the right name is first, and among the first five."""
    scores = images @ texts.T
    own = scores[np.arange(len(labels)), labels]
    rank = (scores > own[:, None]).sum(axis=1)
    return {f"top-{k}": wilson(int((rank < k).sum()), len(rank)) for k in (1, 5)}


def measure_concepts(net: Any, images: Rows, keys: Sequence[str], seed: int = 0) -> dict[str, Any]:  # noqa: ANN401
    """Return the area under the curve for each concept, and their mean with a bootstrapped interval."""
    rng = np.random.default_rng(seed)
    areas: dict[str, tuple[float, int]] = {}
    held: list[tuple[Rows, Rows]] = []
    for name, (codes, prompts) in CONCEPTS.items():
        is_positive = np.array([key in codes for key in keys])
        if not is_positive.any():
            continue
        scores = (images @ net.embed_texts(list(prompts)).T).max(axis=1)
        held.append((scores[is_positive], scores[~is_positive]))
        areas[name] = (area(*held[-1]), int(is_positive.sum()))
    draws = [np.mean([area(rng.choice(p, len(p)), rng.choice(n, len(n))) for p, n in held]) for _ in range(200)]
    low, high = np.percentile(draws, (2.5, 97.5))
    return {"areas": areas, "mean": (float(np.mean([value for value, _ in areas.values()])), float(low), float(high))}


def measure_order(
    net: Any,  # noqa: ANN401
    pixels: NDArray[np.uint8],
    names: Sequence[str],
    count: int,
    seed: int,
) -> tuple[float, float, float]:
    """Return how often the caption of two pictures side by side beats the one with both names swapped."""
    rng, hits = np.random.default_rng(seed), 0
    width = net.image_size[0]
    for first in range(0, count, 50):
        frames, right, swapped = [], [], []
        for index in range(first, min(count, first + 50)):
            a, b = rng.choice(len(pixels), 2, replace=False)
            relation = _RELATIONS[index % 4]
            frames.append(
                _pair(pixels[a], pixels[b], relation, width * 2).resize(net.image_size, Image.Resampling.BICUBIC)
            )
            right.append(f"a {names[a]} {relation} a {names[b]}")
            swapped.append(f"a {names[b]} {relation} a {names[a]}")
        images = net.embed(prepared(net, frames))
        own, other = (images * net.embed_texts(right)).sum(1), (images * net.embed_texts(swapped)).sum(1)
        hits += int((own > other).sum())
    return wilson(hits, count)


def _pair(first: NDArray[np.uint8], second: NDArray[np.uint8], relation: str, side: int) -> Image.Image:
    canvas, size = Image.new("RGBA", (side, side), "white"), int(side * 0.44)
    near, far, middle = int(side * 0.04), int(side * 0.52), int(side * 0.28)
    places = {"left of": ((near, middle), (far, middle)), "above": ((middle, near), (middle, far))}
    places |= {"right of": places["left of"][::-1], "below": places["above"][::-1]}
    for rgba, place in zip((first, second), places[relation], strict=True):
        canvas.alpha_composite(Image.fromarray(rgba).resize((size, size), Image.Resampling.BICUBIC), place)
    return canvas.convert("RGB")


def measure(pack: Path, pictures: Path, weights: Path, which: str, family: str) -> dict[str, Any]:
    """Return every figure."""
    net = load_net(weights)
    records = read_pack(pack, which)
    rows = [
        row for row, record in enumerate(records) if record["family"] == family and not record["key"].startswith("n:")
    ]
    held = np.load(pictures, mmap_mode="r")
    rows = [row for row in rows if held[row, :, :, 3].any()]
    keys = [records[row]["key"] for row in rows]
    images = embed_pictures(net, held[rows])
    names = {records[row]["key"]: records[row]["names"][0] for row in rows}
    known = list(names)
    labels = np.array([known.index(key) for key in keys])
    texts = embed_names(net, list(names.values()))
    is_plain = np.array([not any(tone in key for tone in _SKIN) for key in keys])
    plain_known = sorted({label for label, plain in zip(labels, is_plain, strict=True) if plain})
    places = {label: place for place, label in enumerate(plain_known)}
    plain_labels = np.array([places[label] for label, plain in zip(labels, is_plain, strict=True) if plain])
    plain_rows = [row for row, plain in zip(rows, is_plain, strict=True) if plain]
    return {
        "pictures": len(rows),
        "names": len(known),
        "all names": measure_names(images, texts, labels),
        "names less skin tones": {
            "names": len(plain_known),
            **measure_names(images[is_plain], texts[plain_known], plain_labels),
        },
        "concepts": measure_concepts(
            net, images[is_plain], [key for key, plain in zip(keys, is_plain, strict=True) if plain]
        ),
        "order": measure_order(net, held[plain_rows], [records[row]["names"][0] for row in plain_rows], 1000, 0),
    }


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--which", default="heldout")
    parser.add_argument("--family", default="twemoji")
    return parser.parse_args()


if __name__ == "__main__":
    print(json.dumps(measure(**vars(_parse())), indent=1))  # noqa: T201 - a command's output
