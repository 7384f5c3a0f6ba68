"""Our five import roots are ours alone: common names, so another distribution could bring one of them."""

import fnmatch
import importlib.util
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
