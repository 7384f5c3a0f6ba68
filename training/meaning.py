"""Makes the head that says what a prompt means: from sentences of each kind to a weight for each category.

    python -m training.meaning OUT

Learns from `meaning.txt`, from the term banks (what they allow is harmless), from names of ImageNet's classes and
first lines of docstrings of NumPy and SciPy (BSD) as harmless ones, all embedded by `detectors.sentences`. A prompt is
compared with anchors, sentences from among these: a kernel machine, one logistic for each category and one for all.
Prints what it finds of thirds that it did not learn from, and writes ``head.npz`` into `OUT`.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from detectors.sentences.encoder import encode
from training.prompt_lines import HARMLESS, Line, build_lines

# What may be asked for together: of a text of one category nothing is said about the others of its row.
_KIN: Final = (
    "sexual nudity minors", "gore violence self_harm weapons minors illegal", "hate political real_person gore",
    "drugs tobacco alcohol minors", "illegal violence weapons documents drugs",
)  # fmt: skip
_WEIGHTS: Final = {
    "bare": 1.0, "style": 0.7, "two": 0.5, "within": 0.3, "term": 0.4, "caption": 0.7, "joined": 0.2, "emoji": 0.2,
    "everyday": 0.3, "name": 0.3, "doc": 0.2,
}  # fmt: skip
# Contrasts count so much: they are few, and each was written to be near something that is asked for.
_CONTRAST: Final = 4.0
_LEANING: Final = 5.0
_DAMPING: Final = 2e-4
_REACH: Final = 1.5
_LINEAR: Final = 0.07
_THIRDS: Final = 3
_PLAIN: Final = frozenset({"everyday", "name", "caption", "joined"})
# A policy speaks of alcohol beside a child only.
_QUIET: Final = frozenset({HARMLESS, "alcohol"})
# How far what varies within one category is made small, and what keeps directions that hardly vary from growing.
_TURNING: Final = 0.3
_FLOOR: Final = 0.05
# What the offsets together let through: of harmless everyday texts, and of contrasts written to be near.
_EVERYDAY_HELD: Final = 0.01
_CONTRASTS_HELD: Final = 0.1
_ROUNDS: Final = 2
_BYTES: Final = 127


class Kernel:
    """Anchors, and how a direction is described by its distance to each of them.

    What varies among texts of one category, language above all, is made small first.
    """

    def __init__(self, rows: NDArray[np.float32], anchors: NDArray[np.intp], categories: Sequence[str]) -> None:
        self.centre = np.asarray(rows.mean(axis=0), np.float16).astype(np.float32)
        self.turn = np.asarray(_build_turn(rows[anchors], categories), np.float16).astype(np.float32)
        turned = (rows - self.centre) @ self.turn
        self.spread = float(turned.std())
        points = turned / self.spread
        self.scale = float(np.abs(points[anchors]).max()) / _BYTES
        self.anchors = np.round(points[anchors] / self.scale).astype(np.int8)
        self.reach = _REACH / float((points**2).sum(axis=1).mean())

    def describe(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (n, anchors + 384): nearness to each anchor, and the point itself."""
        points, near = (rows - self.centre) @ self.turn / self.spread, self.anchors * np.float32(self.scale)
        squares = (points**2).sum(1)[:, None] + (near**2).sum(1)[None] - 2 * points @ near.T
        return np.asarray(np.hstack([np.exp(-self.reach * np.maximum(squares, 0)), points * _LINEAR]), np.float32)


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
        weights[row, -1] *= line.category != "alcohol"  # a policy speaks of it beside a child only
    return wanted, weights


