"""Makes the head that says what a prompt means: from sentences of each kind to a weight for each category.

    python -m training.meaning OUT WORDNET

Learns from what `training.prompt_lines` and `training.plain_words` gather, all embedded by `detectors.sentences`;
`WORDNET` is the folder of its files, ``usr/share/wordnet`` of Debian's package. A prompt is compared with anchors,
sentences from among these: a kernel machine, one logistic for each category and one for all, and how much nearer the
nearest thing that is asked for lies than the nearest harmless one. Prints what it finds of thirds that it did not
learn from, and writes ``head.npz`` into `OUT`.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final
from zipfile import ZIP_LZMA, ZipFile, ZipInfo

import numpy as np
import torch
from numpy.typing import NDArray

from detectors.sentences.encoder import encode
from training.plain_words import read_plain
from training.prompt_lines import HARMLESS, Line, build_lines, read_apart, read_terms

# What may be asked for together: of a text of one category nothing is said about the others of its row.
_KIN: Final = (
    "sexual nudity minors", "gore violence self_harm weapons minors illegal", "hate political real_person gore",
    "drugs tobacco alcohol minors", "illegal violence weapons documents drugs",
)  # fmt: skip
_WEIGHTS: Final = {"bare": 1.0, "term": 0.4, "caption": 0.7, "everyday": 0.3, "word": 0.25, "gloss": 0.3}
# Contrasts count so much: they are few, and each was written to be near something that is asked for.
_CONTRAST: Final = 4.0
_LEANING: Final = 5.0
_DAMPING: Final = 2e-4
_REACH: Final = 1.5
_LINEAR: Final = 0.07
# What a whole cosine counts by which something asked for is nearer than anything harmless.
_NEARER: Final = 12.0
_THIRDS: Final = 3
_ROUNDS: Final = 45
# Harmless sentences that the kernel compares with; those that only their nearness counts of are all others.
_CONTRAST_ANCHORS: Final = 1000
_WORD_ANCHORS: Final = 1300
_PLAIN: Final = frozenset({"everyday", "caption"})
# A policy speaks of alcohol beside a child only.
_QUIET: Final = frozenset({HARMLESS, "alcohol"})
# How far what varies within one category is made small, and what keeps directions that hardly vary from growing.
_TURNING: Final = 0.3
_FLOOR: Final = 0.05
# What the offsets together let through: of captions, of words, and of contrasts written to be near.
_HELD: Final = {"plain": 0.005, "words": 0.003, "contrasts": 0.025}
_PASSES: Final = 2
# What the vectors ask for besides: "a little girl under cherry trees" came too near by this, and lonely people, small
# tools and red skies came too near to self-harm.
_RAISED: Final = {"minors": 0.2, "self_harm": 0.4}
# Terms find much of what lies just below, and frames leave room: chosen on prompts whose mistakes had been read.
_LOWERED: Final = 0.15
# Steps of a point from 0 to its largest: few, so that anchors pack well.
_STEPS: Final = 24


@dataclass(frozen=True, slots=True)
class Chosen:
    """Places of the anchors among the lines: what is asked for, alcohol and contrasts, then what only lies near."""

    asked: NDArray[np.intp]
    other: NDArray[np.intp]
    near: NDArray[np.intp]

    @property
    def all(self) -> NDArray[np.intp]:
        """All of them, in this order."""
        return np.concatenate([self.asked, self.other, self.near])

    @property
    def compared(self) -> int:
        """How many of them the kernel compares with: the first."""
        return len(self.asked) + len(self.other)


class Kernel:
    """Anchors, and how a direction is described by its distance to each of them.

    What varies among texts of one category, language above all, is made small first.
    """

    def __init__(self, rows: NDArray[np.float32], categories: Sequence[str], chosen: Chosen) -> None:
        turned_by = rows[np.concatenate([chosen.asked, chosen.other])]
        named = [categories[place] for place in (*chosen.asked, *chosen.other)]
        self.centre = np.asarray(turned_by.mean(axis=0), np.float16).astype(np.float32)
        self.turn = np.asarray(_build_turn(turned_by, named), np.float16).astype(np.float32)
        turned = (rows - self.centre) @ self.turn
        self.spread = float(turned.std())
        points = turned / self.spread
        self.scale = float(np.abs(points[chosen.all]).max()) / _STEPS
        self.anchors = np.round(points[chosen.all] / self.scale).astype(np.int8)
        self.asked, self.compared = len(chosen.asked), chosen.compared
        self.reach = _REACH / float((points**2).sum(axis=1).mean())

    def describe(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (n, compared + 384): nearness to each anchor of the kernel, and the point itself."""
        points, near = self._place(rows), self.anchors[: self.compared] * np.float32(self.scale)
        squares = (points**2).sum(1)[:, None] + (near**2).sum(1)[None] - 2 * points @ near.T
        return np.asarray(np.hstack([np.exp(-self.reach * np.maximum(squares, 0)), points * _LINEAR]), np.float32)

    def measure_nearer(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return by how much of a cosine something asked for is nearer than anything harmless."""
        points, near = self._place(rows), self.anchors * np.float32(self.scale)
        points = points / np.linalg.norm(points, axis=1, keepdims=True)
        cosines = points @ (near / np.linalg.norm(near, axis=1, keepdims=True)).T
        return np.asarray(cosines[:, : self.asked].max(1) - cosines[:, self.asked :].max(1), np.float32)

    def _place(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray((rows - self.centre) @ self.turn / self.spread, np.float32)


def _build_turn(rows: NDArray[np.float32], categories: Sequence[str]) -> NDArray[Any]:
    """Return (384, 384): the scatter within categories, to a small negative power."""
    scatter = np.zeros((rows.shape[1], rows.shape[1]))
    named = np.array(categories)
    for category in sorted(set(categories)):
        own = rows[named == category]
        own = own - own.mean(axis=0)
        scatter += own.T @ own / len(rows)
    sizes, axes = np.linalg.eigh(scatter)
    turn: NDArray[Any] = axes * (sizes + _FLOOR * sizes.mean()) ** -_TURNING @ axes.T
    return turn


def choose_anchors(lines: Sequence[Line], seen: NDArray[np.bool_]) -> Chosen:
    """Return which lines are anchors: all that were written, and some words."""

    def find(*kinds: str, harmless: bool) -> list[int]:
        return [
            place
            for place, line in enumerate(lines)
            if seen[place] and line.kind in kinds and (line.category == HARMLESS) == harmless
        ]

    chance = Random(6)  # noqa: S311 - draws texts, guards nothing
    written = find("bare", harmless=False)
    asked = [place for place in written if lines[place].category not in _QUIET]
    contrasts, words = find("bare", harmless=True), find("word", harmless=True)
    compared = set(chance.sample(contrasts, min(_CONTRAST_ANCHORS, len(contrasts))))
    quiet = [place for place in written if lines[place].category in _QUIET]
    near = [*(place for place in contrasts if place not in compared), *find("caption", harmless=True)]
    near += chance.sample(words, min(_WORD_ANCHORS, len(words)))
    return Chosen(*(np.array(one, np.intp) for one in (asked, [*quiet, *sorted(compared)], near)))


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
            weights[row] *= _CONTRAST if line.kind == "bare" else 1
            continue
        for other in kin.get(line.category, set()):
            weights[row, places[other]] = 0
        wanted[row, [places[line.category], -1]] = 1
        weights[row, places[line.category]] = _WEIGHTS[line.kind]
        weights[row, -1] *= line.category not in _QUIET
    return wanted, weights


def fit(described: NDArray[Any], wanted: NDArray[Any], weights: NDArray[Any]) -> NDArray[np.float32]:
    """Return (inputs + 1, outputs) weights of logistic regressions, the last row their constants."""
    given, answers, counts = (torch.from_numpy(np.asarray(one, np.float32)) for one in (described, wanted, weights))
    rare = (counts * (1 - answers)).sum(0) / (counts * answers).sum(0)
    counts = counts * (answers * rare / _LEANING + 1 - answers)
    counts = counts / counts.sum(0)
    made = torch.zeros(given.shape[1] + 1, answers.shape[1], requires_grad=True)
    search = torch.optim.LBFGS([made], max_iter=_ROUNDS, line_search_fn="strong_wolfe")

    def lose() -> torch.Tensor:
        search.zero_grad()
        logits = given @ made[:-1] + made[-1]
        losses = torch.nn.functional.binary_cross_entropy_with_logits(logits, answers, reduction="none")
        loss = (losses * counts).sum() + _DAMPING * (made[:-1] ** 2).sum()
        loss.backward()
        return loss

    search.step(lose)
    return np.asarray(made.detach().numpy())


def judge(kernel: Kernel, weights: NDArray[Any], rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (n, categories) margins: what speaks for a category, for any, and how much nearer it lies."""
    logits = kernel.describe(rows) @ weights[:-1] + weights[-1]
    return np.asarray(logits[:, :-1] + logits[:, -1:] + _NEARER * kernel.measure_nearer(rows)[:, None])


def choose_offsets(margins: NDArray[Any], lines: Sequence[Line]) -> NDArray[np.float32]:
    """Return the margins that together hold hardly any harmless line that nothing was learned from.

    From one height above what harmless texts reach, each category's is moved in turn while more of what is asked for
    is found, as long as the shares of harmless ones stay.
    """
    harmless = np.array([line.category == HARMLESS for line in lines])
    kinds = np.array([line.kind for line in lines])
    held = {
        "plain": harmless & np.isin(kinds, sorted(_PLAIN)),
        "words": harmless & (kinds == "word"),
        "contrasts": harmless & (kinds == "bare"),
    }
    held = {name: rows for name, rows in held.items() if rows.any()}
    asked = np.array([line.category not in _QUIET and line.kind == "bare" for line in lines])
    loud = np.array([name not in _QUIET for name in sorted({line.category for line in lines} - {HARMLESS})])
    offsets = np.quantile(margins[harmless], 0.98, axis=0)
    worst = (margins - offsets)[:, loud].max(axis=1)
    offsets += max(np.quantile(worst[rows], 1 - _HELD[name]) for name, rows in held.items())

    def count_found(tried: NDArray[Any]) -> float:
        is_held = np.max(np.greater_equal(margins, tried)[:, loud], axis=1)
        is_kept = all(is_held[rows].mean() <= _HELD[name] + 1e-9 for name, rows in held.items())
        return float(is_held[asked].mean()) if is_kept else -1.0

    best = count_found(offsets)
    for _ in range(_PASSES):
        for column in np.flatnonzero(loud):
            for step in np.arange(-2, 2.01, 0.5):
                tried = offsets.copy()
                tried[column] += step
                if (found := count_found(tried)) > best:
                    best, offsets = found, tried
    return np.asarray(offsets, np.float32)


def learn(
    lines: Sequence[Line], rows: NDArray[np.float32], categories: Sequence[str], seen: NDArray[np.bool_]
) -> tuple[Chosen, Kernel, NDArray[np.float32]]:
    """Return the anchors, the kernel and its weights, of those lines that are `seen`."""
    wanted, weights = build_targets(lines, categories)
    chosen = choose_anchors(lines, seen)
    kernel = Kernel(rows, [line.category for line in lines], chosen)
    # Half of the words teach as much as all of them.
    used = seen & np.array([line.kind != "word" or line.family % 2 == 0 for line in lines])
    learned = fit(kernel.describe(rows[used]), wanted[used], weights[used])
    return chosen, kernel, learned.astype(np.float16).astype(np.float32)


def make(lines: Sequence[Line], rows: NDArray[np.float32], path: Path) -> NDArray[np.float32]:
    """Learn, write the head, and return the margins of thirds that had learned from the others, less its offsets."""
    torch.manual_seed(0)
    categories = sorted({line.category for line in lines} - {HARMLESS})
    thirds = np.array([line.family % _THIRDS for line in lines])
    margins = np.zeros((len(lines), len(categories)), np.float32)
    for third in range(_THIRDS):
        _, kernel, learned = learn(lines, rows, categories, thirds != third)
        margins[thirds == third] = judge(kernel, learned, rows[thirds == third])
    offsets = choose_offsets(margins, lines)
    offsets += np.array([_RAISED.get(category, 0) - _LOWERED for category in categories], np.float32)
    chosen, kernel, learned = learn(lines, rows, categories, np.ones(len(lines), np.bool_))
    texts = [[lines[row].category, lines[row].text] for row in chosen.all[: kernel.compared]]
    write_arrays(
        path,
        categories=np.frombuffer(json.dumps(categories).encode(), np.uint8),
        texts=np.frombuffer(json.dumps(texts).encode(), np.uint8),
        anchors=kernel.anchors,
        centre=kernel.centre.astype(np.float16),
        turn=kernel.turn.astype(np.float16),
        numbers=np.array([kernel.spread, kernel.reach, _LINEAR, kernel.scale, _NEARER, kernel.asked]),
        weights=learned.astype(np.float16),
        offsets=offsets,
    )
    return np.asarray(margins - offsets)


def write_arrays(path: Path, **arrays: NDArray[Any]) -> None:
    """Write arrays as `numpy.load` reads them, packed closer than numpy packs, the same bytes every time."""
    with ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            entry = ZipInfo(f"{name}.npy")
            entry.compress_type = ZIP_LZMA
            with archive.open(entry, "w") as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def main() -> None:
    """Gather, embed, learn, say how well, and write the head."""
    policed = frozenset(text.lower() for category, text in read_terms() if category != HARMLESS)
    lines = build_lines(read_plain(Path(sys.argv[2]), policed), read_apart())
    report(lines, make(lines, encode([line.text for line in lines]), Path(sys.argv[1]) / "head.npz"))


def report(lines: Sequence[Line], margins: NDArray[Any]) -> None:
    """Print the share of each kind that is held."""
    loud = [
        place for place, name in enumerate(sorted({line.category for line in lines} - {HARMLESS})) if name not in _QUIET
    ]
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
                held = (margins[rows][:, loud].max(axis=1) > 0).mean()
                print(f"{kind} {name}: {held:.3f} of {len(rows)} held")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
