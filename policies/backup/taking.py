"""Take a backup of a site while it works.

Blobs that are there are copied first, while others go on. Then writers wait for as long as it takes to note how the
database stands and to copy the blobs that came meanwhile, so that each file that the database names is in the backup;
then they go on while the database is copied as it stood.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from policies.backup.archive import Writer, verify_archive, writing
from policies.backup.lockbox import lock_keys
from provenance.errors import BlobNotFoundError
from provenance.ledger.checkpoint import Checkpoint
from provenance.ledger.log import Log
from provenance.storage.database import Database, utc_now
from provenance.storage.site import load_site_id
from provenance.storage.snapshot import pin_snapshot
from provenance.storage.store import MARKER, Blobs, BlobStore

DATABASE_FOLDER: Final = "database"
SIDES: Final = ("quarantine", "public")
KEYS_FILE: Final = "keys.locked"
HOME_FOLDER: Final = "home"


@dataclass(frozen=True, slots=True)
class Site:
    """What a backup is taken of.

    Attributes:
        database, blobs, log: of the site.
        files: small files of the data directory that belong to it, by name, if they are there.
        keys_dir: folder of keys.
    """

    database: Database
    blobs: BlobStore
    log: Log
    files: dict[str, Path]
    keys_dir: Path


def take_backup(
    site: Site, path: Path, *, passphrase: str = "", tell: Callable[[str], None] | None = None
) -> dict[str, Any]:
    """Write a backup of the whole site to `path`, read it back, and return its manifest.

    Args:
        site: that is backed up; others may go on working with it.
        path: must not exist.
        passphrase: seals the keys that go along; without it no key does.
        tell: is told of what is done, in words.

    Raises:
        StoreError: the file is there already or cannot be written, or does not read back.
        ConfigurationError: the passphrase is too short.
    """
    say = tell or _ignore
    site_id = load_site_id(site.database)
    locked = lock_keys(site.keys_dir, passphrase) if passphrase else b""
    site.log.checkpoint()
    scratch = TemporaryDirectory(prefix="chopmark-", dir=path.parent if path.parent.is_dir() else None)
    with scratch as folder, writing(path) as archive:
        say("copying files")
        _copy_blobs(archive, site.blobs, say)
        with pin_snapshot(site.database) as snapshot:
            say("noting how the database stands")
            _copy_blobs(archive, site.blobs, say)
            checkpoint = site.log.latest_checkpoint()
            _copy_small(archive, site)
            snapshot.let_writers_go()
            say("copying the database")
            snapshot.write(Path(folder))
        for file in sorted(Path(folder).iterdir()):
            with file.open("rb") as source:
                archive.add(f"{DATABASE_FOLDER}/{file.name}", source, file.stat().st_size)
        if locked:
            archive.add_bytes(KEYS_FILE, locked)
        facts = {"site": site_id, "revision": snapshot.revision, "taken_at": utc_now()}
        ledger = _describe(site.log, checkpoint)
        stores = {name: side.url for name, side in _sides(site.blobs)}
        manifest = archive.finish({**facts, "ledger": ledger, "keys": "sealed" if locked else "none", "stores": stores})
    say("reading it back")
    verify_archive(path)
    return manifest


def _ignore(text: str) -> None:
    """Tell nobody."""


def _sides(blobs: BlobStore) -> tuple[tuple[str, Blobs], ...]:
    return (SIDES[0], blobs.quarantine), (SIDES[1], blobs.public)


def _copy_blobs(archive: Writer, blobs: BlobStore, say: Callable[[str], None]) -> None:
    """Copy what is not in the backup yet; what goes away meanwhile was not needed any more."""
    for name, side in _sides(blobs):
        for number, (key, _) in enumerate(side.keys()):
            if archive.has(f"{name}/{key}"):
                continue
            if number % 100 == 0:
                say(f"copying {name}, {number} files")
            try:
                blob = side.open(key)
            except BlobNotFoundError:
                continue
            with blob.open() as source:
                archive.add(f"{name}/{key}", source, blob.size_bytes)


def _copy_small(archive: Writer, site: Site) -> None:
    """Copy what says which site and which moment the stores are of, and the files of the data directory."""
    for name, side in _sides(site.blobs):
        if side.has(MARKER):
            archive.add_bytes(f"{name}/{MARKER}", side.get(MARKER))
    for name, file in site.files.items():
        if file.is_file():
            archive.add_bytes(f"{HOME_FOLDER}/{name}", file.read_bytes())


def _describe(log: Log, checkpoint: Checkpoint | None) -> dict[str, Any]:
    note, size = ("", 0) if checkpoint is None else (checkpoint.note, checkpoint.size)
    keys = log.keys()
    history = [one.checkpoint.note for one in keys.handovers]
    return {
        "origin": log.origin,
        "vkey": keys.current.vkey,
        "checkpoint": note,
        "size": size,
        **({"handovers": history} if history else {}),
    }
