"""Blob storage: a quarantine that nothing outside reads, and a public side that holds only what the ledger holds.

obstore speaks to a folder by default and to S3, GCS or Azure by URL. Writes are atomic and durable: a key holds all of
a blob or does not exist, and what `put` returned from survives the loss of power. What may be large goes in and comes
out as a `Blob`, part by part.
"""

import fcntl
import os
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from re import compile as compile_pattern
from secrets import token_hex
from typing import Any, Final

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, MemoryStore, from_url

from provenance.errors import BlobKeyError, BlobNotFoundError, ConfigurationError, StoreError
from provenance.storage.blob import PART_BYTES, Blob
from provenance.storage.faults import describe_store_error
from provenance.storage.folder import find_folder, is_alike, link_file, lock_folder, sync, sync_all
from provenance.storage.scrubbing import redact
from provenance.storage.secretfile import make_private_folder

STAGING: Final = ".staging"
"""Folder of a local store in which blobs are made whole before they get their key."""

MARKER: Final = "site"
"""Key of the blob that says which site a store belongs to, see `provenance.storage.binding`."""

BIN: Final = "bin"
"""Folder of what no record knows, on its way out: ``bin/<Unix time>/<key>``."""

EXPORTS: Final = "exports"
"""Folder in quarantine of what was exported and waits to be fetched: no asset's, and no orphan."""

# No dot first, so that no key climbs out of the store or reaches STAGING; no '#', which obstore keeps for itself.
_SEGMENT: Final = r"[A-Za-z0-9_][A-Za-z0-9_.:@+-]{0,254}"
_KEY: Final = compile_pattern(rf"{_SEGMENT}(?:/{_SEGMENT})*")
# S3's limit, the smallest of all.
_KEY_LIMIT: Final = 1024


DOCUMENT_BYTES: Final = 32 << 20
"""The longest that `get` returns whole: a manifest store is at most so long (`provenance.manifests.validation`)."""

# S3's smallest part is 5 MiB; so many parts of a large blob are in memory at a time.
_UPLOAD_BYTES: Final = 8 << 20
_UPLOADS_AT_ONCE: Final = 2

# obstore's own way is ten times within three minutes; a store that is down is told of sooner.
_RETRIES: Final[Any] = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}


class _NoLinksError(Exception):
    """There are no second names for files here."""


