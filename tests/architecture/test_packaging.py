"""Our five import roots are ours alone: common names, so another distribution could bring one of them."""

import fnmatch
import importlib.util
import re
import tomllib
from importlib.metadata import packages_distributions

import pytest

from tests.architecture.checkout import PACKAGES, ROOT, files

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.mark.parametrize("package", [*PACKAGES, "tests"])
def test_each_package_is_the_one_in_this_checkout(package):
    spec = importlib.util.find_spec(package)
    assert spec.origin == str(ROOT / package / "__init__.py")


@pytest.mark.parametrize("package", PACKAGES)
def test_no_other_distribution_owns_the_name(package):
    assert set(packages_distributions().get(package, ["chopmark"])) == {"chopmark"}


def test_tests_are_not_shipped():
    assert packages_distributions().get("tests") is None
    assert PROJECT["tool"]["setuptools"]["packages"]["find"]["include"] == [
        f"{package}*" for package in ("provenance", "detectors", "generation", "policies", "api")
    ]


def test_a_source_distribution_has_no_more_than_a_wheel():
    pruned = (ROOT / "MANIFEST.in").read_text().split()[1::2]
    folders = {path.parts[0] for path in files() if len(path.parts) > 1 and not path.parts[0].startswith(".")}
    assert set(pruned) == folders - set(PACKAGES)


def test_each_pin_is_locked_with_its_hashes():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = {re.sub(r"[-_.]+(?=.*==)", "-", line).lower() for line in lines if line and line[0] != "#"}
    blocks = re.split(r"\n(?! )", (ROOT / "requirements.lock").read_text().strip())
    locked = {block.split()[0]: len(re.findall(r"--hash=sha256:[0-9a-f]{64}", block)) for block in blocks}
    assert locked.keys() == pins, "run: make lock"
    assert all(locked.values())


@pytest.mark.parametrize("package", PACKAGES)
def test_types_are_shipped(package):
    assert (ROOT / package / "py.typed").is_file()


def test_data_files_are_shipped():
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["*"]
    data = [path for path in files() if path.parts[0] in PACKAGES and path.suffix not in {".py", ".md"}]
    assert data
    assert [str(path) for path in data if not any(fnmatch.fnmatch(path.name, pattern) for pattern in patterns)] == []


def test_heavy_pins_are_exact():
    extras = PROJECT["project"]["optional-dependencies"]
    for extra in ("clip", "generate"):
        assert {"torch==2.13.0", "torchvision==0.28.0"} <= set(extras[extra])
    assert not any("nudenet" in line for name, lines in extras.items() for line in lines if name != "nudity-agpl")
