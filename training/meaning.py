"""Makes the head that says what a prompt means: from sentences of each kind to a weight for each category.

    python -m training.meaning OUT

Learns from `meaning.txt`, from the term banks (what they allow is harmless), from names of ImageNet's classes and
first lines of docstrings of NumPy and SciPy (BSD) as harmless ones, all embedded by `detectors.sentences`. A prompt is
compared with anchors, sentences from among these: a kernel machine, one logistic for each category and one for all.
Prints what it finds of thirds that it did not learn from, and writes ``head.npz`` into `OUT`.
"""

import ast
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
import torch
import yaml
from numpy.typing import NDArray

from detectors.sentences.encoder import encode
from detectors.term_bank import TERMS_DIR

_TEXTS: Final = Path(__file__).with_name("meaning.txt")
_NAMES: Final = TERMS_DIR.with_name("words") / "imagenet.txt"
HARMLESS: Final = "harmless"
_EVERYDAY: Final = 2500
_DOCSTRINGS: Final = 1500
_ANCHORS: Final = 1400
# Names of ImageNet that a bank speaks of.
_NOT_HARMLESS: Final = frozenset({
    "rifle", "revolver", "holster", "missile", "projectile", "cannon", "tank", "warplane", "bikini", "maillot",
    "brassiere", "beer", "wine", "bottle", "syringe", "pill", "stage", "whiskey", "goblet", "cocktail", "cleaver",
    "guillotine", "assault", "bulletproof", "swimming", "cassock", "mask", "gown", "crossword", "slot", "military",
})  # fmt: skip
# What may be asked for together: of a text of one category nothing is said about the others of its row.
_KIN: Final = (
    "sexual nudity minors", "gore violence self_harm weapons minors illegal", "hate political real_person gore",
    "drugs tobacco alcohol minors", "illegal violence weapons documents drugs",
)  # fmt: skip
_WEIGHTS: Final = {"bare": 1.0, "style": 0.7, "two": 0.5, "term": 0.4, "everyday": 0.3, "name": 0.3, "doc": 0.2}
_LEANING: Final = 3.0
_DAMPING: Final = 1e-4
_REACH: Final = 0.5
_LINEAR: Final = 0.05
_THIRDS: Final = 3
# What the offset of each category lets through: of harmless everyday texts, and of contrasts written to be near.
_EVERYDAY_HELD: Final = 0.004
_CONTRASTS_HELD: Final = 0.06


@dataclass(frozen=True, slots=True)
class Line:
    """A text, what it asks for, which other texts were made of the same one, and how it was made."""

    text: str
    category: str
    family: int
    kind: str


