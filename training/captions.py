"""Captions for pictures and compositions, as segments of phrases: prefix, colour, name, relation, name, background."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from training.sources import SOURCES
from training.tokens import Phrases, TokenTable

COLOURS: Final[dict[str, tuple[int, int, int]]] = {
    "red": (214, 40, 40),
    "orange": (240, 136, 40),
    "yellow": (250, 214, 70),
    "green": (70, 160, 80),
    "blue": (50, 100, 210),
    "purple": (130, 70, 180),
    "pink": (244, 150, 190),
    "brown": (130, 86, 56),
    "black": (20, 20, 22),
    "white": (255, 255, 255),
    "grey": (140, 142, 146),
    "turquoise": (60, 190, 190),
}
WHITE: Final = list(COLOURS).index("white")
_PLAIN: Final = ("", "a", "the", "a picture of a", "an image of a", "a drawing of a", "an icon of a", "an emoji of a")
_PREFIXES: Final = {
    "flat": ("a flat icon of a", "clip art of a", "a cartoon of a"),
    "shaded": ("a shaded icon of a", "a 3d icon of a", "a cartoon of a"),
    "outline": ("a line drawing of a", "an outline icon of a"),
    "silhouette": ("a silhouette of a", "a pictogram of a", "a symbol of a"),
    "clipart": ("clip art of a", "an illustration of a"),
    "photo": ("a photo of a", "a photograph of a"),
}
# The first phrases of a relation put the first thing first; "mirror" says how both swap.
RELATIONS: Final = (
    ("left of", "to the left of", "on the left of"),
    ("right of", "to the right of", "on the right of"),
    ("above", "over", "on top of"),
    ("below", "under", "beneath"),
    ("next to", "beside", "and"),
)
ORDERED: Final = 4
SLOTS: Final = (8, 8, 4)
Record = dict[str, Any]


@dataclass(slots=True)
class Captions:
    """What may be said of each picture, as numbers on a device; see `build_captions`."""

    table: TokenTable
    slots: torch.Tensor
    counts: torch.Tensor
    prefixes: torch.Tensor
    styles: torch.Tensor
    relations: torch.Tensor
    colours: torch.Tensor
    on_colour: torch.Tensor

    def choose(self, pictures: torch.Tensor, shares: tuple[float, float, float]) -> torch.Tensor:
        """Return a phrase for each picture: a name, a keyword or a Chinese name, in these shares where it has them."""
        device = pictures.device
        kind = torch.multinomial(torch.tensor(shares, device=device), len(pictures), replacement=True)
        counts = self.counts[pictures]
        kind = torch.where(counts.gather(1, kind[:, None])[:, 0] > 0, kind, 0)
        count = counts.gather(1, kind[:, None])[:, 0]
        # The first name is CLDR's own: it is chosen half of the time.
        drawn = (torch.rand(len(pictures), device=device) * count).long().clamp(max=7)
        drawn = torch.where((kind == 0) & (torch.rand(len(pictures), device=device) < 0.5), 0, drawn)
        first = torch.tensor((0, SLOTS[0], SLOTS[0] + SLOTS[1]), device=device)
        return self.slots[pictures].gather(1, (first[kind] + drawn)[:, None])[:, 0]

    def prefix(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return a beginning for each picture that fits its style."""
        rows = self.prefixes[self.styles[pictures]]
        return rows.gather(1, torch.randint(rows.shape[1], (len(rows), 1), device=rows.device))[:, 0]

    def relation(self, relations: torch.Tensor) -> torch.Tensor:
        """Return words for each relation."""
        rows = self.relations[relations]
        return rows.gather(1, torch.randint(rows.shape[1], (len(rows), 1), device=rows.device))[:, 0]

    def is_chinese(self, pictures: torch.Tensor, phrases: torch.Tensor) -> torch.Tensor:
        """Tell which phrases are among the pictures' Chinese ones."""
        return (self.slots[pictures][:, SLOTS[0] + SLOTS[1] :] == phrases[:, None]).any(1)


def build_captions(
    records: Sequence[Record], phrases: Phrases, device: torch.device, cache: Path | None = None
) -> Captions:
    """Number every phrase of `records` and the templates, and tokenise them; `cache` is a folder to keep tokens in."""
    slots = torch.zeros((len(records), sum(SLOTS)), dtype=torch.long)
    counts = torch.zeros((len(records), len(SLOTS)), dtype=torch.long)
    for row, record in enumerate(records):
        first = 0
        for kind, (field, room) in enumerate(zip(("names", "keywords", "chinese"), SLOTS, strict=True)):
            numbers = phrases.add_all(word for word in record[field][:room] if word)
            slots[row, first : first + len(numbers)] = torch.tensor(numbers, dtype=torch.long)
            counts[row, kind] = len(numbers)
            first += room
    style_names = list(_PREFIXES)
    of_family = {source.family: style_names.index(source.style) for source in SOURCES}
    prefixes = [_cycle(phrases.add_all((*_PLAIN, *_PREFIXES[style] * 2)), 16) for style in style_names]
    relations = [phrases.add_all(words) for words in RELATIONS]
    colours = phrases.add_all(COLOURS)
    on_colour = phrases.add_all(f"on a {name} background" for name in COLOURS)
    return Captions(
        table=TokenTable(phrases.texts, device, cache),
        slots=slots.to(device),
        counts=counts.to(device),
        prefixes=torch.tensor(prefixes, device=device),
        styles=torch.tensor([of_family[record["family"]] for record in records], device=device),
        relations=torch.tensor(relations, device=device),
        colours=torch.tensor(colours, device=device),
        on_colour=torch.tensor(on_colour, device=device),
    )


def _cycle(numbers: list[int], length: int) -> list[int]:
    return [numbers[index % len(numbers)] for index in range(length)]
