"""Before and after, side by side, where a person would see a mark first: smooth skies, skin, line art, text, flat art.

Each sheet has rows of: the picture at 1:1, the marked one at 1:1, both again at 3x, and the difference, 16 times as
strong about grey. PNG with full colours, because a codec would add or hide what is looked for.
"""

from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from bench.watermark.pictures import Picture, load_set
from bench.watermark.schemes import Scheme, payload_of
from provenance.asset import Frame
from provenance.errors import UnmarkableError

# A sheet for each kind of place: the picture, and the left and top edge of the part, as shares of what is free.
SHEETS: Final = {
    "sky": (("special/sky-kite", 0.3, 0.5), ("special/sky-dusk", 0.5, 0.5), ("special/sky-fog", 0.2, 0.2)),
    "skin": (("tuning/768/kodim04", 0.45, 0.3), ("tuning/768/kodim15", 0.45, 0.4), ("tuning/768/kodim18", 0.5, 0.15)),
    "ui": (("special/ui-light", 0.3, 0.15), ("special/ui-light", 0.7, 0.35), ("special/ui-light", 0.28, 0.78)),
    "line": (("special/line-plain", 0.5, 0.5), ("special/text-light", 0.2, 0.4), ("special/flat-hills", 0.5, 0.5)),
}
WIDTH: Final = 128
HEIGHT: Final = 84
TIMES: Final = 3


def row(before: Frame, after: Frame, across: float, down: float) -> Frame:
    """Return one row of a sheet."""
    left, top = round((before.shape[1] - WIDTH) * across), round((before.shape[0] - HEIGHT) * down)
    one, two = (frame[top : top + HEIGHT, left : left + WIDTH] for frame in (before, after))
    difference = np.clip(128 + 16 * (two.astype(np.int16) - one), 0, 255).astype(np.uint8)
    small = np.concatenate([one, two, difference])
    large = [part.repeat(TIMES, axis=0).repeat(TIMES, axis=1) for part in (one, two)]
    return np.concatenate([small, *large], axis=1)


def _picture(root: Path, name: str) -> Frame:
    folder, _, stem = name.rpartition("/")
    if folder == "special":
        return Picture(stem, folder, "", root / folder / f"{stem}.png").load()
    return next(one for one in load_set(root, folder) if one.name.endswith(stem)).load()


def write(scheme: Scheme, root: Path, into: Path) -> None:
    """Write the sheets of a scheme."""
    into.mkdir(parents=True, exist_ok=True)
    for sheet, places in SHEETS.items():
        rows = []
        for name, across, down in places:
            frame = _picture(root, name)
            try:
                marked = scheme.embed(frame, payload_of(name, scheme.payload_bits), 0)
            except UnmarkableError as exc:
                print(f"{name}: refused ({exc})")
                continue
            rows.append(row(frame, marked, across, down))
        if rows:
            path = into / f"watermark-{sheet}-{scheme.name.replace('_', '-')}.png"
            Image.fromarray(np.concatenate(rows)).save(path, optimize=True)
            print(f"{path}: {path.stat().st_size // 1000} kB")
