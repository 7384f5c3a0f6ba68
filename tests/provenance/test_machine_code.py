"""What the compiler made runs without it, with the same results, and only where it fits."""

import shutil
import stat
import subprocess
import sys

import numpy as np
import pytest

from provenance.machine_code import find_machine_code, has_place, is_kept, keep_machine_code, spell_types
from tests.architecture.checkout import ROOT

MODULE = '''
"""Loops of a test."""
import numpy as np
from provenance.compiler import compiled, compiled_for_speed

@compiled_for_speed
def double(values):
    return_to = np.empty(len(values), np.float64)
    for i in range(len(values)):
        return_to[i] = 2 * values[i]
    values[:] = return_to

@compiled
def total(values, start):
    double(values)
    found = start
    for value in values:
        found += value
    return found

@compiled
def ends(values):
    return int(values[0]), values[-1]

@compiled
def add(pair, more):
    return int(pair[0] + pair[1]) + more

@compiled
def is_rising(values):
    return values[0] < values[-1]
'''

RUN = """
import sys
import numpy as np
sys.path[:0] = [{root!r}, {folder!r}]
import loops
values = np.arange(100, dtype=np.float64)
assert loops.total(values, 1.5) == 9901.5 and values[3] == 6.0
assert loops.ends(np.array([3.0, 1.0, 9.0])) == (3, 9.0)
assert loops.add((np.uint64(3), np.uint64(4)), 5) == 12
assert loops.is_rising(np.array([1.0, 2.0])) is True
print("numba" in sys.modules)
"""


def run(folder, code=RUN, **environment):
    code = code.format(root=str(ROOT), folder=str(folder))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment or None
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


KEEP = """
from pathlib import Path
from provenance.compiler import COMPILED
from provenance.machine_code import keep_machine_code
assert keep_machine_code(Path(loops.__file__), [loop.dispatcher for loop in COMPILED])
"""


@pytest.fixture(scope="module")
def loops(tmp_path_factory):
    """A module of loops; the compiler has run each once, and what it made was kept."""
    folder = tmp_path_factory.mktemp("loops")
    (folder / "loops.py").write_text(MODULE)
    assert run(folder, RUN + KEEP) == "True"
    return folder


def test_loops_run_without_the_compiler_once_it_has_made_them(loops):
    assert run(loops) == "False"
    assert is_kept(loops / "loops.py")


def test_who_serves_can_read_what_who_installed_has_made(loops):
    """A container is made by root and run by somebody else, who would compile, or at least import the compiler, each time."""
    (place,) = (loops / "__pycache__").glob("*.machine-code")
    assert stat.S_IMODE(place.stat().st_mode) == 0o644


def test_a_source_that_was_changed_is_compiled_anew(loops, tmp_path):
    shutil.copytree(loops, tmp_path / "changed")
    (tmp_path / "changed" / "loops.py").write_text(MODULE + "\n# another one\n")
    assert not is_kept(tmp_path / "changed" / "loops.py")


@pytest.mark.parametrize("damage", [b"", b"no json", b'{"stamp": []}\n', b"[]\n"])
def test_a_file_that_is_damaged_is_passed_over(damage, tmp_path):
    source = tmp_path / "loops.py"
    source.write_text("")
    place = tmp_path / "__pycache__" / f"loops.{sys.implementation.cache_tag}.machine-code"
    place.parent.mkdir()
    place.write_bytes(damage)
    assert not is_kept(source)


def test_a_file_that_is_cut_short_or_altered_is_passed_over(loops, tmp_path):
    for name, harm in (("cut", lambda data: data[:-100]), ("altered", lambda data: data[:-1] + bytes([data[-1] ^ 1]))):
        shutil.copytree(loops, tmp_path / name)
        (place,) = (tmp_path / name / "__pycache__").glob("*.machine-code")
        place.write_bytes(harm(place.read_bytes()))
        assert not is_kept(tmp_path / name / "loops.py")


def test_nothing_is_found_where_nothing_was_kept(tmp_path):
    source = tmp_path / "other.py"
    source.write_text("def loop(): pass")
    namespace = {}
    exec(compile(source.read_text(), str(source), "exec"), namespace)
    assert find_machine_code(namespace["loop"], ()) is None
    assert has_place(source)
    assert keep_machine_code(source, [])
    assert is_kept(source)
    assert find_machine_code(namespace["loop"], ()) is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.zeros((2, 3), np.float32), "<f4/2C"),
        (np.zeros((2, 3), np.float32).T, "<f4/2F"),
        (np.zeros((4, 6), np.uint8)[::2, ::2], "|u1/2A"),
        (3, "int64"),
        (np.int64(3), "int64"),
        (0.5, "float64"),
        (np.float32(1), "float32"),
        (True, "bool"),
        ((np.uint64(1), np.uint64(2)), ("uint64", "uint64")),
    ],
)
def test_types_are_spelled_as_the_compiler_tells_them_apart(value, words):
    assert spell_types((value,)) == (words,)


def test_arrays_that_cannot_be_written_are_of_another_type():
    array = np.zeros(3)
    array.flags.writeable = False
    assert spell_types((array,)) == ("<f8/1Cr",)


@pytest.mark.parametrize("value", ["text", None, np.int16(3), [1], ("text",)])
def test_what_is_never_kept_is_the_compilers(value):
    assert spell_types((value,)) is None
