"""Make a site out of a backup, where there is none: its database, its files, its keys, and what it remembers.

A restored site is the old one of that moment, and says so: on its ledger, and to whoever restores it. What was signed
after the backup is lost, and whoever kept a later checkpoint sees two histories.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from policies.backup.archive import read_archive
from policies.backup.lockbox import unlock_keys
from policies.backup.taking import DATABASE_FOLDER, HOME_FOLDER, KEYS_FILE, SIDES
from provenance.errors import ConfigurationError, SiteMismatchError
from provenance.ledger.log import Log
from provenance.storage.blob import Blob
from provenance.storage.database import Database
from provenance.storage.secretfile import make_private_file
from provenance.storage.snapshot import restore_snapshot
from provenance.storage.store import MARKER, Blobs, BlobStore

RESTORED: Final = "site.restored"


@contextmanager
def unpacked(path: Path, scratch: Path) -> Iterator[tuple[dict[str, Any], Path]]:
    """Give the manifest of a backup and the folder that it was unpacked into, once all of it was checked.

    Raises:
        StoreError: it is none, or was changed.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".chopmark-", suffix=".part", dir=scratch) as folder:
        yield read_archive(path, Path(folder)), Path(folder)


def restore_keys(folder: Path, directory: Path, passphrase: str) -> int:
    """Put the backup's keys into an empty folder of keys; return how many.

    Raises:
        ConfigurationError: keys are there already, or the passphrase is another.
    """
    if directory.is_dir() and any(directory.iterdir()):
        raise ConfigurationError(f"a backup overwrites nothing, and there are keys in {directory} already")
    return unlock_keys((folder / KEYS_FILE).read_bytes(), passphrase, directory)


def restore_site(manifest: dict[str, Any], folder: Path, database: Database, blobs: BlobStore, home: Path) -> None:
    """Fill an empty database, empty stores and the data directory.

    Raises:
        ConfigurationError: there is a database already, or it is of another kind.
        SiteMismatchError: a blob store holds something already: nothing was touched.
    """
    for name, side in zip(SIDES, (blobs.quarantine, blobs.public), strict=True):
        if side.has(MARKER) or next(iter(side.keys()), None) is not None:
            raise SiteMismatchError(
                f"the blob store {name} at {side.url} holds files already: restore to an empty one; if they are of "
                "this very site, put the database alone in its place and run chopmark doctor --full"
            )
    restore_snapshot(database, folder / DATABASE_FOLDER, str(manifest["revision"]))
    for name, side in zip(SIDES, (blobs.quarantine, blobs.public), strict=True):
        _fill(side, folder / name)
    for file in sorted((folder / HOME_FOLDER).glob("*")) if (folder / HOME_FOLDER).is_dir() else ():
        target = home / file.name
        if not target.exists():
            make_private_file(target)
            shutil.copyfile(file, target)


def note_restored(log: Log, manifest: dict[str, Any]) -> int:
    """Put on the ledger that the site was restored, from when; return the index.

    Raises:
        InconsistentLedgerError: the restored ledger is not what was signed.
    """
    log.checkpoint()
    size = log.size()
    with log.database.write() as connection:
        entry = log.append(
            connection,
            kind=RESTORED,
            subject=str(manifest["site"]),
            body={"site": str(manifest["site"]), "taken_at": str(manifest["taken_at"]), "ledger_size": size},
            key=f"restored:{manifest['taken_at']}:{size}",
        )
    log.checkpoint()
    return entry.index


def _fill(side: Blobs, folder: Path) -> None:
    """Put every file of the backup into a store, its marker last: until then it is nobody's."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    for name in [name for name in names if name != MARKER] + [name for name in names if name == MARKER]:
        side.put(name, Blob.from_path(folder / name))
