"""`kill -9` of workers and of whoever hands in, at random, under load; `bench/kills.py` does it a hundred times."""

import json
import os
import subprocess
import sys

import pytest

from bench.kills import WAITING, WRONG
from tests.architecture.checkout import ROOT


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_everything_accepted_ends_in_one_recorded_outcome_whoever_is_killed(engine, request):
    """In a process of its own: it forks, and may have no threads then."""
    url = request.getfixturevalue("fresh_postgres_url") if engine == "postgres" else ""
    command = [sys.executable, "-m", "bench.kills", "--kills", "4", "--quick", "--json", "--database", url]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert {name: found[name] for name in WRONG} == dict.fromkeys(WRONG, 0)
    assert (sum(found["killed"].values()), found["exit_codes"]) == (4, [0, 0])
    assert found["assets"] > found["accepted"] >= WAITING
