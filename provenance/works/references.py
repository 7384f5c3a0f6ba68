"""The small picture kept of each work, and its details, which are found once in a process and not for each question."""

import threading
from collections import OrderedDict
from typing import Final

from sqlalchemy import Connection, select

from provenance.errors import AssetError
from provenance.media.picture.image import Picture, parse_image
from provenance.media.picture.overlap import Detailed, Kept, keep_details
from provenance.storage.database import Database
from provenance.tenant import MAIN, Tenant
from provenance.works.tables import WORK_REFERENCES

MOST_KEPT: Final = 512
"""Works whose details are kept in memory, those asked about last: 55 MB at most."""


class References:
    """References of one tenant's works; safe for any number of threads.

    Limits: a reference never changes, so what was found of it stays; whether a work is still active is not asked here.
    """

    def __init__(self, database: Database, tenant: Tenant = MAIN) -> None:
        self._database = database
        self._tenant = tenant
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    def load(self, work_id: str) -> Picture | None:
        """Return the picture kept of a work, or None where there is none that can be read."""
        with self._database.read() as connection:
            return load_reference(connection, work_id, self._tenant)

    def details(self, connection: Connection, work_id: str) -> Kept | None:
        """Return the details of the picture kept of a work, or None where there is none that can be read."""
        with self._lock:
            if work_id in self._kept:
                self._kept.move_to_end(work_id)
                return self._kept[work_id]
        picture = load_reference(connection, work_id, self._tenant)
        if picture is None:
            return None
        found = keep_details(Detailed(picture.frame))
        with self._lock:
            self._kept[work_id] = found
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found


def load_reference(connection: Connection, work_id: str, tenant: Tenant = MAIN) -> Picture | None:
    """Return the picture kept of a work, or None where there is none that can be read."""
    this = (WORK_REFERENCES.c.tenant == tenant, WORK_REFERENCES.c.work_id == work_id)
    media = connection.execute(select(WORK_REFERENCES.c.media).where(*this)).scalar()
    if media is None:
        return None
    try:
        return parse_image(media)
    except AssetError:
        return None
