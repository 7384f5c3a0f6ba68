"""Looking works up by id, by bank and by picture; whether a picture resembles one, `registry` says."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, or_, select

from provenance.errors import WorkNotFoundError
from provenance.storage.database import Database
from provenance.tenant import MAIN, Tenant
from provenance.works.intake import parse_work
from provenance.works.record import Work, WorkStatus
from provenance.works.tables import WORKS

_PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class WorkQuery:
    """Which works are asked for; what is empty asks for any.

    Attributes:
        bank: only of this one.
        status: only those that match, or only withdrawn ones.
        text: part of the id, the title or the owner; capitals do not count in a to z.
        after: only those that come after this id.
    """

    bank: str = ""
    status: WorkStatus | None = None
    text: str = ""
    after: str = ""


def list_works(database: Database, query: WorkQuery, *, tenant: Tenant, limit: int) -> tuple[Work, ...]:
    """Return the first `limit` works of a tenant that `query` asks for, in order of id."""
    chosen = select(WORKS).where(WORKS.c.tenant == tenant, WORKS.c.id > query.after)
    if query.bank:
        chosen = chosen.where(WORKS.c.bank == query.bank)
    if query.status is not None:
        chosen = chosen.where(WORKS.c.status == query.status.value)
    if query.text:
        columns = (WORKS.c.id, WORKS.c.title, WORKS.c.owner)
        chosen = chosen.where(or_(*(column.icontains(query.text, autoescape=True) for column in columns)))
    with database.read() as connection:
        return tuple(parse_work(row) for row in connection.execute(chosen.order_by(WORKS.c.id).limit(limit)))


def find_work(connection: Connection, work_id: str, tenant: Tenant = MAIN) -> Work:
    """Return a work of a tenant, withdrawn or not.

    Raises:
        WorkNotFoundError: there is no such work.
    """
    row = connection.execute(select(WORKS).where(WORKS.c.tenant == tenant, WORKS.c.id == work_id)).one_or_none()
    if row is None:
        raise WorkNotFoundError(f"no work has the id {work_id!r}")
    return parse_work(row)


def find_same(connection: Connection, digest: str, tenant: Tenant = MAIN) -> tuple[Work, ...]:
    """Return the active works of a tenant whose original has this digest (`hash_original`), oldest first."""
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
