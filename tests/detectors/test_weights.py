"""Weights on disk: found with their digest, fetched once, never outside their folder."""

import threading

import pytest

from detectors import _clip_net
from detectors.clip import ClipDetector
from detectors.published import Published
from detectors.weights import find_weights, names_weights, pull_weights, sha256_file, weights_dir
from provenance.asset import sha256_hex
from provenance.errors import ConfigurationError, DetectorUnavailableError
from tests.detectors import tiny_clip
from tests.detectors.subjects import photo, subject_of, toolbox_of
from tests.generation.hub import Hub


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


def test_without_network_a_pull_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)  # the hub's library waits for most of a minute between its tries
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


COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def hub(published, monkeypatch):
    """A hub on this machine that has the published weights and a tokenizer beside them."""
    from huggingface_hub import constants

    weights = (published.parent / "tiny.safetensors").read_bytes()
    server = Hub({"open_clip_model.safetensors": weights, "tokenizer.json": b"{}"})
    monkeypatch.setattr(constants, "ENDPOINT", server.url)
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace("https://huggingface.co", server.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def known(sha256="", companions=("tokenizer.json",)):
    name = "open_clip_model.safetensors"
    return Published(tiny_clip.NAME, "v1", "owner/name", COMMIT, name, sha256, "MIT", companions)


def test_pinned_weights_come_with_their_companions(hub, published):
    digest = sha256_hex(hub.files["open_clip_model.safetensors"])
    path = pull_weights(published, tiny_clip.NAME, "v1", published=known(digest))
    assert find_weights(published, tiny_clip.NAME, "v1") == (path, digest)
    assert path.with_name("tokenizer.json").read_bytes() == b"{}"
    path.with_name("tokenizer.json").write_bytes(b"[]")
    with pytest.raises(DetectorUnavailableError, match=r"tokenizer\.json beside .* is not what was pulled"):
        ClipDetector(toolbox_of(published, model=tiny_clip.NAME, pretrained="v1")).warm()


def test_a_known_digest_is_insisted_on(hub, published):
    with pytest.raises(DetectorUnavailableError, match="expected weights with SHA-256 eeeeeeeeeeee"):
        pull_weights(published, tiny_clip.NAME, "v1", published=known("e" * 64))
    assert find_weights(published, tiny_clip.NAME, "v1") is None


def test_of_an_unknown_digest_the_first_pull_is_believed_and_no_later_one_may_differ(hub, published):
    first = pull_weights(published, tiny_clip.NAME, "v1", published=known())
    assert pull_weights(published, tiny_clip.NAME, "v1", published=known()) == first
    hub.files["open_clip_model.safetensors"] = b"other weights"
    with pytest.raises(DetectorUnavailableError, match="expected weights with SHA-256"):
        pull_weights(published, tiny_clip.NAME, "v1", published=known())


def test_options_that_name_no_weights_mean_the_model_that_comes_along():
    assert not any(names_weights(options) for options in ({}, {"threads": 2}, {"model": "chop-clip"}))
    for own in ({"model": "ViT-B-32"}, {"checkpoint": "/srv/x.pt"}, {"pretrained": "openai"}):
        assert names_weights(own)
