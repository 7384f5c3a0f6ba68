"""Dependencies point down: the contracts of import-linter, run as it runs in the lint gate."""

import subprocess
import sys
from pathlib import Path

from tests.architecture.checkout import ROOT


def test_layers_hold():
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
