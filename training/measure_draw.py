"""Measures chop-draw: do chop-clip and a classifier that learned from other pictures see what was asked for?

    python -m training.measure_draw --pack PACK --judge JUDGE.npy --clip WEIGHTS --pipeline FOLDER --out OUT

`python -m training.render PACK 160 JUDGE.npy judge` makes the pictures for the classifier.

Fifty things, each asked for in four ways that no caption used, with fixed seeds. The classifier knows only real
pictures of families that chop-draw never saw: it describes edges and colours, and compares them by a Gaussian kernel.
How it does on a family that it did not see either says how far it can be believed.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from training.measure_clip import embed_names, load_net, on_white, prepared, wilson
from training.render import read_pack

THINGS: Final = (
    "cat", "dog", "horse", "pig", "elephant", "rabbit", "penguin", "fish", "octopus", "butterfly", "snail", "turtle",
    "tulip", "cactus", "evergreen tree", "palm tree", "mushroom", "red apple", "banana", "grapes", "watermelon",
    "strawberry", "pizza", "hamburger", "birthday cake", "ice cream", "beer mug", "hot beverage", "wine glass", "house",
    "sailboat", "airplane", "bus", "bicycle", "automobile", "rocket", "umbrella", "guitar", "trumpet", "soccer ball",
    "basketball", "trophy", "wrapped gift", "balloon", "key", "light bulb", "scissors", "camera", "water pistol",
    "cigarette",
)  # fmt: skip
WAYS: Final = ("one {}", "a small picture showing a {}", "here is a nice {}", "{} by itself")
_SIDE: Final = 64
_SEEN_AT: Final = 160
_SHOWN: Final = 144
_VARIANTS: Final = 14
_RIDGE: Final = 0.3
_DIFFERENT: Final = 40
Judge = Callable[[Image.Image], int]


def cropped(picture: Image.Image) -> Image.Image:
    """Return the thing alone in a square: what differs from the colour of the border, specks aside."""
    smooth = np.asarray(picture.convert("RGB").filter(ImageFilter.MedianFilter(5)), dtype=np.int16)
    border = np.concatenate([smooth[0], smooth[-1], smooth[:, 0], smooth[:, -1]])
    ground = np.median(border, axis=0).astype(int)
    differs = np.abs(smooth - ground).max(-1) > _DIFFERENT
    down, across = np.flatnonzero(differs.any(1)), np.flatnonzero(differs.any(0))
    if len(down) < 4 or len(across) < 4:
        return picture
    middle = (across[0] + across[-1]) / 2, (down[0] + down[-1]) / 2
    side = int(max(down[-1] - down[0], across[-1] - across[0]) * 1.06) + 2
    square = Image.new("RGB", (side, side), tuple(ground.tolist()))
    square.paste(picture.convert("RGB"), (round(side / 2 - middle[0]), round(side / 2 - middle[1])))
    return square


def features(picture: Image.Image) -> NDArray[np.float32]:
    """Return histograms of oriented edges at two scales, a coarse copy of the colours, and a histogram of hues."""
    from skimage.feature import hog

    small = cropped(picture).resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
    values = np.asarray(small, dtype=np.float32) / 255
    edges = [
        hog(values, orientations=9, pixels_per_cell=(cell, cell), cells_per_block=(2, 2), channel_axis=-1) * weight
        for cell, weight in ((8, 1.0), (16, 0.7))
    ]
    coarse = np.asarray(small.resize((8, 8), Image.Resampling.BOX), dtype=np.float32).ravel() / 255
    hue, saturation, _ = np.moveaxis(np.asarray(small.convert("HSV"), dtype=np.float32), -1, 0)
    hues, _ = np.histogram(hue, 16, (0, 255), weights=saturation / 255)
    return np.concatenate([*edges, coarse * 0.5, np.sqrt(hues / _SIDE**2) * 2]).astype(np.float32)


def varied(rgba: NDArray[np.uint8], rng: np.random.Generator) -> Image.Image:
    """Return the picture on white, moved, turned and resized a little, sometimes mirrored."""
    picture = Image.fromarray(rgba)
    picture = picture.rotate(float(rng.normal(0, 6)), Image.Resampling.BICUBIC)
    if rng.random() < 0.5:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    box = picture.getbbox() or (0, 0, picture.width, picture.height)
    picture, canvas = picture.crop(box), Image.new("RGBA", (128, 128), "white")
    size = int(128 * rng.uniform(0.78, 0.97))
    picture.thumbnail((size, size), Image.Resampling.BICUBIC)
    place = (128 - picture.width) // 2 + int(rng.normal(0, 3)), (128 - picture.height) // 2 + int(rng.normal(0, 3))
    canvas.alpha_composite(picture, (max(0, place[0]), max(0, place[1])))
    return canvas.convert("RGB")


def fit_judge(inputs: NDArray[np.float32], labels: Sequence[int]) -> Judge:
    """Return kernel ridge regression on (N, D) features; a Gaussian of half the median distance."""
    targets = np.eye(len(THINGS), dtype=np.float32)[list(labels)]
    norms = (inputs**2).sum(1)
    distances = norms[:, None] + norms - 2 * inputs @ inputs.T
    scale = np.median(distances) / 2
    kernel = np.exp(-distances / scale) + _RIDGE * np.eye(len(inputs))
    weights = np.linalg.solve(kernel, targets - targets.mean(0))

    def judge(picture: Image.Image) -> int:
        near = np.exp(-((inputs - features(picture)) ** 2).sum(1) / scale)
        return int(np.argmax(near @ weights + targets.mean(0)))

    return judge


def train_judge(pack: Path, pictures: Path, seed: int = 0) -> tuple[Judge, tuple[float, float, float]]:
    """Return the classifier, and how those do that learned from all families but the one they are tried on."""
    rng, held = np.random.default_rng(seed), np.load(pictures, mmap_mode="r")
    rows: list[tuple[int, int, str]] = []
    for row, record in enumerate(read_pack(pack, "judge")):
        if record["names"][0] in THINGS and held[row, :, :, 3].any():
            rows.append((row, THINGS.index(record["names"][0]), record["family"]))

    inputs = np.stack([[features(varied(held[row], rng)) for _ in range(_VARIANTS)] for row, _, _ in rows])
    labels, families = np.array([label for _, label, _ in rows]), np.array([family for _, _, family in rows])

    def fit(is_chosen: NDArray[np.bool_]) -> Judge:
        return fit_judge(inputs[is_chosen].reshape(-1, inputs.shape[-1]), labels[is_chosen].repeat(_VARIANTS).tolist())

    hits = 0
    for family in np.unique(families):
        trial = fit(families != family)
        for row, label, own in rows:
            if own == family:
                hits += trial(on_white(Image.fromarray(held[row]), (_SEEN_AT,) * 2)) == label
    return fit(families != ""), wilson(hits, len(rows))


def save_sheet(pictures: Sequence[Image.Image], path: Path, columns: int = 10) -> None:
    """Write small pictures side by side, row by row."""
    side = pictures[0].width
    sheet = Image.new("RGB", (columns * side, -(-len(pictures) // columns) * side), "white")
    for number, picture in enumerate(pictures):
        sheet.paste(picture, (number % columns * side, number // columns * side))
    sheet.save(path)


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Draw, let both judges look, and return how often each is right."""
    from generation._diffusers_net import DiffusersNet

    judge, alone = train_judge(arguments.pack, arguments.judge)
    net = load_net(arguments.clip)
    names = embed_names(net, THINGS)
    pipeline = DiffusersNet(arguments.pipeline, device="cpu", dtype="auto")
    seen: dict[str, list[bool]] = {"chop-clip": [], "classifier": []}
    drawn = []
    asked = [(way, thing) for way in WAYS for thing in THINGS][: arguments.prompts]
    for number, (way, thing) in enumerate(asked):
        wanted = {
            "prompt": way.format(thing),
            "num_inference_steps": arguments.steps,
            "guidance_scale": arguments.guidance,
        }
        picture = Image.fromarray(pipeline.draw({**wanted, "width": 512, "height": 512}, number, None))
        rows = net.embed(prepared(net, [on_white(picture, net.image_size)]))
        label = number % len(THINGS)
        seen["chop-clip"].append(int(np.argmax(rows @ names.T)) == label)
        seen["classifier"].append(judge(picture.resize((_SEEN_AT,) * 2, Image.Resampling.LANCZOS)) == label)
        if number % 10 == 9:
            print(number + 1, {name: sum(hits) for name, hits in seen.items()}, flush=True)  # noqa: T201 - progress
        drawn.append(picture.resize((_SHOWN, _SHOWN), Image.Resampling.LANCZOS))
    arguments.out.mkdir(parents=True, exist_ok=True)
    for first in range(0, len(drawn), len(THINGS)):
        save_sheet(drawn[first : first + len(THINGS)], arguments.out / f"drawn-{first // len(THINGS)}.png")
    figures = {name: wilson(sum(hits), len(hits)) for name, hits in seen.items()}
    return {"steps": arguments.steps, "guidance": arguments.guidance, "classifier on a new family": alone, **figures}


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--judge", type=Path, required=True)
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--pipeline", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--guidance", type=float, default=3.0)
    parser.add_argument("--prompts", type=int, default=len(WAYS) * len(THINGS))
    return parser.parse_args()


if __name__ == "__main__":
    print(json.dumps(measure(_parse()), indent=1))  # noqa: T201 - a command's output
