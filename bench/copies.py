"""Are copies found though their frame was changed, and is anything else refused? Over any folders of pictures.

    python -m bench.copies FOLDER... [--queries 100] [--works 1000] [--beside FOLDER...] [--keep SITE] [--save SHEETS]

Every picture of the folders is registered, up to `--works`, except every third, which stays a stranger. Half of the
strangers are what copies are pasted on; of parts of the other half, in four turns, upright and tilted, as many codes as
`--distractors` asks for lie in the index beside the works', each as of a work of its own. Then copies of `--queries`
works are asked about, each edited in each way, and every stranger as it is. `--beside` names folders whose pictures are
registered, too, and never asked about, such as those that the code learned from. A copy counts as found when its work is
named; as blocked when the match blocks. Shares have Wilson's 95 % intervals.

`--keep` keeps registry and answers, edit by edit, so that the same command goes on where it ended; `--only` asks about
some edits, or `strangers`. `--save` keeps a sheet of each stranger or other work that is named, and each copy that is missed.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.progress import track

from bench.copy_edits import Edit, build_edits, load
from bench.watermark.measure import wilson
from provenance.fingerprints.copy import POWER, Copy, build_code
from provenance.ledger.log import Log
from provenance.ledger.note import load_signer
from provenance.media.picture.image import Picture
from provenance.sight.network import load_network
from provenance.storage.database import Database
from provenance.works.codes import Code, append_codes
from provenance.works.drawing import draw_match
from provenance.works.registry import Action, Match, Registration, Works

CONSOLE = Console(stderr=True)
WIDE_SIDE = 448
"""Pixels of the square that distractors are seen at."""
LEAST_CELLS = 6
"""Distractors are parts of at least 6x6 of 14x14 cells: smaller ones are patches that nobody registers."""
TILTS = (0, 20)
"""Degrees that strangers are turned by beside their quarter turns."""
CODE_BYTES = Copy.bits // 8
ANSWERS = "answers.json"
TYPES = {".jpg", ".jpeg", ".png"}


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
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument(
        "--beside", type=Path, nargs="*", default=[], help="folders that are registered, never asked about"
    )
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--works", type=int, default=1000)
    parser.add_argument("--distractors", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--save", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    paths, beside = (list_pictures(folders) for folders in (asked.folders, asked.beside))
    strangers, originals = paths[::3], [path for number, path in enumerate(paths) if number % 3][: asked.works]
    with ExitStack() as stack:
        folder = asked.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        works = stand_up(folder, [*originals, *beside], strangers, asked.distractors)
        stack.callback(works.close)
        report(works, originals, strangers, asked, folder / ANSWERS)


def list_pictures(folders: list[Path]) -> list[Path]:
    """Return every picture of the folders, by name."""
    return sorted(path for folder in folders for path in folder.iterdir() if path.suffix.lower() in TYPES)


def stand_up(folder: Path, originals: list[Path], strangers: list[Path], count: int) -> Works:
    """Return the registry in `folder`, with everything registered; one that is there already is taken as it is."""
    is_there = (folder / ANSWERS).exists()
    folder.mkdir(parents=True, exist_ok=True)
    database = Database(f"sqlite:///{folder}/copies.db")
    database.migrate()
    log = Log(database, load_signer(folder / "keys" / "ledger.key", origin="example.com/ledger"))
    works = Works(database, folder / "index", log)
    if not is_there:
        entries = (Registration(taken(load(path)), title=path.name, owner="somebody") for path in originals)
        for _ in track(works.register_many(entries), "registering", total=len(originals), console=CONSOLE):
            pass
        made = distract(database, strangers[1::2], count)
        (folder / ANSWERS).write_text(json.dumps({"distractors": made}))
    return works


def distract(database: Database, paths: list[Path], count: int) -> int:
    """Put codes of parts of strangers into the index, and return how many; fewer than asked where parts run out."""
    made = 0
    turns = [(path, tilt, turn) for tilt in TILTS for path in paths for turn in range(4)] if count else []
    for path, tilt, turn in track(turns, "distractors", console=CONSOLE):
        if made == count:
            break
        frame = np.rot90(np.asarray(load(path).rotate(tilt, Image.Resampling.BILINEAR)), turn)
        features = load_network().look(np.ascontiguousarray(frame), WIDE_SIDE).features
        values = build_code(np.stack(list(pool_parts(features))))
        starts = range(0, len(values), CODE_BYTES)
        codes = [Code(Copy.kept_as, "plain", values[start : start + CODE_BYTES]) for start in starts][: count - made]
        with database.write() as connection:
            for number, code in enumerate(codes, made):
                append_codes(connection, "works", owner_id=f"stranger-{number}", codes=[code])
        made += len(codes)
    return made


def pool_parts(features: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """Yield the power mean of every square part, by sums that are made once."""
    side = len(features)
    sums = np.zeros((side + 1, side + 1, features.shape[2]))
    sums[1:, 1:] = (np.maximum(features, 1e-6).astype(np.float64) ** POWER).cumsum(0).cumsum(1)
    for cells in range(LEAST_CELLS, side + 1):
        for top in range(side - cells + 1):
            for left in range(side - cells + 1):
                low, right = top + cells, left + cells
                whole = sums[low, right] - sums[top, right] - sums[low, left] + sums[top, left]
                yield ((np.maximum(whole, 0) / cells**2) ** (1 / POWER)).astype(np.float32)


def report(works: Works, originals: list[Path], strangers: list[Path], asked: argparse.Namespace, kept: Path) -> None:
    """Ask about copies and strangers, and print what came of it."""
    chosen = np.random.default_rng(asked.seed).permutation(len(originals))[: asked.queries].tolist()
    answers = json.loads(kept.read_text())
    print(f"{len(originals)} works, {answers['distractors']} codes of strangers, {len(chosen)} copies an edit\n")
    print("| edit | found | blocked | held | another work named | CPU, median |\n|---|---|---|---|---|---|")
    for name, edit in build_edits(strangers[::2]).items():
        if asked.only and name not in asked.only:
            continue
        if name not in answers:
            answers[name] = [
                ask(works, originals[one], name, edit, asked) for one in track(chosen, name, console=CONSOLE)
            ]
            kept.write_text(json.dumps(answers))
        print(build_row(name, answers[name]), flush=True)
    if "strangers" not in answers and (not asked.only or "strangers" in asked.only):
        answers["strangers"] = [ask(works, path, "stranger", None, asked) for path in track(strangers, console=CONSOLE)]
        kept.write_text(json.dumps(answers))
    if "strangers" in answers:
        print(build_row("strangers", answers["strangers"]))


def ask(works: Works, path: Path, name: str, edit: Edit | None, asked: argparse.Namespace) -> dict[str, Any]:
    """Ask about one copy, or about a picture as it is, and return what was answered."""
    # Each copy has its own dice, so that some of them can be asked about again.
    image, noise = load(path), np.random.default_rng([asked.seed, *f"{name} {path.name}".encode()])
    picture = taken(edit(image, noise) if edit else image)
    # Of this process alone: a busy machine is no slower.
    begun = time.process_time()
    matches = works.match(picture).matches
    seconds = time.process_time() - begun
    right = [match for match in matches if edit and match.title == path.name]
    others = [match.title for match in matches if match not in right]
    if asked.save and (others or (edit and not right)):
        keep(asked.save, f"{name} {path.stem}", works, picture, matches)
    blocks = any(match.action is Action.BLOCK for match in (right if edit else matches))
    return {"of": path.name, "found": bool(right), "blocks": blocks, "others": others, "seconds": seconds}


def build_row(name: str, answers: list[dict[str, Any]]) -> str:
    """Return a line of the table."""
    found, blocked, others = (sum(bool(one[key]) for one in answers) for key in ("found", "blocks", "others"))
    median = statistics.median(one["seconds"] for one in answers) * 1000
    count = len(answers)
    shares = f"{spell(found, count)} | {spell(blocked, count)} | {max(0, found - blocked) / count:.2f}"
    return f"| {name} | {shares} | {others} | {median:.0f} ms |"


if __name__ == "__main__":
    main()