class Blobs:
    """One side of the blob store.

    Args:
        url: a folder as a path, ``file:///folder``, ``memory://`` or what obstore takes, such as ``s3://bucket/prefix``.
        private: a local folder and all in it are for the owner only, whatever the umask.
        may_make: make a local folder that is not there; without it, it is missed when it is used.

    Limits: a local folder is for the processes of one machine.
    """

    def __init__(self, url: str | Path, *, private: bool = False, may_make: bool = True) -> None:
        self.url = redact(str(url))  # for messages
        self.root: Path | None = None
        self._private = private
        self._opened: Any = None
        try:
            self.root = find_folder(url)
            if self.root is None:
                self._opened = MemoryStore() if url == "memory://" else from_url(str(url), retry_config=_RETRIES)
                return
            if may_make:
                self._open_folder(self.root)
            if self.root.is_dir():
                self._opened = LocalStore(self.root, automatic_cleanup=True)
        except (BaseError, OSError, ValueError) as exc:
            reason = describe_store_error(exc)
            raise ConfigurationError(f"the blob store at {self.url} cannot be opened: {reason}") from exc

    @property
    def _store(self) -> Any:  # noqa: ANN401 - of one of obstore's classes
        if self._opened is None:
            raise FileNotFoundError(f"the blob folder {self.root} is missing: restore it from a backup of the site")
        return self._opened

    def put(self, key: str, data: bytes | Blob) -> None:
        """Store `data` under `key`, replacing what was there; a large blob part by part.

        Raises:
            BlobKeyError: not a key.
            StoreError: it could not be stored; what was there before still is.
        """
        _verify_key(key)
        blob = Blob.from_bytes(data) if isinstance(data, bytes) else data
        try:
            if self.root is None:
                self._write(key, blob)
            else:
                self._put_local(self.root, {key: blob})
        except (BaseError, OSError) as exc:
            raise StoreError(f"could not store blob {key}: {describe_store_error(exc)}") from exc

    def put_all(self, blobs: Mapping[str, bytes | Blob], *, spare: Collection[str] = ()) -> None:
        """Store several blobs of one folder, each as `put` does, in their order; in a local folder with one sync.

        When this returns all are there for good, but for those that are `spare`: of them a loss of power may leave
        nothing, or anything. Killed in between, some are: the first ones, each whole.

        Raises:
            BlobKeyError: not a key.
            StoreError: one could not be stored.
        """
        if self.root is None or len({key.rpartition("/")[0] for key in blobs}) != 1:
            for key, data in blobs.items():
                self.put(key, data)
            return
        for key in blobs:
            _verify_key(key)
        given = {key: Blob.from_bytes(data) if isinstance(data, bytes) else data for key, data in blobs.items()}
        try:
            self._put_local(self.root, given, spare)
        except (BaseError, OSError) as exc:
            raise StoreError(f"could not store blobs {', '.join(blobs)}: {describe_store_error(exc)}") from exc

    def take_over(self, other: "Blobs", keys: Mapping[str, str]) -> bool:
        """Give blobs that `other` has for good keys of one folder here, too, in their order, without a second copy.

        A file has two names then, until `other` deletes its own, so at no time has it none. Their modes are those of
        this side's files. When this returns True all are here for good; killed in between, some are: the first ones.

        Args:
            other: another side of the store.
            keys: key here to key there.

        Returns:
            False where that is no way, and nothing was done: either is no local folder, they lie on two file systems,
            or files of this folder are to get a group, a list of rights or a label from it that they would lack.

        Raises:
            BlobNotFoundError: there is no such blob.
            StoreError: it could not be done.
        """
        if self.root is None or other.root is None or self._private:
            return False
        for key in (*keys, *keys.values()):
            _verify_key(key)
        try:
            return is_alike(other.root, self.root) and self._link_local(self.root, other.root, keys)
        except FileNotFoundError as exc:
            raise BlobNotFoundError(f"no blob under {', '.join(keys.values())}") from exc
        except OSError as exc:
            raise StoreError(f"could not store blobs {', '.join(keys)}: {describe_store_error(exc)}") from exc

    def get(self, key: str, *, most_bytes: int = DOCUMENT_BYTES) -> bytes:
        """Return the bytes under `key`, for documents and other small things; `open` is for the rest.

        Raises:
            BlobNotFoundError: there is none.
            AssetTooLargeError: there are more than `most_bytes`.
        """
        return self.open(key).read(most_bytes)

    def open(self, key: str) -> Blob:
        """Return the blob under `key`, however large; it stays as it is now, whatever is put under the key later.

        Its digest is of what lies there: whoever knows what should, compares.

        Raises:
            BlobNotFoundError: there is none.
            SpoolError: it comes from afar and could not be kept on disk here.
        """
        _verify_key(key)
        try:
            if self.root is not None:
                return self._open_local(self.root, key)
            found = obstore.get(self._store, key)
            parts = (bytes(part) for part in found.stream(min_chunk_size=PART_BYTES))
            return Blob.from_stream(parts, expected_bytes=found.meta["size"])
        except (NotFoundError, FileNotFoundError) as exc:
            raise BlobNotFoundError(f"no blob under {key}") from exc
        except (BaseError, OSError) as exc:
            raise StoreError(f"could not read blob {key}: {describe_store_error(exc)}") from exc

    def has(self, key: str) -> bool:
        """Say whether a blob lies under `key`."""
        _verify_key(key)
        try:
            obstore.head(self._store, key)
        except (NotFoundError, FileNotFoundError):
            return False
        except (BaseError, OSError) as exc:
            raise StoreError(f"could not look up blob {key}: {describe_store_error(exc)}") from exc
        return True

    def delete(self, key: str) -> None:
        """Remove the blob under `key`, if any."""
        _verify_key(key)
        try:
            obstore.delete(self._store, key)
        except (NotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError) as exc:
            raise StoreError(f"could not delete blob {key}: {describe_store_error(exc)}") from exc

    def keys(self, prefix: str = "") -> Iterator[tuple[str, float]]:
        """Yield each key in the folder `prefix` with the Unix time of its last change.

        The marker, the bin and exports are named only by their own prefix.
        """
        folder = prefix.rstrip("/")
        if folder:
            _verify_key(folder)
        try:
            for batch in obstore.list(self._store, folder or None):
                for item in batch:
                    if not item["path"].startswith(f"{STAGING}/") and (folder or not _is_reserved(item["path"])):
                        yield item["path"], item["last_modified"].timestamp()
        except FileNotFoundError:
            return
        except (BaseError, OSError) as exc:
            raise StoreError(f"could not list blobs: {describe_store_error(exc)}") from exc

    @property
    def is_ephemeral(self) -> bool:
        """Whether this store forgets everything when the process ends."""
        return self.url == "memory://"

    def discard(self, key: str) -> str:
        """Move the blob under `key` into the bin; return its key there.

        Raises:
            BlobNotFoundError: there is none.
        """
        binned = f"{BIN}/{int(time.time())}/{key}"
        self.put(binned, self.open(key))
        self.delete(key)
        return binned

    def sweep_staging(self) -> int:
        """Remove what killed processes left half-written in a local folder; return how many files.

        Waits for writers that are alive, of any process, so it never takes a blob from under one.
        """
        if self.root is None:
            return 0
        with lock_folder(self.root / STAGING, fcntl.LOCK_EX):
            leftovers = list((self.root / STAGING).iterdir())
            for path in leftovers:
                path.unlink()
        return len(leftovers)

    def _open_folder(self, root: Path) -> None:
        root.parent.mkdir(parents=True, exist_ok=True)
        for folder in (root, root / STAGING):
            self._make_folder(folder)

    def _make_folder(self, folder: Path) -> None:
        if self._private:
            make_private_folder(folder)
        else:
            folder.mkdir(exist_ok=True)

    def _write(self, key: str, blob: Blob) -> None:
        if blob.is_small:
            obstore.put(self._store, key, blob.read(blob.size_bytes))
            return
        with blob.open() as file:
            obstore.put(
                self._store,
                key,
                file,
                use_multipart=True,
                chunk_size=_UPLOAD_BYTES,
                max_concurrency=_UPLOADS_AT_ONCE,
            )

    def _open_local(self, root: Path, key: str) -> Blob:
        """Return a file of the folder; a folder there is no blob."""
        if not (root / key).is_file():
            obstore.head(self._store, key)  # tells what is wrong as it does for any other store
            raise FileNotFoundError(key)
        return Blob.from_stored(root / key)

    def _put_local(self, root: Path, blobs: Mapping[str, Blob], spare: Collection[str] = ()) -> None:
        """Make blobs of one folder whole and durable in the staging folder, then give each its key in one step."""
        staged = {key: f"{STAGING}/{token_hex(16)}" for key in blobs}
        with self._naming(root, staged) as (_, unsynced):
            for key, blob in blobs.items():
                self._stage(root, staged[key], blob)
            unsynced += [root / staged[key] for key in blobs if key not in spare]

    def _link_local(self, root: Path, other: Path, keys: Mapping[str, str]) -> bool:
        """Give files of another folder of this file system a second name; say whether it can do that."""
        staged = {key: f"{STAGING}/{token_hex(16)}" for key in keys}
        with suppress(_NoLinksError), self._naming(root, staged) as (folder, _):
            self._make_above(root, folder)
            for key, theirs in keys.items():
                if not link_file(other / theirs, root / staged[key], folder):
                    raise _NoLinksError
            return True
        return False

    @contextmanager
    def _naming(self, root: Path, staged: Mapping[str, str]) -> Iterator[tuple[Path, list[Path]]]:
        """Have files made in the staging folder by the block, which lists what is to be synced, then give them keys."""
        folders = [(folder, folder.is_dir()) for folder in map(root.joinpath, Path(next(iter(staged))).parents)]
        unsynced: list[Path] = []
        with lock_folder(root / STAGING, fcntl.LOCK_SH):
            try:
                yield folders[0][0], unsynced
                self._make_above(root, folders[0][0])
                # Together, for a journal writes them at once: files, new folders, and the one that those are in.
                made = [folder for folder, was_there in folders if not was_there]
                above = [folder for folder, was_there in folders if was_there][:1] if made else []
                sync_all([*unsynced, *made[1:], *above])
                for key, name in staged.items():
                    (root / name).replace(root / key)
            except BaseException:
                for name in staged.values():
                    (root / name).unlink(missing_ok=True)
                raise
        sync(folders[0][0])

    def _make_above(self, root: Path, folder: Path) -> None:
        above = [one for one in (folder, *folder.parents) if one.is_relative_to(root) and not one.is_dir()]
        for one in reversed(above):
            self._make_folder(one)

    def _stage(self, root: Path, name: str, blob: Blob) -> None:
        """Write a file of the staging folder: by the kernel, where a library would have it pass through memory."""
        mode = 0o600 if self._private else 0o666  # the umask does the rest
        descriptor = os.open(root / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            if self._private:
                os.fchmod(descriptor, mode)
            blob.copy_to(descriptor)
        finally:
            os.close(descriptor)


@dataclass(frozen=True, slots=True)
class BlobStore:
    """Both sides.

    Attributes:
        quarantine: what came in and what is being sealed; owner-only on disk.
        public: what was published; each blob has a ledger entry.
    """

    quarantine: Blobs
    public: Blobs


def open_store(quarantine_url: str | Path, public_url: str | Path, *, may_make: bool = True) -> BlobStore:
    """Open both sides; a local quarantine is readable by its owner only.

    Args:
        quarantine_url: as `Blobs` takes it.
        public_url: likewise.
        may_make: make local folders that are not there.

    Raises:
        ConfigurationError: one of them cannot be opened, or they are the same.
    """
    store = BlobStore(
        quarantine=Blobs(quarantine_url, private=True, may_make=may_make), public=Blobs(public_url, may_make=may_make)
    )
    inner, outer = store.quarantine.root, store.public.root
    if inner is not None and outer is not None and (inner.is_relative_to(outer) or outer.is_relative_to(inner)):
        raise ConfigurationError(f"quarantine and public must be apart, got {inner} and {outer}")
    return store


def _is_reserved(path: str) -> bool:
    return path == MARKER or path.startswith((f"{BIN}/", f"{EXPORTS}/"))


def _verify_key(key: str) -> None:
    if len(key) > _KEY_LIMIT or not _KEY.fullmatch(key):
        raise BlobKeyError(f"a blob key is segments of A-Z a-z 0-9 _ . : @ + - joined by /, got {key[:80]!r}")
