"""Whether a database and its two blob stores belong together and are of the same time.

Each store has a marker: the site's id, and a nonce that the database knows, too. The nonce is changed whenever a
process that added to the ledger ends. So a store of another site, one that a second host does not share, and one that
was set back to an older copy are noticed before anything is touched; and so is a database that was lost, set back or
exchanged. Nothing here deletes.
"""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select, update

from provenance.errors import BlobNotFoundError, SiteMismatchError
from provenance.ledger.log import Log
from provenance.storage.database import Database, insert_new
from provenance.storage.site import find_site_id, load_site_id
from provenance.storage.store import MARKER, Blobs, BlobStore
from provenance.storage.tables import ASSETS, STORE_BINDING

_LOOKS: Final = 5
"""Another process may be changing the nonce while we look: row and markers are read this often before we say no."""
_PAUSE_S: Final = 0.05
_SAMPLE: Final = 1_000
"""Keys of an unmarked store that are held against the database."""

_WAY_OUT: Final = (
    "nothing was touched; restore what belongs together from one backup, or see that the settings name the right "
    "places; if this is meant, chopmark adopt binds this database and these stores to each other"
)


@dataclass(frozen=True, slots=True)
class Marker:
    """What a store says of itself: which site it belongs to, and what the database last told it."""

    site: str
    nonce: str


def bind_stores(database: Database, blobs: BlobStore) -> None:
    """Check that `database` and `blobs` belong together; the first time, mark the stores as this site's.

    Raises:
        SiteMismatchError: they do not; nothing was touched.
        StoreError: a store could not be read or marked.
    """
    site = load_site_id(database)
    row = _verify(database, blobs, site)
    if row is not None and row.nonce:
        return
    if row is None:
        fresh = {"id": 1, "nonce": "", "upcoming": secrets.token_hex(16), "ledger_size": 0}
        with database.write() as connection:
            insert_new(connection, STORE_BINDING, fresh)  # another process may be making this site just now
    _mark(database, blobs, site)


def verify_stores(database: Database, blobs: BlobStore) -> None:
    """Check that `database` and `blobs` belong together, and write nothing.

    Raises:
        SiteMismatchError: they do not.
    """
    _verify(database, blobs, find_site_id(database) or "")


def verify_owner(database: Database, blobs: BlobStore) -> None:
    """Check that no store is another site's, whatever its age, and write nothing; for before keys and ledger are read.

    Raises:
        SiteMismatchError: one is.
    """
    problem = ""
    for _ in range(_LOOKS):
        problem = _find_stranger(database, blobs)
        if not problem:
            return
        time.sleep(_PAUSE_S)  # another process may be making this site just now
    raise SiteMismatchError(f"{problem}: {_WAY_OUT}")


def _find_stranger(database: Database, blobs: BlobStore) -> str:
    for side in _sides(blobs):
        marker = _read_marker(side)
        site = find_site_id(database)
        if marker is not None and marker.site != site:
            return _say_whose(side, marker, site)
        if marker is None and _is_foreign(database, side):
            return _say_foreign(side)
    return ""


def is_bound(database: Database) -> bool:
    """Say whether stores were ever bound to this database."""
    with database.read() as connection:
        return _find_row(connection) is not None


def renew_binding(database: Database, blobs: BlobStore, ledger_size: int) -> None:
    """Change the nonce, if the ledger has grown since it was last changed.

    A change that a killed process began is finished first: the stores may have its nonce, one of them or both, and the
    row has room for two. With a third one, a second kill would leave a store with a nonce that no row names.
    """
    site = load_site_id(database)
    for _ in range(_LOOKS):
        with database.write() as connection:
            row = _find_row(connection)
            if row is None or row.ledger_size == ledger_size or not _sides(blobs):
                return
            upcoming, is_whole = row.upcoming, row.upcoming == row.nonce
            if is_whole:
                upcoming = secrets.token_hex(16)
                connection.execute(update(STORE_BINDING).values(upcoming=upcoming, ledger_size=ledger_size))
        _mark(database, blobs, site, upcoming)
        if is_whole:
            return


