"""A process that takes a picture in and is killed at a stage of the line."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

_CODE = """
import os, signal, sys
from api.wiring import open_site
from policies import gate
from tests.sites import build_light_settings, submission

home, stage, extra = sys.argv[1], sys.argv[2], eval(sys.argv[3])
with open_site(build_light_settings(home, **extra)) as site:
    if stage == "taken in":
        take_in = gate.intake
        def kill(here, handed_in):
            print(take_in(here, handed_in), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        gate.intake = kill
    else:
        def kill(here, asset_id, *rest):
            print(asset_id, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        setattr(gate, stage, kill)
    gate.release(site.deployment, submission(side=288))
"""


def kill_at(home, stage="taken in", **settings):
    """Release a photograph in a process that is killed at `stage`; return the asset's id."""
    arguments = [sys.executable, "-c", _CODE, str(home), stage, repr(settings)]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ})
    assert done.returncode == -9, done.stderr[-2000:]
    return done.stdout.strip()
