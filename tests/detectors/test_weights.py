"""Weights on disk: found with their digest, fetched once, never outside their folder."""

import pytest

from detectors import _clip_net
from detectors.clip import ClipDetector
from detectors.weights import find_weights, pull_weights, sha256_file, weights_dir
from provenance.asset import sha256_hex
from provenance.errors import ConfigurationError, DetectorUnavailableError
from tests.detectors import tiny_clip
from tests.detectors.subjects import photo, subject_of, toolbox_of


@pytest.fixture
def published(tmp_path, monkeypatch):
    """Weights as if open_clip published them: the network edge hands over a local file."""
    tiny_clip.build(tmp_path)
    preset = {
        "url": "",
        "hf_hub": "",
        "file": str(tmp_path / "tiny.safetensors"),
        "mean": (0.5,) * 3,
        "std": (0.5,) * 3,
    }
    preset |= {"interpolation": "bicubic", "resize_mode": "squash"}
    monkeypatch.setattr(_clip_net.open_clip, "get_pretrained_cfg", lambda *_: preset)
    return tmp_path / "models"


def test_pulled_weights_are_found_verified_and_used(published):
    assert find_weights(published, tiny_clip.NAME, "v1") is None
    path = pull_weights(published, tiny_clip.NAME, "v1")
    digest = sha256_hex(path.read_bytes())
    assert find_weights(published, tiny_clip.NAME, "v1") == (path, digest)
    assert sha256_file(path) == digest
    detector = ClipDetector(toolbox_of(published, model=tiny_clip.NAME, pretrained="v1"))
    detector.warm()
    assert detector.card.weights == {"tiny.safetensors": digest}
    assert detector.detect(subject_of(photo("coffee.png"))).scores


def test_weights_changed_after_the_pull_are_refused(published):
    path = pull_weights(published, tiny_clip.NAME, "v1")
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    with pytest.raises(DetectorUnavailableError, match="expected SHA-256"):
        ClipDetector(toolbox_of(published, model=tiny_clip.NAME, pretrained="v1")).warm()


def test_a_pull_insists_on_the_digest_and_leaves_nothing_half_done(published):
    with pytest.raises(DetectorUnavailableError, match="expected weights with SHA-256 eeeeeeeeeeee"):
        pull_weights(published, tiny_clip.NAME, "v1", expected="e" * 64)
    assert find_weights(published, tiny_clip.NAME, "v1") is None
    assert [path for path in published.rglob("*") if path.is_file()] == []


def test_without_network_a_pull_says_so(tmp_path):
    with pytest.raises(DetectorUnavailableError, match="cannot be fetched"):
        pull_weights(tmp_path, "ViT-B-32", "laion2b_s34b_b79k")
    with pytest.raises(ConfigurationError, match="no 'ViT-B-32' weights tagged 'nobody'"):
        pull_weights(tmp_path, "ViT-B-32", "nobody")


@pytest.mark.parametrize("name", ["", "..", "a/b", "a\\b", ".hidden", "a\0b"])
def test_names_cannot_leave_the_folder(tmp_path, name):
    with pytest.raises(ConfigurationError, match="cannot name"):
        weights_dir(tmp_path, name, "v1")


def test_an_absent_file_has_no_digest(tmp_path):
    with pytest.raises(DetectorUnavailableError, match=r"x\.pt cannot be read"):
        sha256_file(tmp_path / "x.pt")
