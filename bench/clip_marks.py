"""How well the mark of a clip of three seconds is read after each edit, and how small and short a clip may be.

    python -m bench.clip_marks FOLDER [--clips 16] [--minutes 30]
    python -m bench.clip_marks FOLDER --sizes
    python -m bench.clip_marks FOLDER --attacks [--scheme first]

FOLDER has photographs. Each becomes a clip under a moving camera with noise, 1280x720 or 720x1280, is marked and encoded
as the gate does under a key and an id of its own, changed (`bench.clip_edits`), looked through and read as `verify` does.
Shares have Wilson's 95 % intervals. What is done after so many minutes is what the table says.
"""

import argparse
import hashlib
import io
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

import av
import cv2
import numpy as np
from PIL import Image

from bench.clip_attacks import ATTACKS, measure_psnr_db
from bench.clip_edits import EDITS, RATE, Edit, Frame, encode
from bench.watermark.measure import wilson
from provenance.media.containers.movie import MP4
from provenance.media.video.clip import Clip
from provenance.media.video.encode import ENCODERS
from provenance.media.video.marking import Wish, make_file
from provenance.media.video.medium import VideoMedium
from provenance.media.video.surveyors import SURVEYORS
from provenance.storage.blob import Blob
from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.clip import STRONG, USUAL, ClipMark
from provenance.watermarks.tile.layout import Layout, build_layout
from provenance.watermarks.tile.mask import Quality
from provenance.watermarks.tile.scheme import Tile
from provenance.watermarks.tile.shot import LEAST_SIDE
from provenance.watermarks.tile.shot import ShotMark as FirstShotMark

SECONDS: Final = 3
SIZES: Final = ((320, 180, 1), (320, 180, 3), (480, 270, 1), (480, 270, 3), (640, 360, 1), (640, 360, 3))
_GIVEN: Final = Edit(options={"crf": "19", "preset": "veryfast"})
_LARGE: Final = 200_000


class FirstClipMark(ClipMark):
    """What versions before 0.11 laid, to be compared with."""

    def __init__(self, keys: tuple[WatermarkKey, ...]) -> None:
        super().__init__(keys)
        self._old: Layout = build_layout(keys[0], Tile.alg)

    def begin_shot(self, height: int, width: int, payload: int, **options: Any) -> Any:
        """Return what marked the frames of a shot."""
        assert min(height, width) >= LEAST_SIDE
        return FirstShotMark(self._old, payload, **options)


SCHEMES: Final = {"second": ClipMark, "first": FirstClipMark}


def draw(path: Path, width: int, height: int, count: int) -> list[Frame]:
    """Return frames of a camera that moves over a photograph, with sensor noise; some pan, some stand."""
    random = np.random.default_rng(int.from_bytes(hashlib.sha256(path.name.encode()).digest()[:4], "big"))
    across, down = random.uniform(-3, 3) * width / 1280, random.uniform(-1.5, 1.5) * width / 1280
    margin = int(4 * count * width / 1280) + 2
    with Image.open(path) as picture:
        ratio = max((width + margin) / picture.width, (height + margin) / picture.height)
        size = (round(picture.width * ratio) + 1, round(picture.height * ratio) + 1)
        whole = np.asarray(picture.convert("RGB").resize(size, Image.Resampling.LANCZOS))
    noise = [random.normal(0, 1.5, (height, width, 1)).round().astype(np.int16) for _ in range(8)]
    frames = []
    for index in range(count):
        left, top = round(abs(across) * index), round(abs(down) * index)
        shown = whole[::-1] if down < 0 else whole
        seen = shown[top : top + height, left : left + width].astype(np.int16) + noise[index % 8]
        frames.append(
            np.asarray(cv2.cvtColor(np.clip(seen, 0, 255).astype(np.uint8), cv2.COLOR_RGB2YUV_I420), np.uint8)
        )
    return frames


def survey(file: Blob) -> Clip:
    """Look through a clip as the gate does."""
    return SURVEYORS.survey(file, MP4, most_pixels=16_000_000, most_seconds=600.0)


def mark(frames: list[Frame], key: WatermarkKey, payload: int, quality: Quality, scheme: str = "second") -> Blob:
    """Return what ships of frames: marked and encoded as the gate does."""
    given = Blob.from_bytes(encode(frames, _GIVEN))
    wish = Wish(MP4, ENCODERS["h264"], {}, mark=SCHEMES[scheme]((key,)), payload=payload, quality=quality)
    return make_file(survey(given), given, wish)


def read(file: Blob, key: WatermarkKey) -> int | None:
    """Return the id that is read of a file."""
    reading = VideoMedium((key,)).read_mark(survey(file)).reading
    return None if reading is None else reading.payload


def decode(file: Blob) -> list[Frame]:
    """Return a file's frames."""
    with av.open(io.BytesIO(file.read(1 << 30))) as opened:
        return [frame.to_ndarray(format="yuv420p") for frame in opened.decode(video=0)]


