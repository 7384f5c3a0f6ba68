"""Every hostile file, in a process of its own that has 1 GiB and, for each file, 5 s of processor time."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from provenance.errors import AssetError
from provenance.media.picture.image import parse_image
from tests import hostile

ROOT = Path(__file__).parents[3]
FIXTURES = ROOT.parent / "shared" / "data" / "c2pa-rs-fixtures"

GUARDED = """
import gc, json, re, resource, signal, sys, warnings
import cv2, pi_heif  # what decoding loads, before the bound is set
from provenance.errors import AssetError
from provenance.media.picture.image import parse_image
from tests.hostile import hostile_files

warnings.simplefilter("error")

class Hang(BaseException):
    pass

def stop(*_):
    raise Hang

def virtual_bytes(key):
    return int(re.search(key + r":\\s+(\\d+) kB", open("/proc/self/status", encoding="ascii").read())[1]) * 1024

files = list(hostile_files())
parse_image(next(file.data for file in files if file.name == "name-zero-width"))
gc.collect()
base = virtual_bytes("VmSize")
resource.setrlimit(resource.RLIMIT_AS, (base + (1 << 30), base + (1 << 30)))
signal.signal(signal.SIGPROF, stop)
problems = []
for file in files:
    signal.setitimer(signal.ITIMER_PROF, 5)
    try:
        parse_image(file.data, declared_name=file.declared_name, declared_type=file.declared_type)
        if not file.acceptable:
            problems.append(f"{file.name}: accepted")
    except AssetError as exc:
        if isinstance(exc.__cause__, MemoryError):
            problems.append(f"{file.name}: more than 1 GiB")
        elif not file.acceptable and not isinstance(exc, file.error):
            problems.append(f"{file.name}: {type(exc).__name__}: {exc}")
    except Hang:
        problems.append(f"{file.name}: more than 5 s")
    except BaseException as exc:
        problems.append(f"{file.name}: {type(exc).__name__}: {exc}")
    signal.setitimer(signal.ITIMER_PROF, 0)
print(json.dumps({"files": len({file.name for file in files}), "named_twice": len(files) - len({file.name for file in files}), "problems": problems}))
"""


def test_every_hostile_file_ends_in_a_typed_error_or_a_picture(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error::Warning", "-W", "ignore::DeprecationWarning", "-c", GUARDED],
        cwd=ROOT, capture_output=True, text=True, timeout=200, check=False, env={"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path), "PATH": "", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["problems"] == []
    assert report["files"] >= 200
    assert report["named_twice"] == 0
    # No file left behind.
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("section", [hostile._empty_and_foreign, hostile._flipped, hostile._two_types_at_once])
def test_what_is_drawn_by_chance_is_the_same_each_time(section):
    assert list(section()) == list(section())


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="../shared/data/c2pa-rs-fixtures is absent")
def test_files_from_the_c2pa_project():
    refused = set()
    for path in sorted(FIXTURES.iterdir()):
        try:
            parse_image(path.read_bytes(), declared_name=path.name)
        except AssetError:
            refused.add(path.name)
    pictures = {
        path.name
        for path in FIXTURES.iterdir()
        if path.suffix in {".jpg", ".png", ".webp", ".avif", ".tiff", ".gif", ".heic"}
    }
    # A directory that loops, an animation, and 51 megapixels.
    assert refused & pictures == {"tiff_poc.tiff", "sample1.gif", "sample1.heic"}
    assert refused >= {path.name for path in FIXTURES.iterdir()} - pictures
