"""Where CLIP weights of the deployment's own lie, and how they get there.

Published weights are fetched once, on request (`chopmark models pull`), into the models folder, with their digest
beside them. A running gate looks there, and where its options point, and nowhere else.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from detectors.published import Published
from provenance.asset import Digest
from provenance.errors import ConfigurationError, DetectorUnavailableError, MissingExtraError

DEFAULT_MODEL: Final = "ViT-B-32"
DEFAULT_TAG: Final = "laion2b_s34b_b79k"
EMBEDDED_NAME: Final = "chop-clip"
"""The model that comes with this software (`detectors.chop`); it is no CLIP checkpoint."""
EMBEDDED_BANKS: Final = ("photographs", "drawings")
"""The banks of the model that comes along, named as the worlds that they are asked in."""

_SUFFIXES: Final = (".safetensors", ".bin", ".pt", ".pth")
_CHUNK_BYTES: Final = 1 << 20


def names_weights(options: Mapping[str, Any]) -> bool:
    """Return whether `options` of the detector name weights of the deployment's own, not the embedded ones."""
    return bool(options.keys() & {"checkpoint", "pretrained"}) or options.get("model", EMBEDDED_NAME) != EMBEDDED_NAME


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


def find_checkpoint(options: Mapping[str, Any], models_dir: Path, model: str, tag: str) -> tuple[Path, Digest, str]:
    """Return the weights' file, its verified digest, and the tag they were published under or "".

    Raises:
        DetectorUnavailableError: they are not there, or have another digest than they should.
    """
    expected = str(options.get("sha256", ""))
    if "checkpoint" in options:
        path = Path(options["checkpoint"])
        if not path.is_file():
            raise DetectorUnavailableError(f"clip weights {path.name} are not there; set option 'checkpoint'")
    else:
        tag = tag or DEFAULT_TAG
        pulled = find_weights(models_dir, model, tag)
        if pulled is None:
            raise DetectorUnavailableError(
                f"clip weights {model} {tag} are not on this machine; fetch them once with "
                f"'chopmark models pull clip {model} {tag}', or set option 'checkpoint' to a file"
            )
        path, noted = pulled
        expected = expected or noted
        _check_notes(path)
    digest = sha256_file(path)
    if expected and digest != expected:
        raise DetectorUnavailableError(f"{path.name}: expected SHA-256 {expected[:12]}…, got {digest[:12]}…")
    return path, digest, tag


def _check_notes(weights: Path) -> None:
    """Raise unless each file that came with `weights`, such as a tokenizer, is the one that came."""
    for note in weights.parent.glob("*.sha256"):
        noted, _, name = note.read_text(encoding="ascii").strip().partition("  ")
        if name != weights.name and sha256_file(weights.with_name(name)) != noted:
            raise DetectorUnavailableError(f"{name} beside {weights.name} is not what was pulled; pull it again")


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


def pull_weights(
    models_dir: Path, architecture: str, tag: str, *, expected: str = "", published: Published | None = None
) -> Path:
    """Fetch published open_clip weights into `models_dir`; uses the network.

    Weights that were pulled before are replaced by the same ones only: whoever wants others removes the folder.

    Args:
        models_dir: the models folder of the data directory.
        architecture: as open_clip names it, such as ``ViT-B-32``.
        tag: which weights, such as ``laion2b_s34b_b79k``.
        expected: SHA-256 to insist on, or "" for what `published` or an earlier pull says, or else whatever comes.
        published: the commit to fetch them from, or None for where open_clip says.

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
    noted = find_weights(models_dir, architecture, tag)
    expected = expected or (published.sha256 if published else "") or (noted[1] if noted else "")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=models_dir) as scratch:
        # The hub's library hands over links, named as the files are; what they lead to is named by digest.
        came = download(architecture, tag, Path(scratch), published)
        digest = sha256_file(came[0])
        if expected and digest != expected:
            raise DetectorUnavailableError(f"expected weights with SHA-256 {expected[:12]}…, got {digest[:12]}…")
        for path in came:
            shutil.move(path.resolve(), folder / path.name)
            note = f"{sha256_file(folder / path.name)}  {path.name}\n"
            (folder / f"{path.name}.sha256").write_text(note, encoding="ascii")
    return folder / came[0].name
