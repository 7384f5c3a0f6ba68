"""CPU of a process is counted whatever its name, and pairs are told with their spread."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from bench.gate_cost import change, find_python, read_cpu, summarise


def test_cpu_of_a_process_grows_as_it_works():
    code = "import sys\nfor _ in sys.stdin:\n    sum(range(3_000_000))\n    print(flush=True)"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        before = read_cpu(process.pid)
        for _ in range(3):
            process.stdin.write(b"\n")
            process.stdin.flush()
            process.stdout.readline()
        assert read_cpu(process.pid) > before
        process.stdin.close()
    assert abs(read_cpu(os.getpid()) - sum(os.times()[:4])) < 0.1


def test_the_spread_of_pairs_is_told():
    assert summarise([(0.3, 0.2), (0.2, 0.2), (0.8, 0.4)]) == "200 ms | 300 ms | 1.50 (1.00 to 2.00) | 3"


def test_each_picture_is_another_one_by_one_pixel():
    picture = Image.new("RGB", (4, 4), (10, 20, 30))
    one, other = (np.asarray(change(picture, number)).astype(int) for number in (1, 6))
    assert (np.asarray(picture) == 10).any()
    assert np.argwhere((one != other).any(axis=2)).tolist() == [[0, 1], [1, 2]]


def test_a_checkout_with_libraries_of_its_own_runs_with_them(tmp_path):
    assert find_python(tmp_path) == Path(sys.executable)
    own = tmp_path / ".venv" / "bin" / "python"
    own.parent.mkdir(parents=True)
    own.touch()
    assert find_python(tmp_path) == own
