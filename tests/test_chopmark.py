"""The command begins where nothing else can take its place."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chopmark import PACKAGES
from tests.architecture.checkout import PACKAGES as CHECKED
from tests.architecture.checkout import ROOT


@pytest.fixture
def folder(tmp_path):
    """A project of somebody else's, with packages of the same names."""
    for name in PACKAGES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('somebody else was imported')\n")
    return tmp_path


def start(folder, *arguments, **environment):
    own = {**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT))), **environment}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=own, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_five_names_are_those_of_the_checkout():
    assert set(PACKAGES) == set(CHECKED)


@pytest.mark.parametrize("arguments", [("-m", "chopmark"), ("-c", "from chopmark import main; main()")])
def test_the_command_runs_beside_folders_of_its_names(folder, arguments):
    done = start(folder, *arguments, "--version")
    assert done.stdout.startswith("chopmark "), done.stderr


def test_an_empty_folder_of_a_name_hides_nothing(tmp_path):
    (tmp_path / "api").mkdir()
    assert start(tmp_path, "-m", "chopmark", "--version").stdout.startswith("chopmark ")


def test_the_server_starts_beside_them(folder):
    done = start(folder, "-c", "import chopmark; print(chopmark.create_app().title)")
    assert done.stdout == "Chopmark\n", done.stderr


def test_what_is_in_use_already_is_said(folder):
    (folder / "api" / "__init__.py").write_text("")
    done = start(folder, "-c", "import api, chopmark; chopmark.main()")
    assert "run chopmark as a process of its own" in done.stderr
    assert Path(folder, "api").name in done.stderr
