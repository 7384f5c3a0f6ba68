"""What chop-draw learns from: things, each by a few hands, placed anew every time."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from generation._chop_draw_net import CELL, GRID, PLANES, SIDE, cells_of
from training.compose import place, single_layout

SIZES: Final = (0.84, 0.94)
TURN: Final = 0.02
_DULL: Final = ("button", "arrow", "keycap", "clock face", "thirty", "square", "input", "flag", "face", "skin tone")
Record = dict[str, Any]


def choose_subjects(records: Sequence[Record]) -> list[Record]:
    """Return the pictures of things that Noto has too: no flags, signs, faces, nor variants of people.

    A small model that has seen four thousand pictures often draws better than one that has seen nine thousand once.
    """
    known = {record["key"] for record in records if record["family"] == "noto"}
    return [
        record
        for record in records
        if record["key"] in known
        and "200d" not in record["key"]
        and not record["key"].startswith("1f1e")
        and not any(word in record["names"][0] for word in _DULL)
    ]


def draw_layers(pixels: NDArray[np.uint8], rows: NDArray[np.int64], device: torch.device | str = "cpu") -> torch.Tensor:
    """Return (B, 4, 128, 128) premultiplied layers of these pictures, moved, turned and resized a little."""
    layout = single_layout(len(rows), SIZES, TURN, torch.device(device))
    return functional.avg_pool2d(place(torch.from_numpy(pixels[rows]).to(device), layout, 2 * SIDE), 2)


def fit_basis(pixels: NDArray[np.uint8], components: int, rounds: int = 2) -> tuple[torch.Tensor, ...]:
    """Return the mean of all cells, (K, D) principal components, and (K,) what to divide each by.

    Small components come out smaller still than the large ones: a power of the deviation, not all of it, is divided by.
    """
    size = PLANES * CELL * CELL
    total, squares, count = torch.zeros(size), torch.zeros(size, size), 0
    for _ in range(rounds):
        for first in range(0, len(pixels), 64):
            rows = np.arange(first, min(first + 64, len(pixels)))
            found = cells_of(functional.avg_pool2d(draw_layers(pixels, rows), SIDE // (GRID * CELL))).reshape(-1, size)
            total += found.sum(0)
            squares += found.T @ found
            count += len(found)
    mean = total / count
    values, vectors = torch.linalg.eigh((squares / count - torch.outer(mean, mean)).double())
    order = values.argsort(descending=True)[:components]
    deviation = values[order].sqrt().float()
    scale = deviation**0.75
    scale *= (deviation**2 / scale**2).mean().sqrt()
    return mean, vectors[:, order].T.float().contiguous(), scale
