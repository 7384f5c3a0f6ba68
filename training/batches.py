"""What the towers of chop-clip learn from: pictures alone or in pairs on canvases, and what may be said of each."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from training.captions import ORDERED, RELATIONS, WHITE, Captions, build_captions
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
from training.tokens import Phrases

_WEIGHTS: Final = {"openclipart": 0.25, "game-icons": 0.2, "stamps": 0.7, "circle-flags": 0.3, "meteocons": 0.3}
_PAIR_SHARE: Final = 0.25
_TOGETHER: Final = 4
_TONE: Final = re.compile(r"-?1f3f[b-f]")
CAPTION_TOKENS: Final = 22


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
        torch.where(pictures.is_tinted[it] & coin(count, 0.5, device), captions.colours[paint], 0)
        for it, paint in ((first, paints[0]), (second, paints[1]))
    ]
    ground = torch.where(is_plain & ~is_chinese & coin(count, 0.25, device), captions.on_colour[colour], 0)
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
    is_small = coin(count, 0.3, device)
    ordered = (is_both & (relation < ORDERED) & (name != other)).nonzero()[:, 0]
    targets, is_neutral = _match(captions, first, second, name, is_pair, is_both)
    return Batch(
        canvas=canvas,
        texts=captions.table.join(torch.stack(segments, 1), is_small, CAPTION_TOKENS),
        targets=targets,
        is_neutral=is_neutral,
        swapped=captions.table.join(torch.stack(swapped, 1)[ordered], is_small[ordered], CAPTION_TOKENS),
        ordered=ordered,
        concepts=torch.where(is_pair, -1, pictures.concepts[first]),
        singles=first[: count - pairs],
    )


def coin(count: int, share: float, device: torch.device) -> torch.Tensor:
    """Return (count,) booleans, true for about that share."""
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
    is_plain = coin(count, 0.6, device)
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
