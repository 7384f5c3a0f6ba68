"""Trains chop-clip: an open_clip model that ties small pictures to plain words.

    python -m training.clip --pack PACK --pictures PICTURES.npy --out FOLDER --seconds 150 [--held FAMILY]

Four losses: pictures and captions find each other in a batch, several right answers allowed (UniCL, arXiv:2204.03610);
both find the prototype of their concept, one learned vector each, which is what gets the towers going; a caption of two
things beats the one with both swapped; and words lie as far apart as their word vectors do, lemmas near their glosses,
so that a word that no picture bore lands beside those that one did. Resumes from FOLDER.
"""

import argparse
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors.torch import save_file
from torch.nn import functional

from training.captions import ORDERED, RELATIONS, WHITE, Captions, build_captions
from training.clock import Average, Clock, Curve, choose_device, load_checkpoint, save_checkpoint, wait_for
from training.compose import (
    backgrounds,
    named_colours,
    over,
    pair_layouts,
    place,
    single_layout,
    standardised,
    tint,
    weather,
)
from training.render import read_pack
from training.sources import SOURCES
from training.tokens import Phrases, TokenTable
from training.towers import build_model, encode_texts, plant_words

_WEIGHTS: Final = {"openclipart": 0.25, "game-icons": 0.2, "stamps": 0.7, "circle-flags": 0.3, "meteocons": 0.3}
_PAIR_SHARE: Final = 0.25
_TOGETHER: Final = 4
_TONE: Final = re.compile(r"-?1f3f[b-f]")
_WORDS: Final = 512
_PAIRS: Final = 256
_CAPTION_TOKENS: Final = 22
_WORD_TOKENS: Final = 8
_TEACHER_TEMPERATURE: Final = 0.12
_ORDER_WEIGHT: Final = 1.0
_LEXICAL_WEIGHT: Final = 0.25
_PROTOTYPE_WEIGHT: Final = 0.5


@dataclass(slots=True)
class Siblings:
    """Pictures that differ in skin tone alone, thing by thing: `members` in rows of `counts` that begin at `starts`."""

    members: torch.Tensor
    starts: torch.Tensor
    counts: torch.Tensor
    share: float

    def draw(self, count: int) -> torch.Tensor:
        """Return the numbers of `share` of `count` pictures, so many of one thing after another."""
        groups = int(count * self.share) // _TOGETHER
        device = self.members.device
        chosen = torch.randint(len(self.starts), (groups,), device=device).repeat_interleave(_TOGETHER)
        places = (torch.rand(len(chosen), device=device) * self.counts[chosen]).long()
        return self.members[self.starts[chosen] + places]


@dataclass(slots=True)
class Pictures:
    """Every training picture, on the device where it fits, and how often each is drawn."""

    pixels: torch.Tensor
    weights: torch.Tensor
    is_tinted: torch.Tensor
    concepts: torch.Tensor
    captions: Captions
    siblings: Siblings | None = None

    def draw(self, count: int) -> torch.Tensor:
        """Return the numbers of `count` pictures, siblings first."""
        drawn = torch.multinomial(self.weights, count, replacement=True)
        if self.siblings:
            together = self.siblings.draw(count)
            drawn[: len(together)] = together
        return drawn


@dataclass(slots=True)
class Batch:
    """One step's pictures and captions; `swapped` belongs to the rows `ordered` names.

    `concepts` numbers each single picture's concept; -1 for pairs and for what is only one picture's. `singles` are the
    pictures that stand alone, first in the batch.
    """

    canvas: torch.Tensor
    texts: torch.Tensor
    targets: torch.Tensor
    is_neutral: torch.Tensor
    swapped: torch.Tensor
    ordered: torch.Tensor
    concepts: torch.Tensor
    singles: torch.Tensor


@dataclass(slots=True)
class Lexicon:
    """Words with vectors, and pairs of texts that mean nearly the same, as tokens on the device."""

    words: TokenTable
    listed: list[str]
    vectors: torch.Tensor
    firsts: TokenTable
    seconds: TokenTable
    pairs: torch.Tensor


