import pytest

pytest.importorskip("torch")

import numpy as np

from training.meaning import Chosen, Kernel, build_targets, choose_offsets, write_arrays
from training.prompt_lines import HARMLESS, Line, build_lines


def test_kin_says_nothing_of_kin():
    pytest.importorskip("emoji", reason="needs the group 'training'")
    lines = build_lines([])
    categories = sorted({line.category for line in lines} - {HARMLESS})
    wanted, weights = build_targets(lines, categories)
    row = next(place for place, line in enumerate(lines) if line.category == "gore" and line.kind == "bare")
    assert wanted[row].tolist() == [float(name == "gore") for name in categories] + [1.0]
    assert weights[row, categories.index("violence")] == 0
    assert weights[row, categories.index("gambling")] == 1


def test_a_kernel_is_near_its_own_anchors_and_says_which_kind_lies_nearer():
    rows = np.random.default_rng(0).normal(size=(40, 384)).astype(np.float32)
    asked, other, near = np.arange(0, 10), np.arange(10, 15), np.arange(15, 20)
    kernel = Kernel(rows, ["gore"] * 10 + [HARMLESS] * 30, Chosen(asked, other, near))
    described = kernel.describe(rows)[:15, :15]
    assert (described.argmax(axis=1) == np.arange(15)).all()
    assert described.diagonal().min() > 0.99
    nearer = kernel.measure_nearer(rows[:20])
    assert nearer[:10].min() > 0.5
    assert nearer[10:].max() < -0.5


def test_offsets_hold_hardly_any_harmless_line_and_find_the_rest():
    kinds = ("everyday", "bare")
    lines = [Line("", HARMLESS, row, kinds[row % 2]) for row in range(400)]
    lines += [Line("", "gore", row, "bare") for row in range(100)]
    margins = np.random.default_rng(0).normal(size=(500, 1)).astype(np.float32)
    margins[400:] += 5
    offsets = choose_offsets(margins, lines)
    held = margins[:, 0] >= offsets[0]
    assert held[:400].mean() <= 0.025
    assert held[400:].mean() > 0.9


def test_arrays_are_read_as_they_were_written_and_the_bytes_are_the_same_every_time(tmp_path):
    arrays = {"anchors": np.arange(12, dtype=np.int8).reshape(3, 4), "offsets": np.array([0.5, -1], np.float32)}
    for name in ("one.npz", "two.npz"):
        write_arrays(tmp_path / name, **arrays)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    with np.load(tmp_path / "one.npz", allow_pickle=False) as read:
        assert {name: read[name].tolist() for name in read.files} == {
            name: one.tolist() for name, one in arrays.items()
        }
