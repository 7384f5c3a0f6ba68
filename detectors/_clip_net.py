"""The only import of open_clip, and the only place where CLIP weights become a network.

Trusts a checkpoint as data only: safetensors, or a pickle of tensors under ``weights_only``. open_clip's own loader
retries without that guard when the guarded one raises TypeError, so it is not used. Never uses the network.
"""

import copy
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from pickle import PickleError
from typing import Any, Final, Literal
from zipfile import BadZipFile

# Read when huggingface_hub is first imported; `chopmark models pull` sets it to 0 before it gets here.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file

from detectors.published import Published
from provenance.errors import ConfigurationError, DetectorUnavailableError
from provenance.torchvision_guard import import_torchvision

# Bounds the memory of the one long text pass, which otherwise takes gigabytes.
_TEXT_BATCH: Final = 32
_PROCESS_THREADS: Final = torch.get_num_threads()


def _import_open_clip() -> Any:  # noqa: ANN401 - open_clip has no types
    """Import open_clip after making its torchvision importable."""
    import_torchvision()
    import open_clip

    return open_clip


open_clip: Final = _import_open_clip()


class ClipNet:
    """A loaded CLIP model.

    Attributes:
        image_size: (height, width) that the image tower takes.
        mean, std: (3,) of the pixels it was trained on, after division by 255.
        mode: ``shortest`` or ``squash``; interpolation: ``bicubic`` or ``bilinear``.
    """

    def __init__(self, architecture: str, checkpoint: Path, *, tag: str = "", options: dict[str, Any]) -> None:
        """Build `architecture` and load `checkpoint` into it.

        Raises:
            ConfigurationError: unknown architecture or tag, or an option that does not fit.
            DetectorUnavailableError: the checkpoint cannot be read or belongs to another architecture.
        """
        preset = find_preset(architecture, tag) if tag else {}
        wants_quick = bool(options.get("quick_gelu", preset.get("quick_gelu", False)))
        self._dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[_precision(options)]
        self._threads = int(options.get("threads", 1))
        if "config" in options:
            open_clip.add_model_config(Path(options["config"]))
        self._model, self._tokenizer = _build(architecture, quick_gelu=wants_quick, folder=checkpoint.parent)
        _load_weights(self._model, checkpoint)
        self._model.eval().requires_grad_(requires_grad=False)
        size = self._model.visual.image_size
        self.image_size: tuple[int, int] = (int(size[0]), int(size[1])) if isinstance(size, tuple) else (size, size)
        settings = {**vars(open_clip.transform.PreprocessCfg()), **preset, **options.get("preprocess", {})}
        self.mean: NDArray[np.float32] = np.asarray(settings["mean"], dtype=np.float32)
        self.std: NDArray[np.float32] = np.asarray(settings["std"], dtype=np.float32)
        self.mode: Literal["shortest", "squash"] = "squash" if settings["resize_mode"] == "squash" else "shortest"
        self.interpolation: str = settings["interpolation"]
        self._visual = self._model.visual

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (T, D) float32 rows of length 1."""
        tokens = self._tokenizer(list(texts))
        with torch.inference_mode(), _threads(self._threads):
            model, tokens = _shorten(self._model, tokens)
            parts = [model.encode_text(part, normalize=True).float() for part in tokens.split(_TEXT_BATCH)]
            rows: NDArray[np.float32] = torch.cat(parts).numpy()
            return rows

    def settle(self) -> None:
        """Let go of the text tower, and take the working precision."""
        self._visual = self._model.visual.to(self._dtype)
        self._model = None
        self._tokenizer = None

    def settle_on_texts(self) -> None:
        """Let go of the image tower: what is left embeds texts only."""
        if hasattr(self._model, "visual"):
            self._model.visual = None
        self._visual = None

    def embed(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (N, D) float32 rows of length 1 for (N, 3, H, W) standardised pixels."""
        with torch.inference_mode(), _threads(self._threads):
            features = self._visual(torch.from_numpy(pixels).to(self._dtype))
            features = features[0] if isinstance(features, tuple) else features
            rows: NDArray[np.float32] = torch.nn.functional.normalize(features.float(), dim=-1).numpy()
            return rows


def _shorten(model: Any, tokens: torch.Tensor) -> tuple[Any, torch.Tensor]:  # noqa: ANN401 - open_clip has no types
    """Return a view of `model` that reads no further than the longest text, and `tokens` cut there.

    In a causal tower what a text means is read off at its end, and nothing behind it has a say: a run of four words
    need not pay for 32 or 77 places. Other towers are left as they are.
    """
    length = int((tokens != 0).sum(dim=1).max())
    if type(model) is not open_clip.model.CLIP or model.attn_mask is None or length >= tokens.shape[1]:
        return model, tokens
    if model.text_pool_type != "argmax" or bool((tokens[:, length:] != 0).any()):
        return model, tokens
    short = copy.copy(model)
    short._parameters = dict(model._parameters)  # noqa: SLF001 - what torch's own copies do
    short._buffers = dict(model._buffers)  # noqa: SLF001 - likewise
    short.positional_embedding = torch.nn.Parameter(model.positional_embedding[:length], requires_grad=False)
    short.attn_mask = model.attn_mask[:length, :length]
    return short, tokens[:, :length]


