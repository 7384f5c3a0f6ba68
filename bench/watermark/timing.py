"""Processor time at 1024x1024 and 4096x4096 on one thread, and memory at 4096x4096.

Processor time, not time on the wall, is what is compared, because a machine is seldom idle; both are written down.
Whoever runs this sets OMP_NUM_THREADS=1; OpenCV is told by the command.
"""

import multiprocessing
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from bench.watermark.attacks import choose
from bench.watermark.pictures import Picture
from bench.watermark.results import Journal
from bench.watermark.schemes import Scheme, load, payload_of
from provenance.asset import Frame

# Codec, scale, turn, crop, shape, tone and filter: one of each.
ATTACKED = "jpeg75;resize50;rot5;crop50c;aspect+10;bright+20%;blur1;screenshot"
LARGE = 4096


def _timed(work: Callable[[], Any], repeats: int) -> tuple[Any, list[float], list[float]]:
    """Return what the work returned, and its processor and wall times in ms."""
    processor, wall, result = [], [], None
    for _ in range(repeats):
        started, started_wall = time.process_time(), time.perf_counter()
        result = work()
        processor.append(round(1e3 * (time.process_time() - started), 2))
        wall.append(round(1e3 * (time.perf_counter() - started_wall), 2))
    return result, processor, wall


def square(picture: Picture, side: int) -> Frame:
    """Return the middle of a picture at a side; larger ones by mirroring, never by scaling up."""
    frame = picture.load()
    if min(frame.shape[:2]) >= side:
        return np.array(ImageOps.fit(Image.fromarray(frame), (side, side), Image.Resampling.LANCZOS))
    rows, columns = (max(0, side - length) for length in frame.shape[:2])
    return np.pad(frame, ((0, rows), (0, columns), (0, 0)), mode="reflect" if rows < frame.shape[0] else "symmetric")[
        :side, :side
    ].copy()


def _rows(scheme: Scheme, picture: Picture, side: int, repeats: int) -> list[dict[str, Any]]:
    frame, payload = square(picture, side), payload_of(picture.name, scheme.payload_bits)
    identity = {"scheme": scheme.name, "picture": picture.name, "side": side}
    # What is compiled or built once is no part of it: for reading at once, and for the whole search.
    scheme.extract(scheme.embed(frame, payload, 0), 0)
    scheme.extract(frame, 0)
    marked, processor, wall = _timed(lambda: scheme.embed(frame, payload, 0), repeats)
    rows = [identity | {"what": "embed", "processor_ms": processor, "wall_ms": wall}]
    cases = {"untouched": marked, "unmarked": frame}
    if side < LARGE:
        cases |= {attack.name: attack.apply(marked, picture.name) for attack in choose(ATTACKED)}
    for what, attacked in cases.items():
        found, processor, wall = _timed(lambda attacked=attacked: scheme.extract(attacked, 0), repeats)
        right = found == payload
        rows.append(identity | {"what": what, "processor_ms": processor, "wall_ms": wall, "recovered": right})
    return rows


def _memory(name: str, picture: Picture, answers: Any) -> None:
    """Say how much more memory the process took at its peak, for embed and then extract, beside the picture itself."""
    scheme = load(name)
    assert scheme is not None
    small, large = square(picture, 512), square(picture, LARGE)
    scheme.extract(scheme.embed(small, 1 << 56, 0), 0)  # libraries and tables are loaded
    before = _resident_bytes()
    marked = scheme.embed(large, 1 << 56, 0)
    embedded = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    scheme.extract(marked, 0)
    extracted = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    answers.put(
        {"before_mb": before / 1e6, "embed_mb": (embedded - before) / 1e6, "both_mb": (extracted - before) / 1e6}
    )


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()


def run(schemes: Sequence[Scheme], pictures: Sequence[Picture], folder: Path, *, repeats: int) -> None:
    """Time each scheme on each picture, then 4096x4096 and its memory on the first."""
    journal = Journal(folder, "timing")
    done = journal.done(("scheme", "picture", "side"))
    for scheme in schemes:
        for picture in pictures:
            if (scheme.name, picture.name, 1024) not in done:
                journal.append(_rows(scheme, picture, 1024, repeats))
                print(f"{scheme.name} {picture.name}", flush=True)
        if scheme.checked and (scheme.name, pictures[0].name, LARGE) not in done:
            context = multiprocessing.get_context("spawn")
            answers = context.SimpleQueue()
            child = context.Process(target=_memory, args=(scheme.name, pictures[0], answers))
            child.start()
            child.join()
            row = {"scheme": scheme.name, "picture": pictures[0].name, "side": LARGE}
            if child.exitcode == 0:
                journal.append([row | {"what": "memory"} | answers.get()])
            journal.append(_rows(scheme, pictures[0], LARGE, repeats))
