"""The texts of a concept bank, embedded once for each model and kept on disk: a start need not wait for them again."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from detectors.concept_bank import ConceptBank
from provenance.asset import sha256_hex


class EmbedsTexts(Protocol):
    """A text tower."""

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (T, D) float32 rows of length 1."""


def embed_bank(net: EmbedsTexts, bank: ConceptBank, model_key: str, cache_dir: Path) -> NDArray[np.float32]:
    """Return (T, D) float32 rows of length 1, one for each of the bank's texts.

    Args:
        net: embeds them, unless they are on disk.
        bank: whose texts.
        model_key: names everything about the model that a text's embedding depends on.
        cache_dir: where they are kept; made if missing.
    """
    key = sha256_hex(f"{model_key} {bank.digest}".encode())
    path = cache_dir / f"texts-{key[:32]}.npz"
    texts = bank.texts
    cached = _read_cache(path, len(texts))
    if cached is not None:
        return cached
    rows = sum(net.embed_texts([template.format(text) for text in texts]) for template in bank.templates)
    mean: NDArray[np.float32] = np.asarray(rows, dtype=np.float32)
    mean /= np.linalg.norm(mean, axis=1, keepdims=True)
    _write_cache(path, mean)
    return mean


def _read_cache(path: Path, rows: int) -> NDArray[np.float32] | None:
    try:
        with np.load(path, allow_pickle=False) as archive:
            texts: NDArray[np.float32] = archive["texts"]
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
    return texts if texts.ndim == 2 and len(texts) == rows else None


def _write_cache(path: Path, texts: NDArray[np.float32]) -> None:
    """Keep `texts`; a folder that cannot be written to costs time at the next start, nothing else."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            np.savez(file, texts=texts)
        os.replace(file.name, path)  # noqa: PTH105 - atomic, and the name is the temporary file's
    except OSError:
        return
