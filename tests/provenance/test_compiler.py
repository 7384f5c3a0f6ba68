"""Loops compile at their first call."""

import subprocess
import sys

import numpy as np

from provenance.compiler import compiled, compiled_for_speed, importing_scipy
from tests.architecture.checkout import ROOT

TOGETHER = """
import sys, threading
import numpy as np
from PIL import Image
from provenance.compiler import compiled, compiled_for_speed
from provenance.fingerprints.phash import PHash
from provenance.media.picture.image import Picture
sys.setswitchinterval(1e-6)
picture = Picture.from_frame(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
asks = (lambda: compiled(lambda value: value), lambda: PHash().compute(picture), lambda: compiled_for_speed(lambda value: value), lambda: PHash().compute(picture))
start, went = threading.Barrier(len(asks)), []
def go(ask):
    start.wait()
    ask()
    went.append(ask)
threads = [threading.Thread(target=go, args=(ask,)) for ask in asks]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(went) == len(asks)
"""
"""Threads of a fresh process ask for the compiler and for SciPy at once."""


def test_a_compiled_function_computes_the_same():
    assert compiled(lambda value: value + 1)(41) == 42


def test_speed_does_not_check_divisions():
    assert compiled_for_speed(lambda a, b: a / b)(np.float32(1), np.float32(0)) == np.inf


def test_threads_that_ask_for_scipy_at_once_all_get_it():
    done = subprocess.run([sys.executable, "-c", TOGETHER], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_who_imports_scipy_may_import_more_of_it():
    with importing_scipy(), importing_scipy():
        import scipy.fftpack

    assert scipy.fftpack.dct is not None
