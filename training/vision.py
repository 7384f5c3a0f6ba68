"""Teaches chop-clip's image tower on, with the text tower as it is, so that whatever leans on words stays calibrated.

    python -m training.vision --pack PACK --pictures PICTURES.npy --start WEIGHTS --out FOLDER --seconds 3600

Pictures go to their captions as in `training.clip`; to the names of all concepts at once, which words that stay where
they are make cheap; and to their keywords among all keywords. A part of the pictures come as siblings: one thing in
several skin tones, which nothing but its colour tells apart. The first layers, which see edges and colours, stay as
they are. What is written lies between what it began with and what was learned, which knows new pictures better than
either (arXiv:2109.01903). Resumes from FOLDER.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import load_file
from torch.nn import functional

from training.batches import Pictures, load_pictures, make_batch
from training.clip import contrast, embed_canvas, export
from training.clock import Clock, Curve, choose_device
from training.render import read_pack
from training.run import Run
from training.tokens import TokenTable
from training.towers import build_model, encode_texts

_WAYS: Final = ("", "a", "the", "a picture of a", "an image of a", "an icon of a", "an emoji of a", "a drawing of a")
_FIXED: Final = ("conv1", "bn1", "layer1")
_NAME_TOKENS: Final = 24
_TAGS_WEIGHT: Final = 0.5
_SHARPNESS: Final = 20
_FEWEST: Final = 3
Record = dict[str, Any]


def load_towers(path: Path, device: torch.device) -> Any:  # noqa: ANN401 - open_clip has no types
    """Return the model with those weights; only the image tower's later layers learn."""
    model = build_model().to(device)
    state = {name: value.float() if value.is_floating_point() else value for name, value in load_file(path).items()}
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected, unexpected
    assert set(missing) <= {"attn_mask"}, missing
    model.requires_grad_(requires_grad=False)
    trunk = model.visual.to(memory_format=torch.channels_last).trunk
    model.visual.train().requires_grad_(requires_grad=True)
    for name in _FIXED:
        getattr(trunk, name).eval().requires_grad_(requires_grad=False)
    return model


@torch.no_grad()  # type: ignore[untyped-decorator]  # torch is skipped
def embed_concepts(model: Any, pictures: Pictures, names: list[str], cache: Path) -> torch.Tensor:  # noqa: ANN401
    """Return (W, K, D): every numbered concept's first name, said in W ways; `names` has one for each picture."""
    of_concept = dict(zip(pictures.concepts.tolist(), names, strict=True))
    listed = [of_concept[number] for number in range(int(pictures.concepts.max()) + 1)]
    return _say(model, listed, pictures.weights.device, cache)


def _say(model: Any, listed: Sequence[str], device: torch.device, cache: Path) -> torch.Tensor:  # noqa: ANN401
    table = TokenTable([*_WAYS, *listed], device, cache)
    numbers = torch.arange(len(listed), device=device) + len(_WAYS)
    whole = torch.zeros(len(numbers), dtype=torch.bool, device=numbers.device)
    said = []
    for way in range(len(_WAYS)):
        texts = table.join(torch.stack([torch.full_like(numbers, way), numbers], 1), whole, _NAME_TOKENS)
        said.append(torch.cat([encode_texts(model, part) for part in texts.split(512)]))
    return torch.stack(said)


def mix_weights(
    start: dict[str, torch.Tensor], learned: dict[str, torch.Tensor], share: float
) -> dict[str, torch.Tensor]:
    """Return weights that far from `start` to `learned`; what does not learn stays bit for bit."""
    mixed = dict(start)
    for name, value in start.items():
        if name.startswith("visual.") and value.is_floating_point():
            mixed[name] = torch.lerp(value.float(), learned[name].float().cpu(), share)
    return mixed


@dataclass(frozen=True, slots=True)
class Keywords:
    """(W, K, D) embeddings of what several pictures are tagged with, and (N, K) which pictures are."""

    said: torch.Tensor
    is_tagged: torch.Tensor

    def loss(self, image: torch.Tensor, pictures: torch.Tensor) -> torch.Tensor:
        """Return how far (B, D) images are from the tags of those pictures, all others considered."""
        way = self.said[int(torch.randint(len(self.said), ()))]
        tagged = self.is_tagged[pictures].float()
        known = tagged.sum(1)
        away = -(functional.log_softmax(_SHARPNESS * image @ way.T, 1) * tagged).sum(1) / known.clamp(min=1)
        return away.sum() / (known > 0).sum().clamp(min=1)


@torch.no_grad()  # type: ignore[untyped-decorator]  # torch is skipped
def embed_keywords(model: Any, records: Sequence[Record], device: torch.device, cache: Path) -> Keywords:  # noqa: ANN401
    """Return the keywords that a few pictures share."""
    counted = Counter(word for record in records for word in set(record["keywords"]))
    listed = sorted(word for word, count in counted.items() if count >= _FEWEST)
    places = {word: place for place, word in enumerate(listed)}
    is_tagged = torch.zeros((len(records), len(listed)), dtype=torch.bool)
    for row, record in enumerate(records):
        is_tagged[row, [places[word] for word in record["keywords"] if word in places]] = True
    return Keywords(_say(model, listed, device, cache), is_tagged.to(device))


def train(arguments: argparse.Namespace) -> None:
    """Train for the given seconds, from the last checkpoint if there is one, and write the weights."""
    device = choose_device()
    torch.manual_seed(arguments.seed)
    pictures = load_pictures(arguments.pack, arguments.pictures, arguments.held, device, siblings=arguments.siblings)
    model = load_towers(arguments.start, device)
    records = read_pack(arguments.pack, "clip")
    concepts = embed_concepts(model, pictures, [record["names"][0] for record in records], arguments.pack)
    keywords = embed_keywords(model, records, device, arguments.pack)
    run = Run(arguments.out / "vision.pt", model, rate=arguments.rate, betas=(0.9, 0.98), decay=0.995)
    torch.manual_seed(arguments.seed + run.steps)
    curve, clock = Curve(arguments.out / "vision.csv"), Clock(arguments.seconds)
    seen: list[dict[str, float]] = []
    while clock.progress < 1:
        with torch.no_grad():
            batch = make_batch(pictures, arguments.batch, model.visual.image_size[0])
        way = concepts[int(torch.randint(len(concepts), ()))]
        image = embed_canvas(model, batch)
        losses = contrast(model, image, way, batch)
        losses["tags"] = keywords.loss(image[: len(batch.singles)], batch.singles)
        loss = losses["main"] + losses["order"] + losses["concept"] + _TAGS_WEIGHT * losses["tags"]
        run.learn(loss, clock)
        seen.append({name: value.item() for name, value in losses.items()})
        if run.steps % arguments.log == 0:
            means = {name: sum(row[name] for row in seen) / len(seen) for name in seen[0]}
            curve.append(step=run.steps, seconds=run.seconds(clock), **means)
            seen = []
        if run.steps % arguments.keep == 0 or clock.progress >= 1:
            run.save(clock)
            export(mix_weights(load_file(arguments.start), run.average, arguments.share), arguments.out)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--start", type=Path, required=True, help="weights to begin from")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--held", default="", help="a family to keep out, for tuning")
    parser.add_argument("--siblings", type=float, default=0.3, help="share of pictures that come with other skin tones")
    parser.add_argument("--share", type=float, default=0.75, help="of what was learned, in what is written")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--rate", type=float, default=7e-4)
    parser.add_argument("--log", type=int, default=50)
    parser.add_argument("--keep", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    train(_parse())
