"""Thousands of mutated files, down the way of an upload: no death, and nothing but pictures and typed errors."""

import json
import subprocess
import sys

import pytest

from tests.architecture.checkout import ROOT
from tests.fuzz import MOST_SEED_BYTES, attempt, inputs, seeds

INPUTS = 3600


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_input_ends_the_process_or_surprises_it(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "--inputs", str(INPUTS), "--seed", "2026", "--folder", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, timeout=590, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (done.returncode, done.stderr[-2000:])
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["surprises"] == []
    assert report["inputs"] == sum(report["ended"].values()) == INPUTS
    # Some reach the decoders and are still pictures: mutation that is always caught in front tests nothing behind.
    assert report["ended"]["picture"] > INPUTS / 10
    assert report["ended"]["UndecodableAssetError"] > INPUTS / 10
    assert report["deaths"] == 0


def test_seeds_are_pictures_of_every_type():
    found = seeds()
    assert {name.partition("-")[0] for name in found} >= {"jpeg", "png", "gif", "webp", "avif", "tiff", "heic"}
    assert max(map(len, found.values())) < 3 * MOST_SEED_BYTES
    whole = [name for name, data in found.items() if attempt(data) == "picture"]
    assert len(whole) > len(found) * 0.7


def test_the_same_seed_makes_the_same_files():
    one, two, other = (inputs(seed) for seed in (3, 3, 4))
    first = [next(one) for _ in range(30)]
    assert first == [next(two) for _ in range(30)]
    assert first != [next(other) for _ in range(30)]
