"""Are copies found though their frame was changed, and is anything else refused? Over any folder of pictures.

    python -m bench.copies FOLDER [--queries 100] [--works 1000] [--distractors 100000] [--save SHEETS] [--seed 1]

Every picture of the folder is registered, up to `--works`, except every third, which stays a stranger. Half of the
strangers are what copies are pasted on; of parts of the other half, in four turns, as many codes as `--distractors` asks
for lie in the index beside the works', each as of a work of its own. `--save` keeps a sheet of each stranger or other work
that is named, and each copy that is missed. Then copies of `--queries` works are
asked about, each edited in each way, and every stranger as it is. A copy counts as found when its work is named; as refused
when the match blocks. Shares have Wilson's 95 % intervals.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import track

from bench.copy_edits import build_edits, load
from bench.watermark.measure import wilson
from provenance.fingerprints.copy import WIDE_SIDE, Copy, build_code, pool
from provenance.ledger.log import Log
from provenance.ledger.note import load_signer
from provenance.media.picture.image import Picture
from provenance.sight.network import load_network
from provenance.storage.database import Database
from provenance.works.codes import Code, append_codes
from provenance.works.drawing import draw_match
from provenance.works.registry import Action, Match, Registration, Works

CONSOLE = Console(stderr=True)
LEAST_CELLS = 6
"""Distractors are parts of at least 6x6 of 14x14 cells: smaller ones are patches that nobody registers."""


def taken(image: Image.Image) -> Picture:
    """Return what intake would make of it."""
    return Picture.from_frame(np.asarray(image).copy())


def spell(hits: int, trials: int) -> str:
    """Return a share with its interval."""
    low, high = wilson(hits, trials)
    return f"{hits / max(trials, 1):.3f} [{low:.3f}-{high:.3f}]"


def keep(folder: Path, name: str, works: Works, picture: Picture, matches: tuple[Match, ...]) -> None:
    """Write what was asked about, beside each work that was named, for people to look at."""
    folder.mkdir(parents=True, exist_ok=True)
    sheets = [Image.fromarray(picture.frame)]
    for match in matches:
        reference = works.reference(match.work_id)
        if reference is not None:
            sheets.append(Image.fromarray(draw_match(picture, reference, match.overlap).frame))
    for number, sheet in enumerate(sheets[1:] or sheets):
        sheet.save(folder / f"{name.replace('/', ' ')} {number}.png")


def main() -> None:
    """Measure and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--works", type=int, default=1000)
    parser.add_argument("--distractors", type=int, default=0)
    parser.add_argument("--save", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    paths = sorted(path for path in asked.folder.iterdir() if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    strangers, originals = paths[::3], [path for number, path in enumerate(paths) if number % 3][: asked.works]
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/copies.db")
        database.migrate()
        log = Log(database, load_signer(Path(folder) / "keys" / "ledger.key", origin="example.com/ledger"))
        works = Works(database, Path(folder) / "index", log)
        entries = (Registration(taken(load(path)), title=path.name, owner="somebody") for path in originals)
        for _ in track(works.register_many(entries), "registering", total=len(originals), console=CONSOLE):
            pass
        made = distract(database, strangers[1::2], asked.distractors)
        print(f"{made} codes of strangers lie beside the works'")
        report(works, originals, strangers, asked)
        works.close()


def distract(database: Database, paths: list[Path], count: int) -> int:
    """Put codes of parts of strangers into the index, and return how many; fewer than asked where parts run out."""
    made = 0
    for path in track(paths if count else [], "distractors", console=CONSOLE):
        for turn in range(4):
            features = (
                load_network().look(np.ascontiguousarray(np.rot90(np.asarray(load(path)), turn)), WIDE_SIDE).features
            )
            side = len(features)
            codes = [
                Code(Copy.kept_as, "plain", build_code(pool(features[top : top + cells, left : left + cells])))
                for cells in range(LEAST_CELLS, side + 1)
                for top in range(side - cells + 1)
                for left in range(side - cells + 1)
            ][: count - made]
            with database.write() as connection:
                for number, code in enumerate(codes, made):
                    append_codes(connection, "works", owner_id=f"stranger-{number}", codes=[code])
            made += len(codes)
    return made


def report(works: Works, originals: list[Path], strangers: list[Path], asked: argparse.Namespace) -> None:
    """Ask about copies and strangers, and print what came of it."""
    seed = asked.seed
    chosen = np.random.default_rng(seed).permutation(len(originals))[: asked.queries]
    print(f"{len(originals)} works, {len(chosen)} copies an edit, {len(strangers)} strangers\n")
    print("| edit | found | blocked | held | another work named |\n|---|---|---|---|---|")
    seconds, alone, others = [], [], 0
    for name, edit in track(build_edits(strangers[::2]).items(), "copies", console=CONSOLE):
        noise, found, refused, wrong = np.random.default_rng(seed), 0, 0, 0
        for number in chosen:
            picture = taken(edit(load(originals[number]), noise))
            begun = time.perf_counter()
            matches = works.match(picture).matches
            seconds.append(time.perf_counter() - begun)
            right = [match for match in matches if match.title == originals[number].name]
            found, wrong = found + bool(right), wrong + (len(matches) > len(right))
            refused += any(match.action is Action.BLOCK for match in right)
            if asked.save and (not right or len(matches) > len(right)):
                keep(asked.save, f"{name} {originals[number].stem}", works, picture, matches)
        others += wrong
        print(
            f"| {name} | {spell(found, len(chosen))} | {refused / len(chosen):.2f} | {(found - refused) / len(chosen):.2f} | {wrong} |",
            flush=True,
        )
    named = []
    for path in strangers:
        picture = taken(load(path))
        begun = time.perf_counter()
        matches = works.match(picture).matches
        alone.append(time.perf_counter() - begun)
        if matches:
            named.append(path.name)
            if asked.save:
                keep(asked.save, f"stranger {path.stem}", works, picture, matches)
    print(f"\nstrangers that match a work: {len(named)} of {len(strangers)} {named[:5]}")
    print(f"copies beside which another work was named, too: {others}")
    print(f"one question: median {statistics.median(seconds) * 1000:.0f} ms of a copy,", end=" ")
    print(f"{statistics.median(alone) * 1000:.0f} ms of a stranger")


if __name__ == "__main__":
    main()
