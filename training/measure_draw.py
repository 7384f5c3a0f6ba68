"""Measures chop-draw: do chop-clip and a classifier that learned from other pictures see what was asked for?

    python -m training.measure_draw --pack PACK --judge JUDGE.npy --clip WEIGHTS --pipeline FOLDER --out OUT

Fifty things, each asked for in four ways that no caption used, with fixed seeds. The classifier knows only real
pictures of families that chop-draw never saw: histograms of edges and colours, and ridge regression on them.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

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
_VARIANTS: Final = 14
_RIDGE: Final = 30.0


def features(picture: Image.Image) -> NDArray[np.float32]:
    """Return a histogram of oriented edges and a coarse copy of the colours."""
    from skimage.feature import hog

    small = picture.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
    values = np.asarray(small, dtype=np.float32) / 255
    edges = hog(values, orientations=9, pixels_per_cell=(8, 8), cells_per_block=(2, 2), channel_axis=-1)
    coarse = np.asarray(small.resize((8, 8), Image.Resampling.BOX), dtype=np.float32).ravel() / 255
    return np.concatenate([edges, coarse * 0.5]).astype(np.float32)


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


def train_judge(pack: Path, pictures: Path, seed: int = 0) -> tuple[Any, tuple[float, float, float]]:
    """Return the classifier, and how it does on a family that it did not learn from (OpenMoji, left out for that)."""
    rng, held = np.random.default_rng(seed), np.load(pictures, mmap_mode="r")
    rows: list[tuple[int, int, str]] = []
    for row, record in enumerate(read_pack(pack, "judge")):
        if record["names"][0] in THINGS and held[row, :, :, 3].any():
            rows.append((row, THINGS.index(record["names"][0]), record["family"]))

    def fit(chosen: Sequence[tuple[int, int, str]]) -> Any:  # noqa: ANN401 - a function
        inputs = np.stack([features(varied(held[row], rng)) for row, _, _ in chosen for _ in range(_VARIANTS)])
        targets = np.eye(len(THINGS), dtype=np.float32)[[label for _, label, _ in chosen for _ in range(_VARIANTS)]]
        middle = inputs.mean(0)
        kernel = (inputs - middle) @ (inputs - middle).T
        weights = (inputs - middle).T @ np.linalg.solve(
            kernel + _RIDGE * np.eye(len(kernel)), targets - targets.mean(0)
        )
        return lambda picture: int(np.argmax((features(picture) - middle) @ weights + targets.mean(0)))

    trial = fit([row for row in rows if row[2] != "openmoji"])
    tested = [row for row in rows if row[2] == "openmoji"]
    hits = sum(trial(on_white(Image.fromarray(held[row]), (_SIDE, _SIDE))) == label for row, label, _ in tested)
    return fit(rows), wilson(hits, len(tested))


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
        seen["classifier"].append(judge(picture) == label)
        if number % 10 == 9:
            print(number + 1, {name: sum(hits) for name, hits in seen.items()}, flush=True)  # noqa: T201 - progress
        drawn.append(picture.resize((128, 128), Image.Resampling.LANCZOS))
    arguments.out.mkdir(parents=True, exist_ok=True)
    sheet = Image.new("RGB", (25 * 128, 8 * 128), "white")
    for number, picture in enumerate(drawn):
        sheet.paste(picture, ((number % 25) * 128, number // 25 * 128))
    sheet.save(arguments.out / "drawn.png")
    figures = {name: wilson(sum(hits), len(hits)) for name, hits in seen.items()}
    return {"steps": arguments.steps, "guidance": arguments.guidance, "classifier on OpenMoji": alone, **figures}


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
