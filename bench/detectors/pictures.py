"""What the picture detectors find, and what they hold for nothing, on a folder of pictures.

    python -m bench.detectors pictures FOLDER [--sheet SHEET.png] [--json]

A picture is labelled by its folder or by its name. In a sub-folder named as a category (``weapons``, ``alcohol``, ...) it
shows that; in one named ``harmless`` nothing. Elsewhere a file named as one of ImageNet's thousand names shows what
`training/photograph_classes.toml` says of that name, and measures naming, too. For each category: the area under the
curve with a bootstrapped interval, what is found and what is held for nothing at the baseline pack's hold limit, with
Wilson's, for each kind of picture apart. ``--sheet`` draws what went wrong: what was missed, and what was held for
nothing. Nothing here is fitted; see `python -m training.calibrate_photographs` for that.
"""

import argparse
import json
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from rich.console import Console
from rich.table import Table

from detectors.base import Toolbox
from detectors.chop.model import load_chop_clip, load_names
from detectors.clip import ClipDetector
from detectors.nsfw import NsfwDetector
from policies.rules.loader import load_named
from provenance.media.picture.image import parse_image
from provenance.media.picture.raster import Picture
from training.calibrate_photographs import load_classes
from training.measure_clip import area, wilson

HARMLESS = "harmless"
ENDINGS = {".jpg", ".jpeg", ".png", ".webp"}
ALL = "all kinds"
_CELL = 160


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture, what it shows, of what that is not sure, and what it is called among ImageNet's names, or ""."""

    path: str
    picture: Picture
    shows: frozenset[str]
    unsure: frozenset[str] = frozenset()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said of a picture: scores by category, its kind, and the place of its own name among the likeliest."""

    of: Labelled
    scores: dict[str, float]
    kind: str
    place: int | None
    looks_like: str


def read_folder(folder: Path) -> list[Labelled]:
    """Return every picture of a folder whose label is known, in the order of their names."""
    classes = load_classes()
    known = {name.lower(): name for name in load_names()}
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in ENDINGS:
            continue
        shelf = path.relative_to(folder).parts[0]
        name = known.get(path.stem.replace("_", " ").lower(), "")
        if shelf == HARMLESS or shelf in classes:
            shows, unsure, name = frozenset({shelf} - {HARMLESS}), frozenset(), ""
        elif name:
            shows = frozenset(category for category, one in classes.items() if name in one["shows"])
            unsure = frozenset(category for category, one in classes.items() if name in one["unsure"])
        else:
            continue
        picture = parse_image(path.read_bytes()).flattened()
        found.append(Labelled(str(path.relative_to(folder)), picture, shows, unsure, name))
    return found


def ask(labelled: Iterable[Labelled]) -> list[Answer]:
    """Return what `clip` and `nsfw` say of each picture, with their default settings."""
    model, classes = load_chop_clip(), load_chop_clip().place_classes()
    answers = []
    with tempfile.TemporaryDirectory() as scratch:
        toolbox = Toolbox(works=None, models_dir=Path(scratch))
        clip, nsfw = ClipDetector(toolbox), NsfwDetector(toolbox)
        for one in labelled:
            seen = model.see(one.picture)
            signal = clip.answer(one.picture)
            scores = {**signal.scores, "nsfw": nsfw.answer(one.picture).scores["nsfw"]}
            order = np.argsort(-(classes @ seen.photographs[0])).tolist()
            place = order.index(load_names().index(one.name)) if one.name else None
            answers.append(Answer(one, scores, seen.kind, place, load_names()[int(seen.names.argmax())]))
    return answers


def hold_limits() -> dict[str, float]:
    """Return the hold limits of the baseline pack, by category of pictures."""
    return {one.category: one.hold for one in load_named(["baseline"])[0].thresholds if one.hold is not None}


def measure(answers: Sequence[Answer], limits: dict[str, float], seed: int = 0) -> list[dict[str, Any]]:
    """Return a row for each category and kind that has something to say."""
    rows = []
    kinds = [ALL, *sorted({one.kind for one in answers})]
    for category in load_classes():
        for kind in kinds:
            chosen = [one for one in answers if kind in {ALL, one.kind} and category not in one.of.unsure]
            scores = np.array([one.scores.get(category, 0.0) for one in chosen])
            shown = np.array([category in one.of.shows for one in chosen], dtype=bool)
            if shown.any() and (~shown).any():
                held = scores >= limits.get(category, 0.5)
                rows.append(
                    {
                        "category": category,
                        "kind": kind,
                        "shown": int(shown.sum()),
                        "others": int((~shown).sum()),
                        "area": [round(value, 4) for value in _area(scores[shown], scores[~shown], seed)],
                        "found": _share(held[shown]),
                        "held for nothing": _share(held[~shown]),
                    }
                )
    return rows


def summarise(answers: Sequence[Answer], limits: dict[str, float]) -> dict[str, Any]:
    """Return how many harmless pictures the baseline pack holds, how many are named rightly, and of which kinds they are."""
    harmless = [one for one in answers if not one.of.shows and not one.of.unsure]
    placed = np.array([one.place for one in answers if one.place is not None])
    told: dict[str, Any] = {"pictures": len(answers)}
    told["kinds"] = {kind: sum(one.kind == kind for one in answers) for kind in sorted({one.kind for one in answers})}
    if harmless:
        told["harmless held"] = _share(np.array([bool(find_held(one, limits)) for one in harmless]))
    if len(placed):
        told["named first"], told["named among five"] = _share(placed < 1), _share(placed < 5)
    return told


def find_held(answer: Answer, limits: dict[str, float]) -> list[str]:
    """Return the categories for which the baseline pack holds a picture."""
    return [name for name, score in answer.scores.items() if name in limits and score >= limits[name]]


def find_wrong(answers: Sequence[Answer], limits: dict[str, float]) -> list[tuple[Answer, str]]:
    """Return what went wrong: each picture that was missed or held for nothing, with a line that says so."""
    wrong = []
    for one in answers:
        held = find_held(one, limits)
        missed = [f"missed {name}" for name in sorted(one.of.shows) if name in limits and name not in held]
        idle = [f"held: {name}" for name in held if name not in one.of.shows | one.of.unsure]
        if missed or idle:
            wrong.append((one, ", ".join((*missed, *idle))))
    return wrong


def draw_sheet(wrong: Sequence[tuple[Answer, str]], across: int = 6) -> Image.Image:
    """Return a contact sheet: each picture small, under it its name, what went wrong and what it was taken for."""
    rows = max(1, -(-len(wrong) // across))
    sheet = Image.new("RGB", (across * _CELL, rows * (_CELL + 40)), "white")
    pen = ImageDraw.Draw(sheet)
    for place, (answer, text) in enumerate(wrong):
        left, top = place % across * _CELL, place // across * (_CELL + 40)
        small = Image.fromarray(answer.of.picture.frame)
        small.thumbnail((_CELL - 8, _CELL - 8))
        sheet.paste(small, (left + 4, top + 4))
        for line, words in enumerate((Path(answer.of.path).stem, text, f"looks like {answer.looks_like}")):
            pen.text((left + 4, top + _CELL + 12 * line), words[:26], fill="black")
    return sheet


def _area(shown: np.ndarray, others: np.ndarray, seed: int) -> tuple[float, float, float]:
    random = np.random.default_rng(seed)
    draws = [area(random.choice(shown, len(shown)), random.choice(others, len(others))) for _ in range(200)]
    low, high = np.percentile(draws, (2.5, 97.5))
    return area(shown, others), float(low), float(high)


def _share(hits: np.ndarray) -> list[float]:
    """Return share, Wilson's interval at 95 % and how many there were."""
    return [*(round(max(0.0, value), 4) for value in wilson(int(hits.sum()), len(hits))), len(hits)]


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.detectors pictures", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sheet", type=Path, help="draw what went wrong")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    labelled = read_folder(given.folder)
    if not labelled:
        parser.error(f"{given.folder} has no picture whose label is known: see --help for how they are named")
    limits, answers = hold_limits(), ask(labelled)
    rows, told = measure(answers, limits), summarise(answers, limits)
    if given.json:
        print(json.dumps({"summary": told, "categories": rows}, indent=1))
    else:
        show(told, rows)
    if given.sheet:
        wrong = find_wrong(answers, limits)
        draw_sheet(wrong).save(given.sheet)
        print(f"{given.sheet}: {len(wrong)} pictures that were missed or held for nothing")


def show(told: dict[str, Any], rows: Sequence[dict[str, Any]]) -> None:
    """Print summary and table."""
    console = Console()
    for name, value in told.items():
        console.print(f"{name}: {value if not isinstance(value, list) else _tell(value)}")
    table = Table(title="By category and kind", title_justify="left")
    for column in rows[0] if rows else ():
        table.add_column(column)
    for row in rows:
        table.add_row(*(_tell(cell) if isinstance(cell, list) else str(cell) for cell in row.values()))
    console.print(table)


def _tell(figures: Sequence[float]) -> str:
    value, low, high, *count = figures
    return f"{value:.3f} ({low:.3f} to {high:.3f})" + (f", n={count[0]:.0f}" if count else "")
