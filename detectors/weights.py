"""Where CLIP weights lie, and how they get there.

Published weights are fetched once, on request (`chopmark models pull`), into the models folder, with their digest
beside them. A running gate looks there and nowhere else.
"""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from provenance.asset import Digest
from provenance.errors import ConfigurationError, DetectorUnavailableError, MissingExtraError

_SUFFIXES: Final = (".safetensors", ".bin", ".pt", ".pth")
_CHUNK_BYTES: Final = 1 << 20


def weights_dir(models_dir: Path, architecture: str, tag: str) -> Path:
    """Return the folder of published weights.

    Raises:
        ConfigurationError: a name that would leave the folder.
    """
    for name in (architecture, tag):
        if not name or name.startswith(".") or any(sign in name for sign in ("/", "\\", "\0")):
            raise ConfigurationError(f"{name!r} cannot name a model or tag")
    return models_dir / "clip" / f"{architecture}--{tag}"


def find_weights(models_dir: Path, architecture: str, tag: str) -> tuple[Path, Digest] | None:
    """Return pulled weights and the digest that was noted when they came; None when they were not pulled."""
    folder = weights_dir(models_dir, architecture, tag)
    for path in sorted(folder.glob("*")) if folder.is_dir() else ():
        note = path.with_name(f"{path.name}.sha256")
        if path.suffix in _SUFFIXES and note.is_file():
            return path, Digest(note.read_text(encoding="ascii").split()[0])
    return None


def sha256_file(path: Path) -> Digest:
    """Return the SHA-256 of a file, read in pieces.

    Raises:
        DetectorUnavailableError: it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as exc:
        raise DetectorUnavailableError(f"weights {path.name} cannot be read: {exc.strerror}") from exc
    return Digest(digest.hexdigest())


def pull_weights(models_dir: Path, architecture: str, tag: str, *, expected: str = "") -> Path:
    """Fetch published open_clip weights into `models_dir`; uses the network.

    Args:
        models_dir: the models folder of the data directory.
        architecture: as open_clip names it, such as ``ViT-B-32``.
        tag: which weights, such as ``laion2b_s34b_b79k``.
        expected: SHA-256 to insist on, or "" to note whatever came.

    Raises:
        ConfigurationError: no such architecture or tag.
        DetectorUnavailableError: the download failed, or its digest is not the expected one.
        MissingExtraError: the extra ``clip`` is not installed.
    """
    folder = weights_dir(models_dir, architecture, tag)
    os.environ["HF_HUB_OFFLINE"] = "0"
    try:
        from detectors._clip_net import download
    except ImportError as exc:
        raise MissingExtraError(f"CLIP weights need the extra: pip install 'chopmark[clip]' ({exc})") from exc
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=models_dir) as scratch:
        came = download(architecture, tag, Path(scratch)).resolve()
        digest = sha256_file(came)
        if expected and digest != expected:
            raise DetectorUnavailableError(f"expected weights with SHA-256 {expected[:12]}…, got {digest[:12]}…")
        target = folder / came.name
        shutil.move(came, target)
    target.with_name(f"{target.name}.sha256").write_text(f"{digest}  {target.name}\n", encoding="ascii")
    return target