def choose_id(path: Path) -> tuple[WatermarkKey, int]:
    """Return a key and an id of a photograph's own."""
    seed = hashlib.sha256(path.name.encode()).digest()
    return WatermarkKey("bench", seed), int.from_bytes(seed[:7], "big")


Row = tuple[str, float, int | None, int]
"""An edit, Mb/s or dB of it, the id that was read and the one that was laid."""


def read_edited(path: Path, width: int, height: int, scheme: str) -> Iterator[Row]:
    """Yield what is read after each edit, with Mb/s."""
    key, payload = choose_id(path)
    shipped = mark(draw(path, width, height, SECONDS * RATE), key, payload, USUAL, scheme)
    yield "as it ships", shipped.size_bytes * 8e-6 / SECONDS, read(shipped, key), payload
    frames = decode(shipped)
    for name, edit in EDITS.items():
        changed = list(edit.change(frames))
        file = encode(changed, edit)
        yield name, len(file) * 8e-6 * edit.rate / len(changed), read(Blob.from_bytes(file), key), payload


def read_attacked(path: Path, width: int, height: int, scheme: str) -> Iterator[Row]:
    """Yield what is read after each attempt to take the mark out, with dB to what was released."""
    key, payload = choose_id(path)
    frames = decode(mark(draw(path, width, height, SECONDS * RATE), key, payload, USUAL, scheme))
    for name, edit in ATTACKS.items():
        changed = list(edit.change(frames))
        file = encode(changed, edit)
        yield name, measure_psnr_db(changed, frames), read(Blob.from_bytes(file), key), payload


def show(pictures: list[Path], minutes: float, rows_of: Callable[[Path, int, int], Iterator[Row]], unit: str) -> None:
    """Print what is read after each edit."""
    read_of: dict[str, list[bool]] = {}
    rates: dict[str, list[float]] = {}
    wrong, ends = 0, time.monotonic() + minutes * 60
    for number, path in enumerate(pictures):
        if time.monotonic() > ends:
            break
        size = (720, 1280) if number % 3 == 2 else (1280, 720)
        lost = []
        for name, rate, found, payload in rows_of(path, *size):
            read_of.setdefault(name, []).append(found == payload)
            rates.setdefault(name, []).append(rate)
            wrong += found is not None and found != payload
            lost += [name] if found != payload else []
        print(f"{number + 1}: {path.stem}, {size[0]}x{size[1]}: lost {lost}", file=sys.stderr, flush=True)
    print(f"| then | median {unit} | whole id |\n|---|---|---|")
    for name, rights in read_of.items():
        low, high = wilson(sum(rights), len(rights))
        print(f"| {name} | {median(rates[name]):.2f} | {sum(rights)}/{len(rights)} ({low:.0%} to {high:.0%}) |")
    print(f"\nwrong ids: {wrong} of {sum(map(len, read_of.values()))}")


def show_sizes(pictures: list[Path]) -> None:
    """Print how often a mark is read back from small and short clips, as the gate lays it there."""
    print("| size | seconds | reads back, usual | reads back, strong |\n|---|---|---|---|")
    for width, height, seconds in SIZES:
        cells = []
        frames = {path: draw(path, width, height, seconds * RATE) for path in pictures}
        for quality in (USUAL, STRONG):
            if quality is USUAL and width * height < _LARGE:
                cells.append("not tried")
                continue
            right = sum(
                read(mark(shown, *choose_id(path), quality), choose_id(path)[0]) == choose_id(path)[1]
                for path, shown in frames.items()
            )
            low, high = wilson(right, len(pictures))
            cells.append(f"{right}/{len(pictures)} ({low:.0%} to {high:.0%})")
        print(f"| {width}x{height} | {seconds} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(prog="python -m bench.clip_marks", description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clips", type=int, default=16)
    parser.add_argument("--minutes", type=float, default=600.0)
    parser.add_argument("--sizes", action="store_true", help="how small and short a clip may be, instead")
    parser.add_argument(
        "--attacks", action="store_true", help="what is left after who has no key takes it out, instead"
    )
    parser.add_argument("--scheme", choices=tuple(SCHEMES), default="second")
    options = parser.parse_args()
    os.environ.setdefault("SVT_LOG", "-1")
    av.logging.set_level(None)
    cv2.setNumThreads(1)
    found = sorted(options.folder.glob("*.jpg"), key=lambda path: hashlib.sha256(path.name.encode()).digest())
    try:
        if options.sizes:
            show_sizes(found[: options.clips])
        elif options.attacks:
            show(found[: options.clips], options.minutes, partial(read_attacked, scheme=options.scheme), "dB")
        else:
            show(found[: options.clips], options.minutes, partial(read_edited, scheme=options.scheme), "Mb/s")
    finally:
        SURVEYORS.close()


if __name__ == "__main__":
    main()
