"""A test that is skipped says why, and for no reason that nobody knows."""

import subprocess
import sys

import pytest

from tests.architecture.checkout import ROOT
from tests.skips import find_skips


class Report:
    def __init__(self, reason):
        self.longrepr = ("file", 1, f"Skipped: {reason}")


def test_a_reason_is_known_or_not():
    told, unknown = find_skips(
        [Report("needs ../shared/data/kodak"), Report("needs ../shared/data/kodak"), Report("later")]
    )
    assert told == {"needs ../shared/data/kodak": 2, "later": 1}
    assert unknown == {"later"}


@pytest.mark.parametrize(("reason", "code"), [("needs ../shared/data/x", 0), ("some day", 1)])
def test_a_run_fails_for_a_skip_without_a_known_reason(tmp_path, reason, code):
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_sessionfinish, pytest_terminal_summary")
    (tmp_path / "test_it.py").write_text(f"import pytest\ndef test_it(): pytest.skip({reason!r})")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout
    assert reason in done.stdout
