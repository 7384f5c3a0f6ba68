"""What lies in deploy/ names verbs and paths that exist, and pages name what lies there."""

import configparser
import re

import pytest

from api.cli import COMMANDS
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
    extras = re.search(r'"\.\[([a-z,]+)\]"', text)[1].split(",")
    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert [one for one in extras if f"\n{one} = [" not in declared] == []


def test_the_page_names_every_file():
    page = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert [path.name for path in FOLDER.iterdir() if path.name.partition("@")[0].partition(".")[0] not in page] == []
