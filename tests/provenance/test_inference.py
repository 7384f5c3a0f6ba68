"""One door to ONNX Runtime, behind which every processor answers the same."""

import ast
from pathlib import Path

import numpy as np
import pytest

from detectors.sentences.encoder import WEIGHTS, encode, read_file
from provenance.inference import has_vnni, load_session

ROOT = Path(__file__).parents[2]
# Every 24th number of a direction, as AVX-512 with VNNI and AVX2 without it both give it.
KNOWN = [
    0.08132, 0.03925, -0.08364, -0.01715, -0.01938, 0.0509, 0.04457, -0.01733,
    0.02409, 0.02365, -0.0219, 0.04192, -0.03285, -0.04253, -0.02939, -0.06066,
]  # fmt: skip


def test_a_direction_is_the_same_on_every_processor():
    # Bytes that overflow move these numbers by up to 0.02, and a score over its threshold.
    np.testing.assert_allclose(encode(["ผู้หญิงเปลือยบนเตียง"])[0][::24], KNOWN, atol=2e-5)


def test_weights_are_bytes_or_a_file(tmp_path):
    weights = read_file(WEIGHTS)
    path = tmp_path / "model.onnx"
    path.write_bytes(weights)
    given = {"ids": np.array([[0, 41, 902, 2]], np.int64)}
    sessions = [load_session(weights), load_session(path), load_session(str(path), threads=2, keeps_memory=False)]
    first, *others = (session.run(["means"], given)[0] for session in sessions)
    for other in others:
        np.testing.assert_array_equal(other, first)


def test_threads_and_memory_are_as_asked():
    options = load_session(read_file(WEIGHTS), threads=2, keeps_memory=False).get_session_options()
    assert (options.intra_op_num_threads, options.enable_cpu_mem_arena) == (2, False)


def test_blocks_are_left_out_where_asked_and_change_no_answer():
    weights, given = read_file(WEIGHTS), {"ids": np.array([[0, 41, 902, 2]], np.int64)}
    plain, usual = load_session(weights, blocks=False), load_session(weights)
    levels = [session.get_session_options().graph_optimization_level for session in (plain, usual)]
    assert levels[0] != levels[1]
    np.testing.assert_allclose(plain.run(["means"], given)[0], usual.run(["means"], given)[0], atol=1e-5)


def test_wider_sums_are_asked_for_where_a_processor_does_not_add_so_anyway(monkeypatch):
    weights, given = read_file(WEIGHTS), {"ids": np.array([[0, 41, 902, 2]], np.int64)}
    monkeypatch.setattr("provenance.inference.has_vnni", lambda: False)
    wide = load_session(weights)
    assert wide.get_session_options().get_session_config_entry("session.x64quantprecision") == "1"
    monkeypatch.undo()
    np.testing.assert_array_equal(load_session(weights).run(["means"], given)[0], wide.run(["means"], given)[0])


def test_a_processor_is_taken_at_its_word_and_no_further(tmp_path):
    for flags, known in (("fpu avx512f avx512_vnni", True), ("fpu avx2 avx512_vnnix", False), ("", False)):
        path = tmp_path / f"{known} {len(flags)}"
        path.write_text(f"processor\t: 0\nflags\t\t: {flags}\nbugs\t: avx512_vnni\n")
        assert has_vnni(path) is known
    assert has_vnni(tmp_path / "nothing") is False


@pytest.mark.parametrize("package", ["provenance", "detectors", "generation", "policies", "api"])
def test_nobody_opens_a_session_elsewhere(package):
    for path in (ROOT / package).rglob("*.py"):
        if path == ROOT / "provenance" / "inference.py":
            continue
        names = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
        assert "InferenceSession" not in names, path
