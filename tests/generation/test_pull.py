"""Pulling pipelines, from a hub on this machine."""

import hashlib
import threading

import pytest

from generation.published import Published
from generation.pull import pull_pipeline
from generation.weights import LIST_NAME, measure_pipeline
from provenance.errors import BackendUnavailableError, ConfigurationError
from tests.generation.hub import Hub

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {
    "model_index.json": b'{"_class_name": "StableDiffusionPipeline"}',
    "unet/config.json": b"{}",
    "unet/diffusion.safetensors": b"weights",
    "unet/diffusion.bin": b"a pickle",
    "code.py": b"import os",
}


@pytest.fixture
def hub():
    server = Hub(dict(FILES))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_pipeline_is_fetched_and_listed_without_code_and_pickles(hub, tmp_path):
    folder = pull_pipeline(tmp_path, "owner/name", COMMIT, endpoint=hub.url)
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert names == [LIST_NAME, "model_index.json", "unet/config.json", "unet/diffusion.safetensors"]
    assert len((folder / LIST_NAME).read_text().splitlines()) == 3
    assert len(measure_pipeline(folder)) == 64
    assert [path.name for path in (tmp_path / "diffusers").iterdir()] == [f"owner--name--{COMMIT}"]


def test_pulling_again_needs_no_network_and_notices_changes(hub, tmp_path):
    folder = pull_pipeline(tmp_path, "owner/name", COMMIT, endpoint=hub.url)
    hub.files.clear()
    assert pull_pipeline(tmp_path, "owner/name", COMMIT, endpoint=hub.url) == folder
    (folder / "unet" / "config.json").write_text("[]")
    with pytest.raises(BackendUnavailableError, match=r"see unet/config\.json"):
        pull_pipeline(tmp_path, "owner/name", COMMIT, endpoint=hub.url)


@pytest.mark.parametrize("change", [lambda files: files.clear(), lambda files: files.pop("unet/diffusion.safetensors")])
def test_what_is_no_pipeline_leaves_nothing_behind(hub, tmp_path, change):
    change(hub.files)
    with pytest.raises(BackendUnavailableError):
        pull_pipeline(tmp_path, "owner/name", COMMIT, endpoint=hub.url)
    assert list((tmp_path / "diffusers").iterdir()) == []


def test_what_the_hub_does_not_have_is_said(hub, tmp_path):
    with pytest.raises(BackendUnavailableError, match="the hub has no owner/other at 0123456789ab"):
        pull_pipeline(tmp_path, "owner/other", COMMIT, endpoint=hub.url)


def test_no_network_is_said_with_what_to_do(tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(BackendUnavailableError, match="pull on a machine with a network and copy the folder"):
        pull_pipeline(tmp_path, "owner/name", COMMIT)
    assert list((tmp_path / "diffusers").iterdir()) == []


def test_only_pinned_revisions_are_pulled(tmp_path):
    with pytest.raises(ConfigurationError, match="40 hexadecimal"):
        pull_pipeline(tmp_path, "owner/name", "main")
    assert list(tmp_path.iterdir()) == []


def known(**changes):
    return Published(**{"hub_id": "owner/name", "revision": COMMIT, "licence": "MIT", **changes})


def test_known_digests_are_insisted_on_and_what_is_not_needed_stays_there(hub, tmp_path):
    hub.files["unet/diffusion.fp16.safetensors"] = b"half the weights"
    digest = hashlib.sha256(FILES["unet/diffusion.safetensors"]).hexdigest()
    published = known(digests={"unet/diffusion.safetensors": digest}, skipped=("*.fp16.*",))
    folder = pull_pipeline(tmp_path, "owner/name", COMMIT, endpoint=hub.url, published=published)
    assert [path.name for path in (folder / "unet").glob("*.safetensors")] == ["diffusion.safetensors"]


@pytest.mark.parametrize("path", ["unet/diffusion.safetensors", "vae/missing.safetensors"])
def test_another_digest_leaves_nothing_behind(hub, tmp_path, path):
    published = known(digests={path: "e" * 64})
    with pytest.raises(BackendUnavailableError, match=f"{path}: expected SHA-256 eeeeeeeeeeee…, got"):
        pull_pipeline(tmp_path, "owner/name", COMMIT, endpoint=hub.url, published=published)
    assert list((tmp_path / "diffusers").iterdir()) == []