def adopt_stores(database: Database, blobs: BlobStore, log: Log) -> str:
    """Bind `database` and `blobs` to each other whatever they say, and put that on the ledger; return the site's id.

    For a person who has looked: what the database names and the stores lack stays lost, what they hold and it does not
    know stays where it is.
    """
    site = load_site_id(database)
    upcoming = secrets.token_hex(16)
    with database.write() as connection:
        insert_new(connection, STORE_BINDING, {"id": 1, "nonce": "", "upcoming": upcoming, "ledger_size": 0})
        connection.execute(update(STORE_BINDING).values(upcoming=upcoming))
        log.append(connection, kind="site.adopted", subject=site, body={"site": site}, key=f"adopted:{upcoming}")
    _mark(database, blobs, site, upcoming)
    return site


def _verify(database: Database, blobs: BlobStore, site: str) -> Row[Any] | None:
    problem = ""
    for _ in range(_LOOKS):
        with database.read() as connection:
            row = _find_row(connection)
        markers = {side: _read_marker(side) for side in _sides(blobs)}
        problem = _compare(database, site, row, markers)
        if not problem:
            return row
        time.sleep(_PAUSE_S)
    raise SiteMismatchError(f"{problem}: {_WAY_OUT}")


def _say_whose(side: Blobs, marker: Marker, site: str | None) -> str:
    return f"the blob store at {side.url} belongs to the site {marker.site}, this database to {site or 'none'}"


def _say_foreign(side: Blobs) -> str:
    return f"the blob store at {side.url} holds files, none of which this database knows"


def _compare(database: Database, site: str, row: Row[Any] | None, markers: Mapping[Blobs, Marker | None]) -> str:
    """Return what does not fit, or ""."""
    for side, marker in markers.items():
        if marker is None:
            if row is not None and row.nonce:
                return f"the blob store at {side.url} has no marker of the site {site} whose database this is"
            if _is_foreign(database, side):
                return _say_foreign(side)
        elif marker.site != site:
            return _say_whose(side, marker, site)
        elif row is None or marker.nonce not in {row.nonce, row.upcoming}:
            return (
                f"the blob store at {side.url} and this database of the site {site} are not of the same time: "
                "one of them was set back, or this store is a copy that another host does not share"
            )
    return ""


def _is_foreign(database: Database, side: Blobs) -> bool:
    """Say whether an unmarked store has files, but none of an asset that this database knows."""
    found = {key.partition("/")[0] for key, _ in islice(side.keys(), _SAMPLE)}
    if not found:
        return False
    some = sorted(found)[:500]
    with database.read() as connection:
        return not connection.execute(select(func.count()).select_from(ASSETS).where(ASSETS.c.id.in_(some))).scalar()


def _mark(database: Database, blobs: BlobStore, site: str, expected: str | None = None) -> None:
    """Write the upcoming nonce into both stores, then into the row; leaves it to another process that came later."""
    with database.write() as connection:
        row = connection.execute(select(STORE_BINDING).with_for_update()).one()
        if expected not in {None, row.upcoming} or (expected is None and row.nonce):
            return
        document = json.dumps({"site": site, "nonce": row.upcoming}).encode()
        for side in _sides(blobs):
            side.put(MARKER, document)
        connection.execute(update(STORE_BINDING).values(nonce=row.upcoming))


def _sides(blobs: BlobStore) -> tuple[Blobs, ...]:
    return tuple(side for side in (blobs.quarantine, blobs.public) if not side.is_ephemeral)


def _read_marker(side: Blobs) -> Marker | None:
    try:
        fields = json.loads(side.get(MARKER))
        return Marker(site=str(fields["site"]), nonce=str(fields["nonce"]))
    except BlobNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as exc:
        raise SiteMismatchError(f"the marker {MARKER} of the blob store at {side.url} is damaged: {_WAY_OUT}") from exc


def _find_row(connection: Connection) -> Row[Any] | None:
    return connection.execute(select(STORE_BINDING)).one_or_none()
