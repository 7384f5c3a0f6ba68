"""No figure may fall unseen: what pictures are found and held, small, against what is kept in `figures.toml`.

    python -m bench.guard [--write]

Everything is made of scikit-image's photographs, so it runs anywhere, in about a minute of one core: copies edited in the
ways that are lost first, among strangers; pictures that share a strip, which are no copies; photographs that are harmless,
and what they are called. Prints each figure with its interval; the exit code is 1 where one is worse than it was kept, or
is no longer measured. `--write` keeps what was measured now: the change of the file is there for whoever reviews it.
It guards, and proves little: `bench.copies` and `bench.detectors` measure on more, and on other pictures.
"""

import argparse
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import numpy as np
from PIL import Image

from bench.copies import distract, taken
from bench.copy_edits import build_edits, load
from bench.detectors.pictures import Labelled, ask, find_held, hold_limits
from bench.watermark.measure import wilson
from provenance.ledger.log import Log
from provenance.ledger.note import load_signer
from provenance.storage.database import Database
from provenance.works.registry import Action, Works

FIGURES = Path(__file__).with_name("figures.toml")
COPIED = ("astronaut.png", "chelsea.png", "coffee.png", "hubble_deep_field.jpg", "ihc.png", "retina.jpg")
STRANGER, GROUND = "rocket.jpg", "motorcycle_left.png"
HARMLESS = (*COPIED, STRANGER, GROUND, "brick.png", "camera.png", "coins.png", "grass.png", "gravel.png", "moon.png")
CALLED = {
    "chelsea.png": {"tabby", "tiger cat", "Egyptian cat"},
    "coffee.png": {"espresso", "cup", "coffee mug"},
    "rocket.jpg": {"missile", "projectile", "space shuttle"},
}
EDITS = (
    "corner crop to 60 % of each side",
    "crop to 25 %",
    "turned by 15 degrees",
    "mirrored half",
    "perspective",
    "caption over 20 %",
    "sticker on a tenth",
    "off a screen",
    "picture in picture, a quarter",
    "beside another",
    "crop, tilt and caption",
)
STRIP = (400, 320)
HEADER = "# What `python -m bench.guard` found when this was written. None may fall unseen.\n"


@dataclass(frozen=True, slots=True)
class Figure:
    """How many of how many, and whether that many is the least or the most that may be."""

    name: str
    count: int
    of: int
    is_least: bool

    def is_worse_than(self, kept: Mapping[str, int]) -> bool:
        """Whether it fell, or can no longer be compared: of another number, or turned round."""
        bound = kept.get("least" if self.is_least else "most")
        if bound is None or kept.get("of") != self.of:
            return True
        return self.count < bound if self.is_least else self.count > bound


def find_folder() -> Path:
    """Return where scikit-image keeps its photographs."""
    import skimage

    return Path(skimage.__file__).parent / "data"


def measure(folder: Path, scratch: Path) -> Iterator[Figure]:
    """Yield every figure; the registry is stood up in `scratch`."""
    database = Database(f"sqlite:///{scratch}/guard.db")
    database.migrate()
    log = Log(database, load_signer(scratch / "keys" / "ledger.key", origin="example.com/ledger"))
    works = Works(database, scratch / "index", log)
    try:
        for name in COPIED:
            works.register(taken(load(folder / name)), title=name, owner="somebody")
        distract(database, [folder / STRANGER], 2000)
        yield from measure_copies(works, folder)
        yield from measure_strips(works, folder)
    finally:
        works.close()
    yield from measure_photographs(folder)


def measure_copies(works: Works, folder: Path) -> Iterator[Figure]:
    """Edit each work in each way, and ask."""
    edits, found, blocked, others = build_edits([folder / GROUND]), 0, 0, 0
    for name in COPIED:
        for number, edit in enumerate(EDITS):
            image = edits[edit](load(folder / name), np.random.default_rng([number, *name.encode()]))
            matches = works.match(taken(image)).matches
            found += any(match.title == name for match in matches)
            blocked += any(match.title == name and match.action is Action.BLOCK for match in matches)
            others += any(match.title != name for match in matches)
    total = len(COPIED) * len(EDITS)
    yield Figure("copies found", found, total, is_least=True)
    yield Figure("copies blocked", blocked, total, is_least=True)
    yield Figure("copies with another work named", others, total, is_least=False)


def measure_strips(works: Works, folder: Path) -> Iterator[Figure]:
    """Register photographs over one strip, and ask about others over the same one."""
    pairs = [(one, other) for one, other in permutations(COPIED[:4], 2) if one < other]
    for one, _ in pairs:
        works.register(taken(lay_strip(folder, one)), title=f"strip of {one}", owner="somebody")
    blocked = 0
    for one, other in pairs:
        matches = works.match(taken(lay_strip(folder, other))).matches
        blocked += any(m.title == f"strip of {one}" and m.action is Action.BLOCK for m in matches)
    yield Figure("strips blocked", blocked, len(pairs), is_least=False)


def lay_strip(folder: Path, name: str) -> Image.Image:
    """Return a photograph whose lowest fifth is that of `GROUND`."""
    made, panel = load(folder / name).resize(STRIP), load(folder / GROUND).resize(STRIP)
    box = (0, STRIP[1] * 4 // 5, *STRIP)
    made.paste(panel.crop(box), box)
    return made


def measure_photographs(folder: Path) -> Iterator[Figure]:
    """Ask `clip` and `nsfw` about harmless photographs."""
    answers = ask(Labelled(name, taken(load(folder / name)), frozenset()) for name in HARMLESS)
    limits = hold_limits()
    held = sum(bool(find_held(answer, limits)) for answer in answers)
    right = sum(answer.looks_like in CALLED.get(answer.of.path, ()) for answer in answers)
    yield Figure("harmless photographs held", held, len(HARMLESS), is_least=False)
    yield Figure("photographs named rightly", right, len(CALLED), is_least=True)
    yield Figure(
        "photographs taken for photographs", sum(one.kind == "photograph" for one in answers), len(HARMLESS), True
    )


def compare(figures: list[Figure], kept: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Return the names of the figures that fell, or that are kept and were not measured."""
    fell = [one.name for one in figures if one.name not in kept or one.is_worse_than(kept[one.name])]
    return [*fell, *sorted(kept.keys() - {one.name for one in figures})]


def write(figures: list[Figure]) -> str:
    """Return the file that keeps the figures."""
    lines = [f'["{one.name}"]\n{"least" if one.is_least else "most"} = {one.count}\nof = {one.of}\n' for one in figures]
    return HEADER + "\n".join(lines)


def main() -> None:
    """Measure, print and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="keep what was measured now")
    given = parser.parse_args()
    kept = tomllib.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as scratch:
        for one in measure(find_folder(), Path(scratch)):
            low, high = wilson(one.count, one.of)
            before = kept.get(one.name, {})
            print(
                f"{one.name}: {one.count} of {one.of} ({low:.2f} to {high:.2f}), kept {before or 'nothing'}", flush=True
            )
            figures.append(one)
    if given.write:
        FIGURES.write_text(write(figures), encoding="utf-8")
    elif fell := compare(figures, kept):
        print(f"fell: {', '.join(fell)}", file=sys.stderr)
        raise SystemExit(1)


if __name__ == "__main__":
    main()
