"""Blob storage: a quarantine that nothing outside reads, and a public side that holds only what the ledger holds.

obstore speaks to a folder by default and to S3, GCS or Azure by URL. Writes are atomic: a key holds all of a blob or
does not exist.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, from_url

from provenance.errors import BlobNotFoundError, StoreError

STAGING_MARK: Final = "#"
"""obstore's local backend stages a write as ``<name>#<n>`` beside its target; a killed process can leave one."""


class Blobs:
    """One side of the blob store."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.root: Path | None = None
        if "://" in url and not url.startswith("file://"):
            self._store: Any = from_url(url)
            return
        self.root = Path(url.removeprefix("file://"))
        self.root.mkdir(parents=True, exist_ok=True)
        self._store = LocalStore(self.root)

    def put(self, key: str, data: bytes) -> None:
        """Store `data` under `key`, replacing what was there, atomically."""
        try:
            obstore.put(self._store, key, data)
        except BaseError as exc:
            raise StoreError(f"could not store blob {key}: {exc}") from exc

    def get(self, key: str) -> bytes:
        """Return the blob under `key`.

        Raises:
            BlobNotFoundError: there is none.
        """
        try:
            return bytes(obstore.get(self._store, key).bytes())
        except (NotFoundError, FileNotFoundError) as exc:
            raise BlobNotFoundError(f"no blob under {key}") from exc
        except BaseError as exc:
            raise StoreError(f"could not read blob {key}: {exc}") from exc

    def has(self, key: str) -> bool:
        """Say whether a blob lies under `key`."""
        try:
            obstore.head(self._store, key)
        except (NotFoundError, FileNotFoundError):
            return False
        except BaseError as exc:
            raise StoreError(f"could not look up blob {key}: {exc}") from exc
        return True

    def delete(self, key: str) -> None:
        """Remove the blob under `key`, if any."""
        try:
            obstore.delete(self._store, key)
        except (NotFoundError, FileNotFoundError):
            return
        except BaseError as exc:
            raise StoreError(f"could not delete blob {key}: {exc}") from exc

    def keys(self, prefix: str = "") -> Iterator[tuple[str, float]]:
        """Yield each key under `prefix` with its age as Unix time of last change."""
        for batch in obstore.list(self._store, prefix or None):
            for item in batch:
                yield item["path"], item["last_modified"].timestamp()

    def sweep_staging(self) -> int:
        """Remove half-written files that a killed process left in a local folder; return how many."""
        if self.root is None:
            return 0
        leftovers = [path for path in self.root.rglob(f"*{STAGING_MARK}*") if path.is_file()]
        for path in leftovers:
            path.unlink(missing_ok=True)
        return len(leftovers)


@dataclass(frozen=True, slots=True)
class BlobStore:
    """Both sides.

    Attributes:
        quarantine: what came in and what is being sealed; owner-only on disk.
        public: what was published; each blob has a ledger entry.
    """

    quarantine: Blobs
    public: Blobs


def open_store(quarantine_url: str, public_url: str) -> BlobStore:
    """Open both sides; a local quarantine is made readable by its owner only."""
    store = BlobStore(quarantine=Blobs(quarantine_url), public=Blobs(public_url))
    if store.quarantine.root is not None:
        store.quarantine.root.chmod(0o700)
    return store
