"""Looking works up by id, by bank and by picture; whether a picture resembles one, `registry` says."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, select

from provenance.errors import WorksError
from provenance.media.picture.image import Picture
from provenance.storage.database import Database
from provenance.tenant import MAIN, Tenant
from provenance.works.intake import hash_frame, parse_work
from provenance.works.record import Work, WorkStatus
from provenance.works.tables import WORKS

_PAGE: Final = 1000


def find_work(connection: Connection, work_id: str, tenant: Tenant = MAIN) -> Work:
    """Return a work of a tenant, withdrawn or not.

    Raises:
        WorksError: there is no such work.
    """
    row = connection.execute(select(WORKS).where(WORKS.c.tenant == tenant, WORKS.c.id == work_id)).one_or_none()
    if row is None:
        raise WorksError(f"no work has the id {work_id!r}")
    return parse_work(row)


def find_same_picture(connection: Connection, picture: Picture, tenant: Tenant = MAIN) -> tuple[Work, ...]:
    """Return the active works of a tenant that have exactly this picture, pixel by pixel, oldest first."""
    digest = hash_frame(picture.flattened().frame)
    query = select(WORKS).where(WORKS.c.tenant == tenant, WORKS.c.picture_sha256 == digest)
    query = query.where(WORKS.c.status == WorkStatus.ACTIVE.value)
    return tuple(parse_work(row) for row in connection.execute(query.order_by(WORKS.c.ledger_index)))


def read_works(
    database: Database, bank: str | None = None, *, tenant: Tenant = MAIN, after: str = ""
) -> Iterator[Work]:
    """Yield every work of a tenant, or those of one bank, in order of id, reading a page at a time.

    Args:
        database: of the registry.
        bank: only of this one.
        tenant: whose works.
        after: go on after this id.
    """
    last = after
    while True:
        query = select(WORKS).where(WORKS.c.tenant == tenant, WORKS.c.id > last).order_by(WORKS.c.id).limit(_PAGE)
        with database.read() as connection:
            page = connection.execute(query if bank is None else query.where(WORKS.c.bank == bank)).all()
        yield from (parse_work(row) for row in page)
        if not page:
            return
        last = page[-1].id
