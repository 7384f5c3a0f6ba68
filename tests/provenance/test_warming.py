"""What is compiled when an installation is made is all that the gate runs."""

import os
import subprocess
import sys

import pytest

from provenance.fingerprints.base import FINGERPRINTS
from provenance.warming import CODE_BITS, KERNELS, are_kernels_warm, have_kernels_a_place
from tests.architecture.checkout import ROOT
from tests.sites import PLAIN, encode, photograph


def test_every_module_of_compiled_loops_is_named():
    found = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "provenance").rglob("_*.py")
        if "import compiled" in path.read_text()
    }
    assert found == set(KERNELS)


def test_every_length_of_code_is_named():
    assert {FINGERPRINTS.load(name)().bits for name in FINGERPRINTS.names()} == set(CODE_BITS)


@pytest.fixture(scope="module")
def warmed():
    """Environment of an installation as `make setup` leaves it."""
    subprocess.run([sys.executable, "-m", "provenance.warming"], cwd=ROOT, check=True)
    return {**os.environ, **PLAIN}


def test_after_warming_everything_is_on_disk(warmed):
    assert have_kernels_a_place()
    assert are_kernels_warm()


def test_after_warming_a_release_and_a_verification_go_without_the_compiler(warmed, tmp_path):
    (tmp_path / "picture.png").write_bytes(encode(photograph(), "PNG"))
    environment = {**warmed, "CHOPMARK_HOME": str(tmp_path / "home")}
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom api.cli import main\ntry: main()\n"
        "finally: print('numba' in sys.modules, 'llvmlite' in sys.modules, file=sys.stderr)"
    )
    for arguments in (("release", "picture.png", "-o", "out.png"), ("verify", "out.png")):
        command = [sys.executable, "-c", code, *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stderr.splitlines()[-1] == "False True", "the compiler came in, or no loop ran at all"


def test_after_warming_a_small_part_is_read_without_the_compiler(warmed):
    """Under which origin it lies is tried by a loop that nothing larger needs."""
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from tests.provenance.watermarks.tile2.samples import PAYLOAD, TILE, marked\n"
        "part = marked('chelsea.png', 256, 384)[140:204, 270:356].copy()\n"
        "assert TILE.extract(part).payload == PAYLOAD\n"
        "print('numba' in sys.modules, 'llvmlite' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=warmed, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "False True", done.stderr
