"""Small classifier heads on a CLIP embedding: what others trained, run on the embedding that is there anyway.

Three kinds, told apart by their tensors:

- a stack of linear layers with ReLU between and a logistic at the end (``linear_1.weight`` ...), if need be after
  standardising the input (``norm.mean``, ``norm.variance``);
- one linear layer (``weight``, ``bias``);
- two concept vectors, harmless then harmful, of which the nearer wins (a ``.npy`` of shape (2, D)).

Files are safetensors, npz, npy, or a pickle of tensors opened with ``weights_only``.

Source: LAION-AI/CLIP-based-NSFW-Detector (layout of its heads; argmax over its two violence vectors).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import PickleError
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from detectors.concept_bank import Embedding, logistic
from provenance.asset import Digest, sha256_hex
from provenance.errors import ConfigurationError, DetectorUnavailableError

_LAYER: Final = re.compile(r"^(?:linear_|layers\.)?(\d*)\.?(weight|bias)$")
# LAION's Normalization divides by sqrt(variance) + 1e-10.
_EPSILON: Final = 1e-10
# CLIP's learned temperature, at which two cosines become a probability.
_CONCEPT_SCALE: Final = 100.0
_SUFFIXES: Final = (".safetensors", ".npz", ".npy", ".pth", ".pt")
# What numpy's, zip's and torch's readers raise on a damaged file; safetensors' error is added where it is imported.
_UNREADABLE: Final = (OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, PickleError, BadZipFile)

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Head:
    """One head, ready to score.

    Attributes:
        name: for people.
        category: score name.
        digest: SHA-256 of its file.
        width: D, the length of the embeddings it takes.
        layers: (weight (out, in), bias (out,)) pairs; empty for concept vectors.
        norm: (mean, standard deviation) taken off the input first, or None.
        concepts: (2, D) harmless then harmful, or None.
    """

    name: str
    category: str
    digest: Digest
    width: int
    layers: tuple[tuple[Array, Array], ...] = ()
    norm: tuple[Array, Array] | None = None
    concepts: Array | None = None

    def logit(self, embedding: Embedding) -> float:
        """Return the raw value; above 0 means the category."""
        if self.concepts is not None:
            harmless, harmful = (self.concepts @ embedding).tolist()
            return float(_CONCEPT_SCALE * (harmful - harmless))
        values = embedding if self.norm is None else (embedding - self.norm[0]) / self.norm[1]
        for index, (weight, bias) in enumerate(self.layers):
            values = weight @ values + bias
            if index < len(self.layers) - 1:
                values = np.maximum(values, 0)
        return float(values[0])

    def score(self, embedding: Embedding) -> float:
        """Return the probability of the category.

        Args:
            embedding: (D,) float32, length 1, of the model that the head was trained on.
        """
        return logistic(self.logit(embedding))


def load_head(fields: Mapping[str, Any]) -> Head:
    """Load a head as declared in options: ``{"name", "category", "file", "sha256"}``; `sha256` is optional.

    Raises:
        ConfigurationError: a field is missing, or the file's tensors are no head.
        DetectorUnavailableError: no such file, or it is not the one with that digest.
    """
    try:
        name, category, path = str(fields["name"]), str(fields["category"]), Path(fields["file"])
    except (KeyError, TypeError) as exc:
        raise ConfigurationError(f"a head needs name, category and file: {exc!r}") from exc
    try:
        digest = sha256_hex(path.read_bytes())
    except OSError as exc:
        raise DetectorUnavailableError(f"head {name!r}: {path.name} cannot be read: {exc.strerror}") from exc
    expected = fields.get("sha256", digest)
    if digest != expected:
        raise DetectorUnavailableError(f"head {name!r}: expected SHA-256 {expected[:12]}…, got {digest[:12]}…")
    tensors = _load_tensors(path)
    try:
        return _build_head(name, category, digest, tensors)
    except (KeyError, ValueError) as exc:
        raise ConfigurationError(f"head {name!r}: {path.name} holds no head: {exc}") from exc


def _build_head(name: str, category: str, digest: Digest, tensors: Mapping[str, Array]) -> Head:
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise ValueError("some values are not finite")
    if "concepts" in tensors:
        vectors = tensors["concepts"]
        if vectors.ndim != 2 or len(vectors) != 2:
            raise ValueError(f"expected two concept vectors (2, D), got {vectors.shape}")
        concepts = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return Head(name, category, digest, vectors.shape[1], concepts=concepts)
    norm = None
    if "norm.mean" in tensors:
        norm = (tensors["norm.mean"], np.sqrt(tensors["norm.variance"]) + np.float32(_EPSILON))
    layers = _layers(tensors)
    width = layers[0][0].shape[1]
    for weight, bias in layers:
        if weight.shape[1] != width or bias.shape != weight.shape[:1]:
            raise ValueError(f"layer {weight.shape} does not follow one of width {width}")
        width = weight.shape[0]
    if width != 1:
        raise ValueError(f"expected one output, got {width}")
    if norm is not None and norm[0].shape != layers[0][0].shape[1:]:
        raise ValueError(f"norm of {norm[0].shape} does not fit layer {layers[0][0].shape}")
    return Head(name, category, digest, layers[0][0].shape[1], layers, norm)


def _layers(tensors: Mapping[str, Array]) -> tuple[tuple[Array, Array], ...]:
    weights: dict[int, Array] = {}
    biases: dict[int, Array] = {}
    for key, tensor in tensors.items():
        found = _LAYER.match(key)
        if found is None:
            if not key.startswith("norm."):
                raise ValueError(f"unknown tensor {key!r}")
            continue
        (weights if found[2] == "weight" else biases)[int(found[1] or 0)] = tensor
    if not weights or weights.keys() != biases.keys() or any(weight.ndim != 2 for weight in weights.values()):
        raise ValueError("expected pairs of weight (out, in) and bias (out,)")
    return tuple((weights[index], biases[index]) for index in sorted(weights))


def _load_tensors(path: Path) -> dict[str, Array]:
    """Load named float32 arrays; nothing in the file is executed."""
    if path.suffix not in _SUFFIXES:
        raise ConfigurationError(f"head file {path.name}: expected one of {', '.join(_SUFFIXES)}")
    try:
        raw = _open_tensors(path)
    except (*_UNREADABLE, AttributeError) as exc:
        raise ConfigurationError(f"head file {path.name} cannot be read: {exc}") from exc
    return {key: np.ascontiguousarray(value, dtype=np.float32) for key, value in raw.items()}


def _open_tensors(path: Path) -> Mapping[str, Any]:
    if path.suffix in {".npy", ".npz"}:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            return {"concepts": loaded} if isinstance(loaded, np.ndarray) else {key: loaded[key] for key in loaded}
    if path.suffix == ".safetensors":
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            return dict(load_file(path))
        except SafetensorError as exc:
            raise ConfigurationError(f"head file {path.name} is not in safetensors form: {exc}") from exc
    import torch

    tensors = torch.load(path, map_location="cpu", weights_only=True)
    return {key: tensor.detach().numpy() for key, tensor in tensors.items()}
