import pytest

pytest.importorskip("torch")

import numpy as np

from training.meaning import Kernel, build_targets, choose_offsets
from training.prompt_lines import HARMLESS, Line, build_lines


def test_kin_says_nothing_of_kin():
    pytest.importorskip("emoji", reason="needs the group 'training'")
    lines = build_lines()
    categories = sorted({line.category for line in lines} - {HARMLESS})
    wanted, weights = build_targets(lines, categories)
    row = next(place for place, line in enumerate(lines) if line.category == "gore" and line.kind == "bare")
    assert wanted[row].tolist() == [float(name == "gore") for name in categories] + [1.0]
    assert weights[row, categories.index("violence")] == 0
    assert weights[row, categories.index("gambling")] == 1


def test_a_kernel_is_near_its_own_anchors():
    rows = np.random.default_rng(0).normal(size=(40, 384)).astype(np.float32)
    kernel = Kernel(rows, np.arange(20), ["gore", HARMLESS] * 10)
    near = kernel.describe(rows)[:20, :20]
    assert (near.argmax(axis=1) == np.arange(20)).all()
    assert near.diagonal().min() > 0.99


def test_offsets_hold_hardly_any_harmless_line_and_find_the_rest():
    kinds = ("everyday", "bare")
    lines = [Line("", HARMLESS, row, kinds[row % 2]) for row in range(400)]
    lines += [Line("", "gore", row, "bare") for row in range(100)]
    margins = np.random.default_rng(0).normal(size=(500, 1)).astype(np.float32)
    margins[400:] += 5
    offsets = choose_offsets(margins, lines)
    held = margins[:, 0] >= offsets[0]
    assert held[:400].mean() <= 0.1
    assert held[400:].mean() > 0.9
