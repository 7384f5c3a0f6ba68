"""What was freed and kept goes back to the system."""

import subprocess
import sys

from provenance import heap

_HOLES = """
import sys
from provenance.heap import give_back
kept = [bytearray(100_000) for _ in range(600)]
kept = kept[::2] + kept[-1:]  # holes between what stays: the end of the heap cannot fall
def held():
    return int(open("/proc/self/smaps_rollup").read().split("Pss_Anon:")[1].split()[0])
before = held()
print(give_back(), before - held())
"""


def test_pages_between_what_stays_are_given_back():
    said = subprocess.run([sys.executable, "-c", _HOLES], capture_output=True, text=True, check=True).stdout.split()
    assert said[0] == "True"
    assert int(said[1]) > 10_000  # KiB of 30,000


def test_another_c_library_is_no_error(monkeypatch):
    monkeypatch.setattr(heap, "_find_trim", lambda: None)
    assert heap.give_back() is False
