"""`kill -9` of the server and of a worker, at random, under load.

`bench/http_kills.py` does it a hundred times, `bench/kills.py` with workers and whoever hands in without HTTP.
"""

import json
import os
import subprocess
import sys

import pytest

from bench.http_kills import CLIENTS, HTTP_WRONG
from bench.kills import FAILED, kill
from tests.architecture.checkout import ROOT

SEED = "13"
"""Of those that kill the server once and a worker once: with others the server alone dies four times first."""


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_what_a_client_was_told_is_accepted_ends_in_one_recorded_outcome_whoever_is_killed(engine, request):
    """In a process of its own: it forks, and may have no threads then."""
    url = request.getfixturevalue("fresh_postgres_url") if engine == "postgres" else ""
    command = [
        sys.executable,
        "-m",
        "bench.http_kills",
        "--kills",
        "1",
        "--quick",
        "--json",
        "--database",
        url,
        "--seed",
        SEED,
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert {name: found[name] for name in HTTP_WRONG} == dict.fromkeys(HTTP_WRONG, 0)
    assert min(found["killed"].get(whom, 0) for whom in ("server", "worker")) >= 1
    assert found["client"] == 0
    assert set(found["exit_codes"]) <= {0, 2}, "2 where a worker was silent for too long on a busy machine"
    assert found["accepted"] >= CLIENTS


def test_what_fails_by_itself_ends_the_run():
    with subprocess.Popen([sys.executable, "-c", f"raise SystemExit({FAILED})"]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(RuntimeError, match="failed before it was killed"):
            kill(process.pid)
        process.returncode = FAILED
