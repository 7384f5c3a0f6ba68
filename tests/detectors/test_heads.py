"""Heads: real layouts, real weights where present, and files that are no heads."""

import pickle

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from detectors.concept_bank import logistic
from detectors.heads import load_head
from provenance.errors import ConfigurationError, DetectorUnavailableError
from tests.detectors.subjects import DATA

HEADS = DATA / "clip-heads"
needs_data = pytest.mark.skipif(not HEADS.is_dir(), reason="../shared/data is not here")


def mlp(width, inner=(32, 32), seed=0):
    rng = np.random.default_rng(seed)
    sizes = (width, *inner, 1)
    tensors = {"norm.mean": rng.normal(0, 0.02, width), "norm.variance": rng.uniform(1e-4, 4e-3, width)}
    for index in range(len(sizes) - 1):
        tensors[f"linear_{index + 1}.weight"] = rng.normal(0, 0.1, (sizes[index + 1], sizes[index]))
        tensors[f"linear_{index + 1}.bias"] = rng.normal(0, 0.1, sizes[index + 1])
    return {key: value.astype(np.float32) for key, value in tensors.items()}


def embedding(width, seed=1):
    vector = np.random.default_rng(seed).normal(size=width).astype(np.float32)
    return vector / np.linalg.norm(vector)


def torch_score(tensors, vector):
    """The same head, as torch layers."""
    values = torch.from_numpy(vector)
    if "norm.mean" in tensors:
        values = (values - torch.from_numpy(tensors["norm.mean"])) / (
            torch.from_numpy(tensors["norm.variance"]).sqrt() + 1e-10
        )
    layers = sorted({int(key[7]) for key in tensors if key.startswith("linear_")})
    for index in layers:
        values = torch.nn.functional.linear(
            values,
            torch.from_numpy(tensors[f"linear_{index}.weight"]),
            torch.from_numpy(tensors[f"linear_{index}.bias"]),
        )
        values = values if index == layers[-1] else values.relu()
    return torch.sigmoid(values)[0].item()


def declared(path, **fields):
    return {"name": "head", "category": "nudity", "file": str(path), **fields}


def save(path, tensors):
    if path.suffix == ".npz":
        np.savez(path, **tensors)
    elif path.suffix == ".safetensors":
        save_file(tensors, path)
    else:
        torch.save({key: torch.from_numpy(value) for key, value in tensors.items()}, path)
    return path


@pytest.mark.parametrize("suffix", [".npz", ".safetensors", ".pth"])
@pytest.mark.parametrize(("width", "inner"), [(512, (32, 32)), (768, (64, 512, 256))])
def test_stacks_of_layers_score_as_torch_does(tmp_path, suffix, width, inner):
    tensors = mlp(width, inner)
    head = load_head(declared(save(tmp_path / f"head{suffix}", tensors)))
    assert head.width == width
    assert head.score(embedding(width)) == pytest.approx(torch_score(tensors, embedding(width)), abs=1e-5)


def test_one_linear_layer(tmp_path):
    weight, bias = np.ones((1, 4), np.float32), np.array([-0.5], np.float32)
    head = load_head(declared(save(tmp_path / "head.npz", {"weight": weight, "bias": bias})))
    assert head.logit(np.array([0.5, 0.5, 0.5, 0.5], np.float32)) == pytest.approx(1.5)


def test_two_concept_vectors_the_nearer_wins(tmp_path):
    np.save(tmp_path / "head.npy", np.array([[2, 0], [0, 2]], np.float32))
    head = load_head(declared(tmp_path / "head.npy"))
    assert head.score(np.array([0.6, 0.8], np.float32)) == pytest.approx(logistic(100 * 0.2), abs=1e-6)
    assert head.score(np.array([0.8, 0.6], np.float32)) < 1e-8


