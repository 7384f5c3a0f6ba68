"""While a process starts the collector waits; afterwards it is as it was."""

import gc
import subprocess
import sys

from api.starting import FIRST_AT
from tests.architecture.checkout import ROOT

PROGRAM = """
import gc, json
from api.starting import FIRST_AT, postpone_collecting
usual = gc.get_threshold()
runs = []
gc.callbacks.append(lambda phase, told: runs.append(told["generation"]) if phase == "start" else None)
postpone_collecting()
postpone_collecting()
kept = [[] for _ in range(FIRST_AT // 2)]
before, callbacks = len(runs), len(gc.callbacks)
more = [[] for _ in range(FIRST_AT)]
class Ring: pass
first = len(runs)
ring = Ring(); ring.itself = ring
import weakref
gone = weakref.ref(ring)
del ring
later = [[] for _ in range(usual[0] * 3)]
print(json.dumps([before, callbacks, first >= 1, gc.get_threshold() == usual, gc.get_freeze_count() >= FIRST_AT // 2, gone() is None, len(gc.callbacks)]))
"""


def test_it_waits_for_the_first_time_then_collects_as_ever():
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[0, 2, true, true, true, true, 1]"


def test_this_process_was_not_changed_by_importing_it():
    assert gc.get_threshold()[0] < FIRST_AT
