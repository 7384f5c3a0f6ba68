"""A tiny pack: shapes of one colour with names, as `training.render.read_pack` and its renderer would give."""

import json
import lzma

import numpy as np

COLOURS = {"red": (220, 30, 30), "green": (30, 180, 60), "blue": (40, 70, 220)}
FAMILIES = ("noto", "fluent-flat", "game-icons")


def records():
    """Return two shapes in three colours, in several families."""
    return [
        {
            "family": family,
            "key": f"{shape}-{colour}",
            "names": [f"{colour} {shape}", shape],
            "keywords": [shape],
            "chinese": ["方"],
        }
        for family in FAMILIES
        for shape in ("square", "bar")
        for colour in COLOURS
    ]


def pixels(side=32):
    """Return (N, side, side, 4) uint8 for `records`."""
    made = np.zeros((len(records()), side, side, 4), np.uint8)
    quarter = side // 4
    for row, record in enumerate(records()):
        shape, colour = record["key"].split("-")
        height = slice(quarter, -quarter) if shape == "square" else slice(2 * quarter - 2, 2 * quarter + 2)
        made[row, height, quarter:-quarter] = (*COLOURS[colour], 255)
    return made


def write_records(folder, listed):
    """Write a pack's records as `training.pack` does; nothing is held out."""
    for part, lines in (("pictures", listed), ("heldout", [])):
        with lzma.open(folder / f"{part}.jsonl.xz", "wt", encoding="utf-8") as out:
            out.writelines(json.dumps(line) + "\n" for line in lines)


def write_towers(folder):
    """Write towers that learned nothing, as `training.clip` keeps them, and return the file."""
    import torch
    from safetensors.torch import save_file

    from training.towers import build_model

    with torch.random.fork_rng():
        torch.manual_seed(6)
        state = build_model().state_dict()
    path = folder / "towers.safetensors"
    save_file(
        {name: value.half().contiguous() if value.is_floating_point() else value for name, value in state.items()}, path
    )
    return path