def load_pictures(pack: Path, path: Path, held: str, device: torch.device, siblings: float = 0.0) -> Pictures:
    """Read rendered pictures; those of family `held` are never drawn, and a share of `siblings` in many skin tones."""
    records = read_pack(pack, "clip")
    pixels = torch.from_numpy(np.load(path, mmap_mode="c"))
    assert len(pixels) == len(records), "the pack and the rendered pictures differ: render again"
    weights = [_weight(record, held) for record in records]
    outlines = {source.family for source in SOURCES if source.style == "silhouette"}
    return Pictures(
        pixels=pixels.to(device) if device.type == "cuda" else pixels,
        weights=torch.tensor(weights, device=device),
        is_tinted=torch.tensor([record["family"] in outlines for record in records], device=device),
        concepts=torch.tensor(number_concepts(records), device=device),
        captions=build_captions(records, Phrases(), device, pack),
        siblings=find_siblings(records, held, siblings, device) if siblings else None,
    )


def find_siblings(records: list[dict[str, Any]], held: str, share: float, device: torch.device) -> Siblings:
    """Gather the pictures of every thing that has skin tones, whoever drew them."""
    things: dict[str, list[int]] = {}
    for number, record in enumerate(records):
        if record["family"] != held and _TONE.search(record["key"]):
            things.setdefault(_TONE.sub("", record["key"]), []).append(number)
    counts = torch.tensor([len(members) for members in things.values()], device=device)
    members = [number for members in things.values() for number in members]
    return Siblings(torch.tensor(members, device=device), counts.cumsum(0) - counts, counts, share)


def number_concepts(records: list[dict[str, Any]]) -> list[int]:
    """Number the concepts that two pictures or more show; -1 for the rest."""
    counted = Counter(record["key"] for record in records)
    numbers = {key: number for number, key in enumerate(sorted(key for key, count in counted.items() if count > 1))}
    return [numbers.get(record["key"], -1) for record in records]


def _weight(record: dict[str, Any], held: str) -> float:
    if record["family"] == held:
        return 0.0
    return _WEIGHTS.get(record["family"], 1.0) * (0.3 if "1f3f" in record["key"] and "-" in record["key"] else 1.0)


def load_lexicon(path: Path, device: torch.device) -> Lexicon:
    """Read `training.lexicon`'s file."""
    held = np.load(path)
    phrases, others = Phrases(), Phrases()
    pairs = [(phrases.add(str(a)), others.add(str(b))) for a, b in zip(held["lemmas"], held["others"], strict=True)]
    vectors = torch.from_numpy(held["vectors"].astype(np.float32)).to(device)
    return Lexicon(
        listed=[str(word) for word in held["words"]],
        words=TokenTable([str(word) for word in held["words"]], device, path.parent),
        vectors=functional.normalize(vectors, dim=1),
        firsts=TokenTable(phrases.texts, device, path.parent),
        seconds=TokenTable(others.texts, device, path.parent),
        pairs=torch.tensor(pairs, device=device),
    )


