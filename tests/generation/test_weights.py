"""Folders of weights: pinned, measured, and refused when they could run code."""

import hashlib

import pytest

from generation.weights import LIST_NAME, build_list, check_pin, measure_pipeline, parse_pulled, pipeline_dir
from provenance.errors import BackendUnavailableError, ConfigurationError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "pipeline"
    (root / "unet").mkdir(parents=True)
    (root / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    (root / "unet" / "weights.safetensors").write_bytes(b"weights")
    return root


def test_the_list_has_the_form_of_sha256sum(folder):
    (folder / ".cache").mkdir()
    (folder / ".cache" / "x").write_text("not listed")
    lines = build_list(folder).splitlines()
    assert [line.partition("  ")[2] for line in lines] == ["model_index.json", "unet/weights.safetensors"]
    assert lines[1].startswith(hashlib.sha256(b"weights").hexdigest())


def test_the_measure_changes_with_any_byte_or_name(folder):
    before = measure_pipeline(folder)
    assert measure_pipeline(folder) == before
    (folder / "unet" / "weights.safetensors").write_bytes(b"weightz")
    changed = measure_pipeline(folder)
    (folder / "unet" / "weights.safetensors").rename(folder / "unet" / "other.safetensors")
    assert len({before, changed, measure_pipeline(folder)}) == 3


def test_a_pulled_folder_must_stay_as_it_came(folder):
    (folder / LIST_NAME).write_text(build_list(folder))
    measure_pipeline(folder)
    (folder / "unet" / "weights.safetensors").write_bytes(b"swapped")
    with pytest.raises(BackendUnavailableError, match=r"see unet/weights\.safetensors"):
        measure_pipeline(folder)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("model_index.json", "{", "cannot be read"),
        ("model_index.json", "[]", "class of its own"),
        ("model_index.json", '{"_class_name": ["my_module", "MyPipeline"]}', "class of its own"),
        ("unet/modeling.py", "import os", "brings code"),
    ],
)
def test_folders_that_could_run_code_are_refused(folder, name, content, problem):
    (folder / name).write_text(content)
    with pytest.raises(BackendUnavailableError, match=problem):
        measure_pipeline(folder)


def test_pickled_weights_are_refused(folder):
    (folder / "unet" / "weights.safetensors").rename(folder / "unet" / "weights.bin")
    with pytest.raises(BackendUnavailableError, match="no safetensors"):
        measure_pipeline(folder)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(BackendUnavailableError, match=r"model_index\.json"):
        measure_pipeline(tmp_path / "nothing")


@pytest.mark.parametrize(
    "revision", ["", "main", "v1.0", COMMIT[:39], COMMIT + "0", COMMIT.upper(), COMMIT[:-1] + "\u0663"]
)
def test_revisions_that_can_move_are_refused(revision):
    with pytest.raises(ConfigurationError, match="40 hexadecimal"):
        check_pin("owner/name", revision)


@pytest.mark.parametrize("name", ["", "name", "a/b/c", "../x", "a/..", "/a/b", "a/b\n", "-a/b"])
def test_names_that_are_no_hub_ids_are_refused(name):
    with pytest.raises(ConfigurationError, match="hub id"):
        check_pin(name, COMMIT)


def test_pulled_folders_know_where_they_came_from(tmp_path):
    folder = pipeline_dir(tmp_path, "owner/my--name", COMMIT)
    folder.mkdir(parents=True)
    assert parse_pulled(folder) is None
    (folder / LIST_NAME).write_text("")
    assert parse_pulled(folder) == ("owner/my--name", COMMIT)
    other = tmp_path / "own-folder"
    other.mkdir()
    (other / LIST_NAME).write_text("")
    assert parse_pulled(other) is None


def test_each_commit_has_a_folder_of_its_own(tmp_path):
    assert pipeline_dir(tmp_path, "owner/name", COMMIT) == tmp_path / "diffusers" / f"owner--name--{COMMIT}"