def fit(described: NDArray[Any], wanted: NDArray[Any], weights: NDArray[Any]) -> NDArray[np.float32]:
    """Return (inputs + 1, outputs) weights of logistic regressions, the last row their constants."""
    given, answers, counts = (torch.from_numpy(np.asarray(one, np.float32)) for one in (described, wanted, weights))
    rare = (counts * (1 - answers)).sum(0) / (counts * answers).sum(0)
    counts = counts * (answers * rare / _LEANING + 1 - answers)
    counts = counts / counts.sum(0)
    made = torch.zeros(given.shape[1] + 1, answers.shape[1], requires_grad=True)
    search = torch.optim.LBFGS([made], max_iter=150, line_search_fn="strong_wolfe")

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
    """Return which lines are anchors: every one as it was written."""
    return np.array([row for row, line in enumerate(lines) if seen[row] and line.kind == "bare"])


def judge(described: NDArray[Any], weights: NDArray[Any]) -> NDArray[np.float32]:
    """Return (n, categories) margins: what speaks for a category, and for any."""
    logits = described @ weights[:-1] + weights[-1]
    return np.asarray(logits[:, :-1] + logits[:, -1:])


def choose_offsets(margins: NDArray[Any], lines: Sequence[Line]) -> NDArray[np.float32]:
    """Return the margins that together hold hardly any harmless line that nothing was learned from.

    From one height above what everyday texts reach, each category's is moved in turn while more of what is asked for
    is found, as long as the shares of harmless ones stay.
    """
    plain = np.array([line.category == HARMLESS and line.kind in _PLAIN for line in lines])
    contrasts = np.array([line.category == HARMLESS and line.kind == "bare" for line in lines])
    asked = np.array([line.category not in _QUIET and line.kind == "bare" for line in lines])
    loud = np.array([name not in _QUIET for name in sorted({line.category for line in lines} - {HARMLESS})])
    offsets = np.quantile(margins[plain], 0.99, axis=0)
    worst = (margins - offsets)[:, loud].max(axis=1)
    offsets += max(np.quantile(worst[plain], 1 - _EVERYDAY_HELD), np.quantile(worst[contrasts], 1 - _CONTRASTS_HELD))

    def count_found(tried: NDArray[Any]) -> float:
        held = np.max(np.greater_equal(margins, tried)[:, loud], axis=1)
        is_kept = held[plain].mean() <= _EVERYDAY_HELD and held[contrasts].mean() <= _CONTRASTS_HELD
        return float(held[asked].mean()) if is_kept else -1.0

    best = count_found(offsets)
    for _ in range(_ROUNDS):
        for column in np.flatnonzero(loud):
            for step in np.arange(-2, 2.01, 0.5):
                tried = offsets.copy()
                tried[column] += step
                if (found := count_found(tried)) > best:
                    best, offsets = found, tried
    return np.asarray(offsets, np.float32)


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
        kernel, learned = _learn(
            [line for line, is_seen in zip(lines, seen, strict=True) if is_seen],
            rows[seen],
            wanted[seen],
            weights[seen],
        )
        margins[~seen] = judge(kernel.describe(rows[~seen]), learned)
    offsets = choose_offsets(margins, lines)
    _report(lines, margins - offsets)
    kernel, learned = _learn(lines, rows, wanted, weights)
    texts = [[line.category, line.text] for line in lines if line.kind == "bare"]
    np.savez_compressed(
        Path(sys.argv[1]) / "head.npz",
        categories=np.frombuffer(json.dumps(categories).encode(), np.uint8),
        texts=np.frombuffer(json.dumps(texts).encode(), np.uint8),
        anchors=kernel.anchors,
        centre=kernel.centre.astype(np.float16),
        turn=kernel.turn.astype(np.float16),
        numbers=np.array([kernel.spread, kernel.reach, _LINEAR, kernel.scale]),
        weights=learned,
        offsets=offsets,
    )


def _learn(
    lines: Sequence[Line], rows: NDArray[np.float32], wanted: NDArray[Any], weights: NDArray[Any]
) -> tuple[Kernel, NDArray[np.float32]]:
    anchors = choose_anchors(lines, np.ones(len(lines), np.bool_))
    kernel = Kernel(rows, anchors, [lines[row].category for row in anchors])
    return kernel, fit(kernel.describe(rows), wanted, weights)


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