def make_batch(pictures: Pictures, count: int, side: int) -> Batch:
    """Draw pictures, put them on canvases and say what is there."""
    device, captions = pictures.weights.device, pictures.captions
    pairs = int(count * _PAIR_SHARE)
    first, second = pictures.draw(count), pictures.draw(count)
    is_pair = torch.arange(count, device=device) >= count - pairs
    relation = torch.randint(len(RELATIONS), (count,), device=device)
    colour = torch.where(torch.rand(count, device=device) < 0.45, WHITE, torch.randint(12, (count,), device=device))
    paints = torch.randint(12, (2, count), device=device)
    canvas, is_plain = _draw_canvas(pictures, (first, second), relation, colour, paints, count - pairs, side)

    name = captions.choose(first, (0.68, 0.22, 0.1))
    other = captions.choose(second, (0.95, 0.05, 0.0))
    is_chinese = captions.is_chinese(first, name) & ~is_pair
    prefix = torch.where(is_chinese, 0, captions.prefix(first))
    # Some pairs are called by one of their things: what is there is there, alone or not.
    is_one = is_pair & (torch.rand(count, device=device) < 0.15)
    is_both = is_pair & ~is_one
    colours = [
        torch.where(pictures.is_tinted[it] & _coin(count, 0.5, device), captions.colours[paint], 0)
        for it, paint in ((first, paints[0]), (second, paints[1]))
    ]
    ground = torch.where(is_plain & ~is_chinese & _coin(count, 0.25, device), captions.on_colour[colour], 0)
    zero = torch.zeros_like(name)
    words = torch.where(is_both, captions.relation(relation), zero)
    segments = [
        prefix,
        colours[0],
        name,
        words,
        torch.where(is_both, colours[1], zero),
        torch.where(is_both, other, zero),
        ground,
    ]
    swapped = [prefix, colours[1], other, words, colours[0], name, ground]
    is_small = _coin(count, 0.3, device)
    ordered = (is_both & (relation < ORDERED) & (name != other)).nonzero()[:, 0]
    targets, is_neutral = _match(captions, first, second, name, is_pair, is_both)
    return Batch(
        canvas=canvas,
        texts=captions.table.join(torch.stack(segments, 1), is_small, _CAPTION_TOKENS),
        targets=targets,
        is_neutral=is_neutral,
        swapped=captions.table.join(torch.stack(swapped, 1)[ordered], is_small[ordered], _CAPTION_TOKENS),
        ordered=ordered,
        concepts=torch.where(is_pair, -1, pictures.concepts[first]),
        singles=first[: count - pairs],
    )


def _coin(count: int, share: float, device: torch.device) -> torch.Tensor:
    return torch.rand(count, device=device) < share


