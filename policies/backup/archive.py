"""The file that a backup is: a tar whose last member says what is in it, by digest.

Anybody can look into it with any tar; only what the manifest names, as it names it, is ever restored.
"""

import hashlib
import json
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from re import compile as compile_pattern
from secrets import token_hex
from typing import Any, BinaryIO, Final

from provenance.errors import StoreError

FORMAT: Final = "chopmark.backup/1"
MANIFEST: Final = "manifest.json"

_CHUNK: Final = 1 << 20
_MOST_MANIFEST_BYTES: Final = 1 << 30
# What blob keys are made of, below one of our own folders; no segment begins with a dot.
_NAME: Final = compile_pattern(r"(?:[A-Za-z0-9_][A-Za-z0-9_.:@+-]{0,254}/){0,12}[A-Za-z0-9_][A-Za-z0-9_.:@+-]{0,254}")


class Writer:
    """Adds files to a backup that is being made."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._digests: dict[str, str] = {}

    def has(self, name: str) -> bool:
        """Say whether a file of that name was added."""
        return name in self._digests

    def add(self, name: str, source: BinaryIO, size_bytes: int) -> None:
        """Add so many bytes of an open file under `name`."""
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size_bytes, 0o600
        digesting = _Digesting(source)
        self._tar.addfile(entry, digesting)
        self._digests[name] = digesting.hexdigest

    def add_bytes(self, name: str, data: bytes) -> None:
        """Add a small file."""
        self.add(name, BytesIO(data), len(data))

    def finish(self, facts: dict[str, Any]) -> dict[str, Any]:
        """Add the manifest, which is the last that is added; return it."""
        manifest = {"format": FORMAT, **facts, "files": self._digests}
        data = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
        entry = tarfile.TarInfo(MANIFEST)
        entry.size, entry.mode = len(data), 0o600
        self._tar.addfile(entry, BytesIO(data))
        return manifest


class _Digesting:
    """Reads on, and keeps the digest of what was read."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._hash = hashlib.sha256()

    @property
    def hexdigest(self) -> str:
        return self._hash.hexdigest()

    def read(self, size: int = -1) -> bytes:
        part = self._source.read(size)
        self._hash.update(part)
        return part


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """Give what writes a backup to `path`, for its owner alone; it appears there whole or not at all.

    Raises:
        StoreError: something is there already, or it cannot be written.
    """
    if path.exists():
        raise StoreError(f"a backup overwrites nothing, and {path} is there: name another file")
    staged = path.parent / f".chopmark-{token_hex(12)}.part"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            with tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT, bufsize=_CHUNK) as tar:
                yield Writer(tar)
            file.flush()
            os.fsync(file.fileno())
        staged.rename(path)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise


def verify_archive(path: Path) -> dict[str, Any]:
    """Read a backup from end to end and return its manifest.

    Raises:
        StoreError: it is none, broken off, changed, or holds what its manifest does not name.
    """
    return read_archive(path, None)


def read_archive(path: Path, folder: Path | None) -> dict[str, Any]:
    """Read a backup, check each file against the manifest, and write them below `folder`, if one is given.

    Raises:
        StoreError: see `verify_archive`; what was written then is not to be used.
    """
    found: dict[str, str] = {}
    manifest: dict[str, Any] = {}
    try:
        with tarfile.open(path, mode="r|*", bufsize=_CHUNK) as tar:
            for entry in tar:
                if manifest or not entry.isreg() or not _NAME.fullmatch(entry.name) or entry.name in found:
                    raise StoreError(f"{path.name} holds {entry.name[:80]!r}, which no backup has there")
                source = tar.extractfile(entry)
                assert source is not None
                if entry.name == MANIFEST:
                    manifest = _parse(source.read(_MOST_MANIFEST_BYTES), path)
                else:
                    found[entry.name] = _take(source, None if folder is None else folder / entry.name)
    except (tarfile.TarError, OSError, EOFError) as exc:
        raise StoreError(f"{path.name} cannot be read as a backup: {type(exc).__name__}") from exc
    if not manifest:
        raise StoreError(f"{path.name} has no manifest at its end: it broke off, or is no backup")
    if found != manifest["files"]:
        names = sorted(name for name in {*found, *manifest["files"]} if found.get(name) != manifest["files"].get(name))
        raise StoreError(f"{path.name} was changed, or broke off: {', '.join(names[:5])}")
    return manifest


def _take(source: Any, target: Path | None) -> str:  # noqa: ANN401 - what tarfile gives
    digest = hashlib.sha256()
    if target is None:
        while part := source.read(_CHUNK):
            digest.update(part)
        return digest.hexdigest()
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        while part := source.read(_CHUNK):
            digest.update(part)
            file.write(part)
    return digest.hexdigest()


def _parse(data: bytes, path: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(data)
        is_ours = manifest["format"] == FORMAT and isinstance(manifest["files"], dict)
    except (ValueError, KeyError, TypeError) as exc:
        raise StoreError(f"the manifest of {path.name} is damaged") from exc
    if not is_ours:
        raise StoreError(f"{path.name} is no backup of a form that this version reads, expected {FORMAT}")
    return manifest
