"""Renders a pack's pictures to one array of RGBA bytes, in as many processes as there are cores.

python -m training.render PACK SIDE OUT.npy [draw|enlarge|clip|heldout|judge]
"""

import io
import json
import lzma
import os
import sys
import zipfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from PIL import Image

from training.sources import SOURCES
from training.subjects import choose_subjects

_CHUNK: Final = 64
_SKIN: Final = ("1f3fb", "1f3fc", "1f3fd", "1f3fe", "1f3ff")
Record = dict[str, Any]


def read_pack(pack: Path, which: str) -> list[Record]:
    """Return one of six parts of the pack.

    ``train`` is what chop-draw may see, less skin tones; ``draw`` the things among it that it does see, and ``enlarge``
    an eighth of those; ``clip`` is all but the held-out family, which is ``heldout``; ``judge`` is what chop-draw never
    sees.
    """
    records: list[Record] = []
    for name in ("pictures", "heldout"):
        with lzma.open(pack / f"{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
            records.extend(json.loads(line) for line in lines)
    roles = {source.family: source.role for source in SOURCES}
    if which == "heldout":
        return [record for record in records if roles[record["family"]] == "test"]
    if which == "train":
        return [
            record
            for record in records
            if roles[record["family"]] == "train" and not any(tone in record["key"] for tone in _SKIN)
        ]
    if which in ("draw", "enlarge"):
        chosen = choose_subjects(read_pack(pack, "train"))
        return chosen[::8] if which == "enlarge" else chosen
    if which == "judge":
        emoji = {record["key"] for record in records if record["family"] == "noto"}
        return [
            record
            for record in records
            if roles[record["family"]] != "train"
            and record["key"] in emoji
            and not any(tone in record["key"] for tone in _SKIN)
        ]
    return [record for record in records if roles[record["family"]] != "test"]


def load_subjects(pack: Path, pictures: Path) -> tuple[list[Record], NDArray[np.uint8]]:
    """Return the records and their (N, 256, 256, 4) pictures; see `render_pack` with ``draw``."""
    records = read_pack(pack, "draw")
    pixels: NDArray[np.uint8] = np.load(pictures, mmap_mode="r")
    assert len(pixels) == len(records), "the pack and the rendered pictures differ: render again"
    return records, pixels


def render(record: Record, side: int, raster: zipfile.ZipFile | None) -> Image.Image:
    """Return one picture, centred in a transparent square; an empty one if it cannot be drawn."""
    square = Image.new("RGBA", (side, side))
    try:
        if "svg" in record:
            import resvg_py

            width, height = _proportions(record["svg"])
            longest = max(width, height)
            across, down = max(1, round(side * width / longest)), max(1, round(side * height / longest))
            made = resvg_py.svg_to_bytes(svg_string=record["svg"], width=across, height=down)
            drawn: Image.Image = Image.open(io.BytesIO(bytes(made)))
        else:
            assert raster is not None
            drawn = Image.open(io.BytesIO(raster.read(record["raster"])))
        drawn = drawn.convert("RGBA")
    except (ValueError, OSError, KeyError):
        return square
    scale = side / max(drawn.size)
    if scale != 1:
        size_px = (max(1, round(drawn.width * scale)), max(1, round(drawn.height * scale)))
        drawn = drawn.resize(size_px, Image.Resampling.BICUBIC)
    square.paste(drawn, ((side - drawn.width) // 2, (side - drawn.height) // 2))
    return square


def _proportions(svg: str) -> tuple[float, float]:
    """Return width and height of an SVG's box; a square if it names none."""
    import re

    box = re.search(r"viewBox=[\"']([^\"']+)[\"']", svg[:3000])
    if box and len(numbers := re.split(r"[\s,]+", box[1].strip())) == 4:
        return max(float(numbers[2]), 1e-3), max(float(numbers[3]), 1e-3)
    sides = [re.search(rf"\b{name}=[\"']([\d.]+)", svg[:3000]) for name in ("width", "height")]
    if sides[0] and sides[1]:
        return max(float(sides[0][1]), 1e-3), max(float(sides[1][1]), 1e-3)
    return 1.0, 1.0


def _render_chunk(work: tuple[Path, Path, int, int, Sequence[Record]]) -> None:
    pack, out, side, first, records = work
    canvas = np.load(out, mmap_mode="r+")
    with zipfile.ZipFile(pack / "raster.zip") as raster:
        for offset, record in enumerate(records):
            canvas[first + offset] = np.asarray(render(record, side, raster))


def render_pack(pack: Path, records: Sequence[Record], side: int, out: Path, processes: int) -> None:
    """Write (N, side, side, 4) uint8 to `out`."""
    open_memmap(out, mode="w+", dtype=np.uint8, shape=(len(records), side, side, 4)).flush()
    work = [(pack, out, side, first, records[first : first + _CHUNK]) for first in range(0, len(records), _CHUNK)]
    if processes == 1:
        for chunk in work:
            _render_chunk(chunk)
        return
    with ProcessPoolExecutor(processes) as pool:
        list(pool.map(_render_chunk, work))


if __name__ == "__main__":
    _pack = Path(sys.argv[1])
    _processes = int(os.environ.get("RENDER_PROCESSES", os.cpu_count() or 1))
    render_pack(_pack, read_pack(_pack, sys.argv[4]), int(sys.argv[2]), Path(sys.argv[3]), _processes)