def _draw_canvas(
    pictures: Pictures,
    things: tuple[torch.Tensor, torch.Tensor],
    relation: torch.Tensor,
    colour: torch.Tensor,
    paints: torch.Tensor,
    singles: int,
    side: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return canvases, and which of them have one plain named colour behind."""
    device, count = relation.device, len(relation)
    is_plain = _coin(count, 0.6, device)
    below = backgrounds(named_colours(colour), is_plain, side)
    alone = single_layout(singles, (0.5, 1.05), 0.15, device)
    near, far = pair_layouts(relation[singles:], (0.36, 0.54), 0.12)

    def layer(numbers: torch.Tensor, paint: torch.Tensor, layout: Any) -> torch.Tensor:  # noqa: ANN401
        pixels = pictures.pixels[numbers.to(pictures.pixels.device)].to(device)
        return tint(place(pixels, layout, side), named_colours(paint, 0.04), pictures.is_tinted[numbers])

    one = over(layer(things[0][:singles], paints[0, :singles], alone), below[:singles])
    two = over(layer(things[1][singles:], paints[1, singles:], far), below[singles:])
    two = over(layer(things[0][singles:], paints[0, singles:], near), two)
    worn = standardised(weather(torch.cat([one, two])))
    return worn.contiguous(memory_format=torch.channels_last), is_plain


def _match(
    captions: Captions,
    first: torch.Tensor,
    second: torch.Tensor,
    name: torch.Tensor,
    is_pair: torch.Tensor,
    is_both: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return which captions are right for which pictures (rows), and which are neither right nor wrong."""
    has = (captions.slots[first][:, :, None] == name).any(1)
    also = (captions.slots[second][:, :, None] == name).any(1)
    single_text = ~is_both
    right = has & single_text & ~is_pair[:, None]
    neutral = (has | also) & single_text & is_pair[:, None]
    same = torch.eye(len(first), dtype=torch.bool, device=first.device)
    return right | same, neutral & ~same


def embed_canvas(model: Any, batch: Batch) -> torch.Tensor:  # noqa: ANN401
    """Return (B, D) image features of length 1."""
    return functional.normalize(model.encode_image(batch.canvas).float(), dim=-1)


def contrast(model: Any, image: torch.Tensor, prototypes: torch.Tensor, batch: Batch) -> dict[str, torch.Tensor]:  # noqa: ANN401
    """Return the losses of embedded pictures and their captions, and how often the right caption wins."""
    both = encode_texts(model, torch.cat([batch.texts, batch.swapped]))
    text, swapped = both[: len(batch.texts)], both[len(batch.texts) :]
    scale = model.logit_scale.exp().clamp(max=100)
    logits = (scale * image @ text.T).float().masked_fill(batch.is_neutral, -1e4)
    targets = batch.targets.float()
    with_swapped = torch.cat([logits, (scale * image @ swapped.T).float()], 1)
    by_image = -(functional.log_softmax(with_swapped, 1)[:, : len(text)] * targets).sum(1) / targets.sum(1)
    by_text = -(functional.log_softmax(logits, 0) * targets).sum(0) / targets.sum(0)
    own = (image[batch.ordered] * text[batch.ordered]).sum(1)
    other = (image[batch.ordered] * swapped).sum(1)
    order = functional.softplus(-scale.detach() * (own - other)).sum() / max(1, len(own))
    anchors = functional.normalize(prototypes, dim=-1)
    concept = sum(
        functional.cross_entropy((20 * rows @ anchors.T).float(), batch.concepts, ignore_index=-1)
        for rows in (image, text)
    )
    right = batch.targets.gather(1, logits.argmax(1, keepdim=True)).float().mean()
    return {
        "main": (by_image.mean() + by_text.mean()) / 2,
        "order": order,
        "concept": concept,
        "right": right,
        "ordered": (own > other).float().mean(),
    }


def lexical(model: Any, lexicon: Lexicon) -> torch.Tensor:  # noqa: ANN401
    """Return how far words are from where their vectors and WordNet put them."""
    device = lexicon.vectors.device
    words = torch.randint(len(lexicon.vectors), (_WORDS,), device=device)
    chosen = lexicon.pairs[torch.randint(len(lexicon.pairs), (_PAIRS,), device=device)]
    rows = encode_texts(model, lexicon.words.join(words[:, None], _coin(_WORDS, 0.3, device), _WORD_TOKENS))
    firsts = encode_texts(model, lexicon.firsts.join(chosen[:, :1], _coin(_PAIRS, 0.3, device), _WORD_TOKENS))
    seconds = encode_texts(model, lexicon.seconds.join(chosen[:, 1:], _coin(_PAIRS, 0.3, device), _CAPTION_TOKENS))
    same = torch.eye(_WORDS, dtype=torch.bool, device=device)
    teacher = (lexicon.vectors[words] @ lexicon.vectors[words].T / _TEACHER_TEMPERATURE).float().masked_fill(same, -1e4)
    student = (rows @ rows.T / _TEACHER_TEMPERATURE).float().masked_fill(same, -1e4)
    imitation = functional.kl_div(
        functional.log_softmax(student, 1), functional.log_softmax(teacher, 1), log_target=True, reduction="batchmean"
    )
    logits = (20 * firsts @ seconds.T).float()
    target = torch.arange(_PAIRS, device=device)
    likeness = (functional.cross_entropy(logits, target) + functional.cross_entropy(logits.T, target)) / 2
    return imitation + 0.3 * likeness


class Run:
    """The towers, the prototypes, their optimiser and their average, as one that can be saved."""

    def __init__(self, concepts: int, lexicon: Lexicon, device: torch.device, rate: float) -> None:
        self.model = build_model().to(device)
        plant_words(self.model, lexicon.listed, lexicon.vectors)
        self.model.visual.to(memory_format=torch.channels_last)
        self.prototypes = torch.nn.Parameter(
            torch.randn(concepts, self.model.text_projection.shape[1], device=device) * 0.1
        )
        tables = [self.model.token_embedding.weight, self.model.positional_embedding]
        kept = {id(value) for value in (*tables, self.prototypes, self.model.logit_scale)}
        others = [value for value in self.model.parameters() if id(value) not in kept]
        groups: list[dict[str, Any]] = [
            {"params": [value for value in others if value.ndim > 1], "weight_decay": 0.1, "share": 1.0},
            {"params": [*tables, *(value for value in others if value.ndim <= 1)], "weight_decay": 0.0, "share": 1.0},
            {"params": [self.prototypes, self.model.logit_scale], "weight_decay": 0.0, "share": 5.0},
        ]
        self.optimiser = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98), fused=device.type == "cuda")
        self.average = Average(self.model, 0.998)
        self.rate, self.steps, self.seconds = rate, 0, 0.0

    def load(self, path: Path) -> None:
        """Take up a checkpoint, if there is one."""
        if checkpoint := load_checkpoint(path):
            self.model.load_state_dict(checkpoint["model"])
            self.optimiser.load_state_dict(checkpoint["optimiser"])
            self.prototypes.data.copy_(checkpoint["prototypes"])
            for name, value in checkpoint["average"].items():
                self.average.state[name].copy_(value)
            self.steps, self.seconds = checkpoint["steps"], checkpoint["seconds"]

    def save(self, path: Path, seconds: float) -> None:
        """Write a checkpoint."""
        save_checkpoint(
            path,
            model=self.model.state_dict(),
            optimiser=self.optimiser.state_dict(),
            prototypes=self.prototypes.data,
            average=self.average.state,
            steps=self.steps,
            seconds=self.seconds + seconds,
        )

    def step(self, batch: Batch, lexicon: Lexicon, scale: float) -> dict[str, torch.Tensor]:
        """Learn from one batch, and return what its losses were."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate * scale * group["share"]
        with torch.autocast(batch.canvas.device.type, dtype=torch.bfloat16, enabled=batch.canvas.is_cuda):
            losses = contrast(self.model, embed_canvas(self.model, batch), self.prototypes, batch)
            losses["lexical"] = lexical(self.model, lexicon)
        loss = losses["main"] + _ORDER_WEIGHT * losses["order"] + _PROTOTYPE_WEIGHT * losses["concept"]
        loss = loss + _LEXICAL_WEIGHT * losses["lexical"]
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.average.update()
        self.steps += 1
        return losses


def train(arguments: argparse.Namespace) -> None:
    """Train for the given seconds, from the last checkpoint if there is one."""
    device = choose_device()
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = torch.backends.cudnn.benchmark = True
    torch.manual_seed(arguments.seed)
    clock = Clock(1)
    pictures = load_pictures(arguments.pack, arguments.pictures, arguments.held, device)
    lexicon = load_lexicon(arguments.pack / "lexicon.npz", device)
    run = Run(int(pictures.concepts.max()) + 1, lexicon, device, arguments.rate)
    run.load(arguments.out / "clip.pt")
    print(f"loaded after {clock.elapsed_s:.0f} s", flush=True)  # noqa: T201 - progress
    wait_for(arguments.after)
    clock, curve = Clock(arguments.seconds), Curve(arguments.out / "clip.csv")
    side = run.model.visual.image_size[0]
    while clock.progress < 1:
        with torch.no_grad():
            batch = make_batch(pictures, arguments.batch, side)
        losses = run.step(batch, lexicon, clock.scale())
        if run.steps % arguments.log == 0:
            measured = {name: value.item() for name, value in losses.items()}
            curve.append(
                step=run.steps,
                seconds=run.seconds + clock.elapsed_s,
                **measured,
                scale=run.model.logit_scale.exp().item(),
            )
    run.save(arguments.out / "clip.pt", clock.elapsed_s)
    export(run.average.state, arguments.out)


def export(state: dict[str, torch.Tensor], out: Path) -> None:
    """Write the averaged weights as half-precision safetensors, as open_clip names them."""
    halves = {
        name: (value.half() if value.is_floating_point() and value.ndim else value).contiguous().cpu()
        for name, value in state.items()
        if name != "attn_mask"
    }
    partial = out / "chop-clip.part"
    save_file(halves, partial, metadata={"format": "pt", "licence": "Apache-2.0"})
    partial.replace(out / "chop-clip.safetensors")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--after", type=Path, help="a file to wait for, once everything is loaded")
    parser.add_argument("--held", default="", help="a family to keep out, for tuning")
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--log", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    train(_parse())
