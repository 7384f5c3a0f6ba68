"""What lies in deploy/ names verbs and paths that exist, and pages name what lies there."""

import configparser
import re
import tomllib
from importlib.util import find_spec

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from api.cli import COMMANDS
from api.settings import PREFIX, Settings
from tests.architecture.checkout import ROOT

FOLDER = ROOT / "deploy"
UNITS = sorted(path.name for path in FOLDER.glob("*.service"))


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_starts_a_verb_in_a_closed_room(name):
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read_string((FOLDER / name).read_text(encoding="utf-8"))
    service = unit["Service"]
    assert service["ExecStart"].split()[1] in COMMANDS
    closed = {"User": "chopmark", "NoNewPrivileges": "yes", "ProtectSystem": "strict", "UMask": "0077"}
    assert {key: service.get(key) for key in closed} == closed


def test_a_worker_without_memory_does_not_end_the_server_beside_it():
    text = (FOLDER / "chopmark.service").read_text(encoding="utf-8")
    assert "\nOOMPolicy=continue\n" in text


def test_the_image_copies_what_there_is_and_runs_as_nobody_in_particular():
    text = (FOLDER / "Containerfile").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
    assert [name for line in copied for name in line.split() if not (ROOT / name).exists()] == []
    assert re.search(r"^USER (?!root)", text, re.MULTILINE)
    assert re.search(r'^CMD \["(\w+)"', text, re.MULTILINE)[1] in COMMANDS
    assert '".[$EXTRAS]"' in text
    extras = re.search(r"^ARG EXTRAS=([a-z,]+)$", text, re.MULTILINE)[1].split(",")
    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert [one for one in extras if f"\n{one} = [" not in declared] == []


def test_the_image_has_every_package_and_calls_what_exists():
    """No builder is at hand where the tests run: what a build would stumble over is held against the repository."""
    text = (FOLDER / "Containerfile").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found = project["tool"]["setuptools"]["packages"]["find"]["include"]
    roots = {pattern.partition("*")[0].rstrip(".") for pattern in found}
    copied = {name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE) for name in line.split()}
    assert roots <= copied
    assert set(re.findall(r"python -m ([\w.]+)", text)) == {"venv", "provenance.warming"}
    assert find_spec("provenance.warming") is not None
    folders = [
        line.partition(" ")[2]
        for line in text.partition("-m provenance.warming")[0].splitlines()
        if line.startswith("WORKDIR ")
    ]
    assert folders == ["/src", "/"], "sources beside it would be compiled instead of what was installed"
    stages = re.findall(r"^FROM docker\.io/library/python:(\S+)", text, re.MULTILINE)
    assert len(stages) == 2
    assert len(set(stages)) == 1, "what is compiled in one stage runs in the other"
    assert Version(stages[0].partition("-")[0]) in SpecifierSet(project["project"]["requires-python"])
    assert {"g++", "python3-dev"} == set(re.search(r"--no-install-recommends (.+?) \\\n", text)[1].split())
    assert stages[0].endswith("-bookworm"), "the two packages are named as Debian 12 names them"
    settings = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    assert set(re.findall(r"\b(CHOPMARK_\w+)=", text)) <= settings
    (asked,) = re.findall(r"http://127\.0\.0\.1:(\d+/\w+)", text)
    assert asked == f"{re.search(r'EXPOSE (.+)', text)[1]}/healthz"
    assert f'"--port", "{asked.partition("/")[0]}"]' in text


def test_the_page_names_every_file():
    page = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert [path.name for path in FOLDER.iterdir() if path.name.partition("@")[0].partition(".")[0] not in page] == []
