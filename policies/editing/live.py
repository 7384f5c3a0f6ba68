"""The packs of a tenant as they are now: those in files, and the tenant's own, which change while processes run.

A process looks at most every two seconds whether something was changed, which is one read of one index; what it was
changed to is read only then. A pack that decides is known by its digest, so an asset that was taken in before a change
is decided by what it was taken in under.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from typing import Final

from sqlalchemy import Connection, select

from policies.editing.history import Standing, find_standing, last_sequence
from policies.rules.pack import Pack
from policies.rules.parsing import parse_pack
from provenance.asset import sha256_hex
from provenance.errors import DamagedRecordError, PackInvalidError
from provenance.journal import Journal
from provenance.storage.database import Database
from provenance.storage.tables import PACKS
from provenance.tenant import MAIN, Tenant

REFRESH_S: Final = 2.0

_log = Journal(__name__)


class LivePacks(Mapping[str, Pack]):
    """Every pack that a submission of one tenant may name; safe for any number of threads.

    Args:
        database: migrated.
        files: packs by name, from folders; none of these can be edited here.
        tenant: whose own packs stand beside them.
        refresh_s: how long what was read counts; `REFRESH_S` by default.

    Limits: an own pack that this version of the software cannot read is left out and logged, so that what names it is
    refused.
    """

    def __init__(
        self, database: Database, files: Mapping[str, Pack], tenant: Tenant = MAIN, *, refresh_s: float | None = None
    ) -> None:
        refresh_s = REFRESH_S if refresh_s is None else refresh_s
        self.files: Final = dict(files)
        self._database, self._tenant, self._refresh_s = database, tenant, refresh_s
        self._lock = threading.Lock()
        self._looked_at = -refresh_s
        self._standing: Standing | None = None
        self._packs: dict[str, Pack] = dict(files)

    def __getitem__(self, name: str) -> Pack:
        """Return a pack as it is now."""
        self._look()
        return self._packs[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names of all."""
        self._look()
        return iter(tuple(self._packs))

    def __len__(self) -> int:
        """Return how many there are."""
        self._look()
        return len(self._packs)

    @property
    def chosen(self) -> tuple[str, ...]:
        """The packs that somebody chose to decide where a submission names none; () where nobody did."""
        return self.standing.chosen

    @property
    def standing(self) -> Standing:
        """What the tenant's changes come to."""
        self._look()
        assert self._standing is not None
        return self._standing

    def refresh(self) -> None:
        """Look now, whenever it was looked last: for who has just made a change."""
        with self._lock:
            self._looked_at = -self._refresh_s
        self._look()

    def _look(self) -> None:
        with self._lock:
            now = time.monotonic()
            if self._standing is not None and now - self._looked_at < self._refresh_s:
                return
            with self._database.read() as connection:
                if self._standing is None or last_sequence(connection, self._tenant) != self._standing.sequence:
                    standing = find_standing(connection, self._tenant)
                    self._packs = {**self.files, **self._load(connection, standing)}
                    self._standing = standing
            self._looked_at = now

    def _load(self, connection: Connection, standing: Standing) -> dict[str, Pack]:
        found: dict[str, Pack] = {}
        for name, sha256 in standing.active.items():
            if name in self.files:
                continue  # a file of that name came later: no pack silently takes another's place
            try:
                found[name] = load_version(connection, name, sha256)
            except (DamagedRecordError, PackInvalidError) as exc:
                _log.error("a tenant's own pack cannot be read", pack=name, sha256=sha256, error=str(exc))
        return found


def load_version(connection: Connection, name: str, sha256: str) -> Pack:
    """Return one version of a pack, by its digest.

    Raises:
        DamagedRecordError: it is not kept, or not as it was.
        PackInvalidError: this version of the software reads it otherwise.
    """
    query = select(PACKS.c.document).where(PACKS.c.sha256 == sha256, PACKS.c.name == name)
    document = connection.execute(query).scalar()
    if document is None or sha256_hex(bytes(document)) != sha256:
        state = "is not kept" if document is None else "was changed in the database"
        raise DamagedRecordError(f"the pack {name} of digest {sha256[:12]} {state}")
    return parse_pack(bytes(document), file=f"{name}.yaml")