@needs_data
@pytest.mark.parametrize(
    ("name", "width"),
    [("clip_ViT-B-32_openai_binary_nsfw_head.pth", 512), ("clip_ViT-L-14_openai_binary_nsfw_head.pth", 768)],
)
def test_laion_heads_score_as_torch_does(name, width):
    head = load_head(declared(HEADS / name))
    state = torch.load(HEADS / name, weights_only=True)
    tensors = {key: value.numpy() for key, value in state.items()}
    assert head.width == width
    for seed in range(5):
        assert head.score(embedding(width, seed)) == pytest.approx(
            torch_score(tensors, embedding(width, seed)), abs=1e-4
        )


@needs_data
def test_laion_heads_read_real_embeddings():
    nsfw = load_head(declared(HEADS / "clip_ViT-B-32_openai_binary_nsfw_head.pth"))
    violence = load_head(declared(HEADS / "violence_detection_vit_b_32.npy"))
    for rating in (0, 3, 6, 9):
        vector = np.load(HEADS / "embeddings" / f"vit_b_32_rating{rating}.npy")[0]
        assert 0 <= nsfw.score(vector) <= 1
        assert 0 <= violence.score(vector) <= 1
        assert (violence.score(vector) > 0.5) == bool(
            np.argmax(np.load(HEADS / "violence_detection_vit_b_32.npy") @ vector)
        )


def test_a_digest_is_kept_to(tmp_path):
    path = save(tmp_path / "head.npz", mlp(8))
    assert load_head(declared(path, sha256=load_head(declared(path)).digest)).width == 8
    with pytest.raises(DetectorUnavailableError, match="expected SHA-256 000000000000"):
        load_head(declared(path, sha256="0" * 64))


def test_a_pickle_of_code_is_not_executed(tmp_path):
    class Payload:
        def __reduce__(self):
            return (tmp_path.joinpath("ran").touch, ())

    (tmp_path / "head.pth").write_bytes(pickle.dumps(Payload(), protocol=2))
    torch.save({"weight": Payload()}, tmp_path / "zip.pth")
    for name in ("head.pth", "zip.pth"):
        with pytest.raises(ConfigurationError, match="cannot be read"):
            load_head(declared(tmp_path / name))
    np.save(tmp_path / "head.npy", np.array([Payload()], dtype=object), allow_pickle=True)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_head(declared(tmp_path / "head.npy"))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"weight": np.ones((2, 4))}, "pairs of weight"),
        ({"weight": np.ones((2, 4)), "bias": np.ones(2)}, "one output"),
        ({"weight": np.ones((1, 4)), "bias": np.full(1, np.nan)}, "not finite"),
        ({"linear_1.weight": np.ones((3, 4)), "linear_1.bias": np.ones(3), "linear_2.weight": np.ones((1, 5)), "linear_2.bias": np.ones(1)}, "does not follow"),
        ({"weight": np.ones((1, 4)), "bias": np.ones(1), "conv.weight": np.ones(3)}, "unknown tensor"),
        ({"weight": np.ones((1, 4)), "bias": np.ones(1), "norm.mean": np.ones(3), "norm.variance": np.ones(3)}, "does not fit"),
        ({"weight": np.ones((1, 4)), "bias": np.ones(1), "norm.mean": np.ones(4)}, "norm.variance"),
        ({"concepts": np.ones((3, 4))}, "two concept vectors"),
    ],
)  # fmt: skip
def test_other_tensors_are_no_head(tmp_path, tensors, message):
    with pytest.raises(ConfigurationError, match=message):
        load_head(declared(save(tmp_path / "head.npz", tensors)))


@pytest.mark.parametrize("name", ["head.npz", "head.npy", "head.pth", "head.safetensors"])
def test_damaged_files_are_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"PK\x03\x04 no head at all")
    with pytest.raises(ConfigurationError, match=r"head\."):
        load_head(declared(tmp_path / name))


def test_absent_files_and_fields_are_refused(tmp_path):
    with pytest.raises(DetectorUnavailableError, match=r"head\.npz cannot be read"):
        load_head(declared(tmp_path / "head.npz"))
    with pytest.raises(ConfigurationError, match="name, category and file"):
        load_head({"name": "x"})
    (tmp_path / "head.bin").write_bytes(b"x")
    with pytest.raises(ConfigurationError, match=r"expected one of \.safetensors"):
        load_head(declared(tmp_path / "head.bin"))