def read_texts(path: Path = _TEXTS) -> dict[str, list[str]]:
    """Return the texts of each section."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            found.setdefault(section, []).append(line)
    return found


def build_lines() -> list[Line]:
    """Return everything that is learned from, the same every time."""
    texts = read_texts()
    subjects, doings, styles = (texts.pop(f"everyday:{name}") for name in ("subject", "doing", "style"))
    made: list[Line] = []
    families = iter(range(1 << 30))
    for category, lines in texts.items():
        for line in lines:
            family, chance = next(families), Random(line)  # noqa: S311 - varies texts, guards nothing
            other = chance.choice(lines) if category == HARMLESS else ""
            second = f"{line}, {other}" if other else f"{chance.choice(subjects)} {chance.choice(doings)}, {line}"
            made.append(Line(line, category, family, "bare"))
            made.append(Line(f"{line}, {chance.choice(styles)}, {chance.choice(styles)}", category, family, "style"))
            made.append(Line(second, category, family, "two"))
    for category, text in _read_terms():
        made.append(Line(text, category, next(families), "term"))
    names = [name for name in _NAMES.read_text(encoding="utf-8").splitlines() if name and not name.startswith("#")]
    made += [
        Line(f"a photo of a {name.lower()}", HARMLESS, next(families), "name")
        for name in names
        if not any(word in name.lower() for word in _NOT_HARMLESS)
    ]
    made += [Line(text, HARMLESS, next(families), "doc") for text in _read_docstrings()]
    chance = Random(0)  # noqa: S311 - varies texts, guards nothing
    for _ in range(_EVERYDAY):
        text = f"{chance.choice(subjects)} {chance.choice(doings)}"
        text += f", {chance.choice(styles)}" * (chance.random() < 0.4)
        made.append(Line(text, HARMLESS, next(families), "everyday"))
    return made


def _read_terms() -> list[tuple[str, str]]:
    found = []
    for path in sorted(TERMS_DIR.glob("*.yaml")):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        for graded in data.values():
            for grade, terms in graded.items() if isinstance(graded, dict) else ():
                if "category" in data and grade != "note":
                    found += [(HARMLESS if grade == "allow" else data["category"], str(term)) for term in terms]
    return found


def _read_docstrings() -> list[str]:
    found: set[str] = set()
    for name in ("numpy", "scipy"):
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        for path in sorted(Path(spec.origin).parent.rglob("*.py")):
            if "tests" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef | ast.ClassDef) and (text := ast.get_docstring(node)):
                    first = text.partition("\n\n")[0].replace("\n", " ")
                    found |= {first} if 25 < len(first) < 120 else set()
    return Random(1).sample(sorted(found), _DOCSTRINGS)  # noqa: S311 - draws texts, guards nothing


class Kernel:
    """Anchors, and how a direction is described by its distance to each of them."""

    def __init__(self, rows: NDArray[np.float32], anchors: NDArray[np.intp]) -> None:
        self.centre = rows.mean(axis=0)
        self.spread = float((rows - self.centre).std())
        points = self.place(rows)
        self.points = points[anchors]
        self.reach = _REACH / float((points**2).sum(axis=1).mean())

    def place(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (n, 384) rows as points around 0."""
        return np.asarray((rows - self.centre) / self.spread, np.float32)

    def describe(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (n, anchors + 384): nearness to each anchor, and the point itself."""
        points = self.place(rows)
        squares = (points**2).sum(1)[:, None] + (self.points**2).sum(1)[None] - 2 * points @ self.points.T
        return np.asarray(np.hstack([np.exp(-self.reach * np.maximum(squares, 0)), points * _LINEAR]), np.float32)


def build_targets(lines: Sequence[Line], categories: Sequence[str]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return what each line asks for, one column a category and a last one for all, and how much each answer counts."""
    kin: dict[str, set[str]] = {}
    for names in _KIN:
        for name in names.split():
            kin.setdefault(name, set()).update(names.split())
    places = {category: place for place, category in enumerate(categories)}
    wanted = np.zeros((len(lines), len(categories) + 1), np.float32)
    weights = np.ones_like(wanted)
    for row, line in enumerate(lines):
        weights[row] = _WEIGHTS[line.kind]
        if line.category == HARMLESS:
            continue
        for other in kin.get(line.category, set()):
            weights[row, places[other]] = 0
        wanted[row, [places[line.category], -1]] = 1
        weights[row, places[line.category]] = _WEIGHTS[line.kind]
        weights[row, -1] *= line.category != "alcohol"  # a policy speaks of it beside a child only
    return wanted, weights


def fit(described: NDArray[Any], wanted: NDArray[Any], weights: NDArray[Any]) -> NDArray[np.float32]:
    """Return (inputs + 1, outputs) weights of logistic regressions, the last row their constants."""
    given, answers, counts = (torch.from_numpy(np.asarray(one, np.float32)) for one in (described, wanted, weights))
    rare = (counts * (1 - answers)).sum(0) / (counts * answers).sum(0)
    counts = counts * (answers * rare / _LEANING + 1 - answers)
    counts = counts / counts.sum(0)
    made = torch.zeros(given.shape[1] + 1, answers.shape[1], requires_grad=True)
    search = torch.optim.LBFGS([made], max_iter=200, line_search_fn="strong_wolfe")

    def lose() -> torch.Tensor:
        search.zero_grad()
        logits = given @ made[:-1] + made[-1]
        losses = torch.nn.functional.binary_cross_entropy_with_logits(logits, answers, reduction="none")
        loss = (losses * counts).sum() + _DAMPING * (made[:-1] ** 2).sum()
        loss.backward()
        return loss

    search.step(lose)
    return np.asarray(made.detach().numpy())


def choose_anchors(lines: Sequence[Line], seen: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return which lines are anchors: every one as it was written, and terms until there are enough."""
    bare = [row for row, line in enumerate(lines) if seen[row] and line.kind == "bare"]
    rest = [row for row, line in enumerate(lines) if seen[row] and line.kind in {"term", "name"}]
    return np.array([*bare, *Random(2).sample(rest, max(0, _ANCHORS - len(bare)))])  # noqa: S311 - draws texts


def judge(described: NDArray[Any], weights: NDArray[Any]) -> NDArray[np.float32]:
    """Return (n, categories) margins: what speaks for a category, and for any."""
    logits = described @ weights[:-1] + weights[-1]
    return np.asarray(logits[:, :-1] + logits[:, -1:])


def choose_offsets(margins: NDArray[Any], lines: Sequence[Line]) -> NDArray[np.float32]:
    """Return the margin of each category that hardly any harmless line reaches that nothing was learned from."""
    everyday = np.array([line.category == HARMLESS and line.kind in {"everyday", "name", "doc"} for line in lines])
    contrasts = np.array([line.category == HARMLESS and line.kind == "bare" for line in lines])
    shift = margins - np.quantile(margins[everyday], 0.99, axis=0)
    worst = shift.max(axis=1)
    common = max(np.quantile(worst[everyday], 1 - _EVERYDAY_HELD), np.quantile(worst[contrasts], 1 - _CONTRASTS_HELD))
    return np.asarray(np.quantile(margins[everyday], 0.99, axis=0) + common, np.float32)


def main() -> None:
    """Learn, say how well, and write the head."""
    torch.manual_seed(0)
    lines = build_lines()
    categories = sorted({line.category for line in lines} - {HARMLESS})
    rows = encode([line.text for line in lines])
    wanted, weights = build_targets(lines, categories)
    thirds = np.array([line.family % _THIRDS for line in lines])
    margins = np.zeros((len(lines), len(categories)), np.float32)
    for third in range(_THIRDS):
        seen = thirds != third
        kernel = Kernel(rows[seen], np.searchsorted(np.flatnonzero(seen), choose_anchors(lines, seen)))
        learned = fit(kernel.describe(rows[seen]), wanted[seen], weights[seen])
        margins[~seen] = judge(kernel.describe(rows[~seen]), learned)
    offsets = choose_offsets(margins, lines)
    _report(lines, margins - offsets)
    everything = np.ones(len(lines), np.bool_)
    anchors = choose_anchors(lines, everything)
    kernel = Kernel(rows, anchors)
    np.savez_compressed(
        Path(sys.argv[1]) / "head.npz",
        categories=np.frombuffer(json.dumps(categories).encode(), np.uint8),
        texts=np.frombuffer(json.dumps([[lines[row].category, lines[row].text] for row in anchors]).encode(), np.uint8),
        anchors=rows[anchors].astype(np.float16),
        centre=kernel.centre,
        numbers=np.array([kernel.spread, kernel.reach, _LINEAR]),
        weights=fit(kernel.describe(rows), wanted, weights),
        offsets=offsets,
    )


def _report(lines: Sequence[Line], margins: NDArray[Any]) -> None:
    for kind in _WEIGHTS:
        for name in (HARMLESS, "asked for"):
            rows = [
                row
                for row, line in enumerate(lines)
                if line.kind == kind
                and line.category != "alcohol"
                and (line.category == HARMLESS) == (name == HARMLESS)
            ]
            if rows:
                print(f"{kind} {name}: {(margins[rows].max(axis=1) > 0).mean():.3f} of {len(rows)} held")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
