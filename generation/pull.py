"""Fetch the files of a pipeline, on request only: a running gate never does."""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from generation.published import Published
from generation.weights import LIST_NAME, build_list, measure_pipeline, pipeline_dir
from provenance.errors import BackendUnavailableError, MissingExtraError

# What a pipeline needs to run; weights as safetensors, never pickles, never code.
_PATTERNS: Final = {
    "diffusers": [
        "model_index.json", "*/*.json", "*/*.txt", "*/*.model", "*/*.safetensors", "LICENSE*", "README.md",
    ],
    "transformers": ["*.json", "*.txt", "*.model", "*.safetensors", "LICENSE*", "README.md"],
}  # fmt: skip


def pull_pipeline(
    models_dir: Path,
    name: str,
    revision: str,
    *,
    kind: str = "diffusers",
    endpoint: str = "",
    published: Published | None = None,
) -> Path:
    """Fetch a diffusers pipeline, or a model of transformers, list its digests, and return its folder.

    Uses the network, unless the pipeline is there already and whole. What is half fetched leaves nothing behind.

    Args:
        models_dir: the models folder of the data directory; made if missing.
        name: hub id, ``owner/name``.
        revision: the commit, 40 hexadecimal digits.
        kind: the library that runs it: diffusers or transformers.
        endpoint: URL of a mirror of the hub, or "" for the hub (or what ``HF_ENDPOINT`` names).
        published: digests to insist on, and files to leave out; None to note whatever comes.

    Raises:
        ConfigurationError: not a hub id with a pinned revision.
        BackendUnavailableError: it cannot be reached, does not exist, or is no pipeline that we load.
        MissingExtraError: the extra ``generate`` is not installed.
    """
    folder = pipeline_dir(models_dir, name, revision, kind)
    if (folder / LIST_NAME).is_file():
        measure_pipeline(folder, kind)
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".pull-") as scratch:
        fetched = Path(scratch) / "pipeline"
        _fetch(name, revision, fetched, endpoint, kind, published.skipped if published else ())
        shutil.rmtree(fetched / ".cache", ignore_errors=True)
        measure_pipeline(fetched, kind)
        listed = build_list(fetched)
        _check(listed, published.digests if published else {})
        (fetched / LIST_NAME).write_text(listed, encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        fetched.rename(folder)
    return folder


def _check(listed: str, digests: Mapping[str, str]) -> None:
    """Raise unless the list of files has each digest that is known beforehand."""
    came = {path: digest for digest, _, path in (line.partition("  ") for line in listed.splitlines())}
    for path, expected in digests.items():
        got = came.get(path, "no such file")
        if got != expected:
            raise BackendUnavailableError(f"{path}: expected SHA-256 {expected[:12]}…, got {got[:12]}…")


def _fetch(name: str, revision: str, target: Path, endpoint: str, kind: str, skipped: Sequence[str]) -> None:
    try:
        from huggingface_hub import constants, snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled
    except ImportError as exc:
        raise MissingExtraError(f"pulling needs an extra: pip install 'chopmark[generate]' ({exc})") from exc
    try:
        snapshot_download(
            name,
            revision=revision,
            local_dir=target,
            allow_patterns=_PATTERNS[kind],
            ignore_patterns=list(skipped),
            endpoint=endpoint or None,
        )
    except (LocalEntryNotFoundError, OfflineModeIsEnabled, OSError) as exc:
        if isinstance(exc, HfHubHTTPError):
            why = str(exc).partition("\n")[0]
            raise BackendUnavailableError(
                f"the hub has no {name} at {revision[:12]}, or does not let us: {why}"
            ) from exc
        raise BackendUnavailableError(
            f"{name} cannot be fetched from {endpoint or constants.ENDPOINT}: no answer ({type(exc).__name__}); "
            "pull on a machine with a network and copy the folder"
        ) from exc
