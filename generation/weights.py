"""Where the weights of pipelines lie, and whether they are still the ones that came.

A pulled pipeline has a list of its files' digests beside them, in the form of ``sha256sum``; the digest of that list
names the whole. A folder of one's own needs no list: it is measured when it is loaded. A small pipeline of ours comes
along in `models/chop-draw`.
"""

import hashlib
import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from provenance.asset import Digest, sha256_hex
from provenance.errors import BackendUnavailableError, ConfigurationError

EMBEDDED_PIPELINE: Final = Path(__file__).parent / "models" / "chop-draw"
"""The pipeline that comes with this software, in diffusers' format like any other."""
LIST_NAME: Final = "chopmark.sha256"
INDEX_NAME: Final = "model_index.json"
CONFIG_NAME: Final = "config.json"
KINDS: Final = {"diffusers": INDEX_NAME, "transformers": CONFIG_NAME}
"""Library to the file that says what a folder is."""
_CHUNK_BYTES: Final = 1 << 20
_COMMIT: Final = re.compile(r"[0-9a-f]{40}", re.ASCII)
_HUB_ID: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)


def has_embedded() -> bool:
    """Return whether the embedded pipeline can run here: its files and the extra ``generate``. Imports neither."""
    is_installed = all(find_spec(name) is not None for name in ("diffusers", "torch", "transformers"))
    return is_installed and (EMBEDDED_PIPELINE / INDEX_NAME).is_file()


def check_pin(name: str, revision: str) -> None:
    """Raise unless `name` is a hub id and `revision` a whole commit.

    Raises:
        ConfigurationError: it is not; a branch or tag can change under us.
    """
    if not _HUB_ID.fullmatch(name) or ".." in name:
        raise ConfigurationError(f"expected a hub id such as owner/name, got {name[:100]!r}")
    if not _COMMIT.fullmatch(revision):
        raise ConfigurationError(
            f"{name} needs its commit, 40 hexadecimal digits, as revision (a branch can move), got {revision[:60]!r}"
        )


def pipeline_dir(models_dir: Path, name: str, revision: str, kind: str = "diffusers") -> Path:
    """Return the folder of a pulled pipeline, or of a model of transformers.

    Raises:
        ConfigurationError: not a hub id with a pinned revision.
    """
    check_pin(name, revision)
    return models_dir / kind / f"{name.replace('/', '--')}--{revision}"


def parse_pulled(folder: Path) -> tuple[str, str] | None:
    """Return the hub id and commit of a folder that `pull_pipeline` made, or None for any other folder."""
    owner, _, rest = folder.resolve().name.partition("--")
    name, _, revision = rest.rpartition("--")
    is_pulled = _HUB_ID.fullmatch(f"{owner}/{name}") and _COMMIT.fullmatch(revision) and (folder / LIST_NAME).is_file()
    return (f"{owner}/{name}", revision) if is_pulled else None


def build_list(folder: Path) -> str:
    """Return one line for each file under `folder`, ``<sha256>  <path>``, sorted by path.

    Hidden files and the list itself are left out.

    Raises:
        BackendUnavailableError: a file cannot be read.
    """
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    shown = sorted(
        name for name in paths if name != LIST_NAME and not any(part.startswith(".") for part in name.split("/"))
    )
    return "".join(f"{_sha256_file(paths[name])}  {name}\n" for name in shown)


def measure_pipeline(folder: Path, kind: str = "diffusers") -> Digest:
    """Return the digest of a pipeline's list of files, after comparing it with the list that came, if there is one.

    Args:
        folder: of it.
        kind: the library that runs it, out of `KINDS`.

    Raises:
        BackendUnavailableError: no pipeline, code among the files, weights in a form that can run code, or a file that
            is not the one that came.
    """
    if kind == "diffusers":
        read_class(folder)
    else:
        _check_model(folder)
    _check_files(folder)
    listed = build_list(folder)
    note = folder / LIST_NAME
    if note.is_file() and (came := note.read_text(encoding="utf-8")) != listed:
        changed = sorted({line.partition("  ")[2] for line in set(came.splitlines()) ^ set(listed.splitlines())})
        raise BackendUnavailableError(
            f"{folder.name} is not what was pulled, see {', '.join(changed[:5])}; pull it again"
        )
    return sha256_hex(listed.encode())


def read_config(folder: Path) -> dict[str, Any]:
    """Return what a folder of transformers says of its model.

    Raises:
        BackendUnavailableError: it says nothing.
    """
    described = _read(folder, CONFIG_NAME, "model of transformers")
    if not isinstance(described, dict) or not isinstance(described.get("model_type"), str):
        raise BackendUnavailableError(f"{folder.name} does not say what model it is: {CONFIG_NAME} has no model_type")
    return described


def read_class(folder: Path) -> str:
    """Return the name of the pipeline's class in a folder of diffusers.

    Raises:
        BackendUnavailableError: it names none, or one of its own.
    """
    described = _read(folder, INDEX_NAME, "diffusers pipeline")
    if not isinstance(described, dict) or not isinstance(described.get("_class_name"), str):
        raise BackendUnavailableError(f"{folder.name} wants a pipeline class of its own; only diffusers' own are run")
    return str(described["_class_name"])


def _check_model(folder: Path) -> None:
    if "auto_map" in read_config(folder):
        raise BackendUnavailableError(f"{folder.name} wants a class of its own; only those of transformers are run")


def _read(folder: Path, name: str, what: str) -> object:
    try:
        return json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as exc:
        raise BackendUnavailableError(f"no {what} in {folder}: {name} cannot be read") from exc


def _check_files(folder: Path) -> None:
    names = [path.name for path in folder.rglob("*") if path.suffix == ".py"]
    if names:
        raise BackendUnavailableError(f"{folder.name} brings code ({names[0]}); pipelines that do are not loaded")
    if not any(folder.rglob("*.safetensors")):
        raise BackendUnavailableError(
            f"{folder.name} has no safetensors weights; other forms can run code and are not loaded"
        )


def _sha256_file(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as exc:
        raise BackendUnavailableError(f"{path.name} cannot be read: {exc.strerror}") from exc
    return digest.hexdigest()