def find_preset(architecture: str, tag: str) -> dict[str, Any]:
    """Return what open_clip knows about published weights: where they are, and how their pixels were prepared.

    Raises:
        ConfigurationError: no such architecture or tag.
    """
    preset: dict[str, Any] = open_clip.get_pretrained_cfg(architecture, tag) or {}
    if not preset:
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(architecture)) or "none"
        raise ConfigurationError(f"open_clip publishes no {architecture!r} weights tagged {tag!r}; known tags: {tags}")
    return preset


def download(architecture: str, tag: str, into: Path, published: Published | None = None) -> list[Path]:
    """Fetch published weights into `into`, then their companions; the one function here that uses the network.

    Raises:
        ConfigurationError: no such architecture or tag.
        DetectorUnavailableError: the download failed.
    """
    preset = find_preset(architecture, tag)
    try:
        if published is None:
            return [Path(open_clip.download_pretrained(preset, cache_dir=str(into)))]
        fetch = open_clip.pretrained.download_pretrained_from_hf
        names = (published.filename, *published.companions)
        return [Path(fetch(published.hub_id, name, published.revision, str(into))) for name in names]
    except (OSError, RuntimeError, ValueError) as exc:
        raise DetectorUnavailableError(f"weights {architecture} {tag} cannot be fetched: {exc}") from exc


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Let this thread's tensor operations use `count` threads meanwhile.

    OpenMP's threads spin while they wait: two of them on two busy cores took 1,200 ms where one takes 200 (ViT-B-32).
    """
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(_PROCESS_THREADS)


def _precision(options: dict[str, Any]) -> str:
    """Return fp32 or bf16; ``auto`` is bf16 where the processor multiplies it natively (otherwise it is slower)."""
    precision = options.get("precision", "fp32")
    if precision == "auto":
        return "bf16" if torch.ops.mkldnn._is_mkldnn_bf16_supported() and _has_native_bf16() else "fp32"  # noqa: SLF001
    if precision not in {"fp32", "bf16"}:
        raise ConfigurationError(f"precision is fp32, bf16 or auto, got {precision!r}")
    return str(precision)


def _has_native_bf16() -> bool:
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())  # noqa: SLF001 - no public name


def _build(architecture: str, *, quick_gelu: bool, folder: Path) -> tuple[Any, Any]:
    """Return model and tokenizer, the model's weights still random.

    Where the architecture has a tokenizer of its own (SigLIP), open_clip would ask the hub for it: the one that was
    pulled into the checkpoint's folder is used instead.
    """
    level = logging.root.level
    logging.root.setLevel(logging.ERROR)  # it warns of random weights, which the next step replaces
    try:
        model = open_clip.create_model(architecture, pretrained_text=False, force_quick_gelu=quick_gelu, device="cpu")
        return model, _load_tokenizer(architecture, folder)
    except (RuntimeError, OSError, ValueError) as exc:
        raise ConfigurationError(f"open_clip cannot build {architecture!r}: {exc}") from exc
    finally:
        logging.root.setLevel(level)


def _load_tokenizer(architecture: str, folder: Path) -> Any:  # noqa: ANN401 - open_clip has no types
    texts = open_clip.get_model_config(architecture)["text_cfg"]
    if not texts.get("hf_tokenizer_name") or not (folder / "tokenizer.json").is_file():
        return open_clip.get_tokenizer(architecture)
    settings = {"context_length": texts.get("context_length"), "tokenizer_mode": texts.get("tokenizer_mode")}
    return open_clip.tokenizer.HFTokenizer(str(folder), **settings, **texts.get("tokenizer_kwargs", {}))


def _load_weights(model: Any, checkpoint: Path) -> None:  # noqa: ANN401 - open_clip has no types
    state = _read_state(checkpoint)
    factory = open_clip.factory
    try:
        state = factory.convert_state_dict(model, state)
        if "positional_embedding" in state and not hasattr(model, "positional_embedding"):
            state = factory.convert_to_custom_text_state_dict(state)
        for scalar in ("logit_scale", "logit_bias"):
            own = getattr(model, scalar, None)
            if own is not None:
                state[scalar] = state.get(scalar, torch.zeros_like(own)).reshape(own.shape)
        model.load_state_dict(state, strict=True)
    except (RuntimeError, KeyError, AttributeError) as exc:
        first = str(exc).splitlines()[0]
        raise DetectorUnavailableError(f"{checkpoint.name} does not fit this architecture: {first}") from exc


def _read_state(checkpoint: Path) -> dict[str, Any]:
    try:
        if checkpoint.suffix == ".safetensors":
            return dict(load_file(checkpoint))
        loaded = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except (SafetensorError, PickleError, BadZipFile, OSError, RuntimeError, TypeError, ValueError, EOFError) as exc:
        raise DetectorUnavailableError(f"{checkpoint.name} cannot be read as tensors alone: {exc}") from exc
    state = loaded.get("state_dict", loaded) if isinstance(loaded, dict) else {}
    if not state or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise DetectorUnavailableError(f"{checkpoint.name} is not a mapping of tensors")
    return {key.removeprefix("module."): value for key, value in state.items()}
