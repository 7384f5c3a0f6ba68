"""Photographs that ship with a test dependency, as an evaluation folder."""

from pathlib import Path

import numpy as np
import skimage
from PIL import Image

DATA = Path(skimage.__file__).parent / "data"


def photograph(name="astronaut.png", width=384, height=320):
    """Return a photograph at a size."""
    image = Image.open(DATA / name).convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(image)


def write_sets(root, names=("astronaut.png", "coffee.png")):
    """Write small sets of pictures where the bench looks for them."""
    for split in ("tuning", "heldout"):
        folder = root / split / "500"
        folder.mkdir(parents=True)
        for number, name in enumerate(names):
            Image.fromarray(photograph(name)).save(folder / f"{number:02d}-{Path(name).stem}.png")
    return root
