"""`kill -9` of workers, of whoever hands in and of the server itself, at random, under load.

`bench/kills.py` and `bench/http_kills.py` do it a hundred times.
"""

import json
import os
import subprocess
import sys

import pytest

from bench.http_kills import CLIENTS, HTTP_WRONG
from bench.kills import WAITING, WRONG
from tests.architecture.checkout import ROOT

ENGINES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.mark.parametrize("engine", ENGINES)
def test_what_a_client_was_told_is_accepted_ends_in_one_recorded_outcome_though_the_server_is_killed(engine, request):
    """The server walks what it accepted itself, so that it takes walks along."""
    found = kill(request, engine, "bench.http_kills", 2, "--workers", "0")
    assert {name: found[name] for name in HTTP_WRONG} == dict.fromkeys(HTTP_WRONG, 0)
    assert (found["killed"], found["client"], found["exit_codes"]) == ({"server": 2}, 0, [0])
    assert found["accepted"] >= CLIENTS


def kill(request, engine, module, kills, *more):
    url = request.getfixturevalue("fresh_postgres_url") if engine == "postgres" else ""
    command = [sys.executable, "-m", module, "--kills", str(kills), *more, "--quick", "--json", "--database", url]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("engine", ENGINES)
def test_everything_accepted_ends_in_one_recorded_outcome_whoever_is_killed(engine, request):
    """In a process of its own: it forks, and may have no threads then."""
    found = kill(request, engine, "bench.kills", 3)
    assert {name: found[name] for name in WRONG} == dict.fromkeys(WRONG, 0)
    assert (sum(found["killed"].values()), found["exit_codes"]) == (3, [0, 0])
    assert found["assets"] > found["accepted"] >= WAITING
