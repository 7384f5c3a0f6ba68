"""Gives older works the codes that are compared now, made from the reference that was kept of each.

Codes of `copy` depend on weights; those of other weights say nothing about a picture of today. A work that has none of
the present ones is not found by its parts until it is coded again. Each is one transaction with its ledger entry, so
several processes may do it at once, and whoever is interrupted goes on where it ended. What has no reference has to be
registered again from its file.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select

from provenance.asset import sha256_hex
from provenance.fingerprints.copy import Copy
from provenance.fingerprints.shingles import ALG as TEXT_ALG
from provenance.ledger.log import Log
from provenance.storage.database import Database
from provenance.tenant import Tenant
from provenance.works.codes import append_codes, find_every_code
from provenance.works.intake import hash_codes
from provenance.works.likeness import build_codes
from provenance.works.record import WorkStatus
from provenance.works.references import load_reference
from provenance.works.tables import CODES, WORK_REFERENCES, WORKS

_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Uncoded:
    """Active works without the codes that are compared now.

    Attributes:
        waiting: how many can be coded from their reference.
        lost: how many have none and have to be registered again.
    """

    waiting: int
    lost: int


def count_uncoded(connection: Connection, tenant: Tenant) -> Uncoded:
    """Count the active works of a tenant that no part can lead to."""
    waiting, lost = (
        connection.execute(select(func.count(WORKS.c.id)).where(_uncoded(tenant, has_reference=has_reference))).scalar()
        for has_reference in (True, False)
    )
    return Uncoded(waiting or 0, lost or 0)


def recode(
    database: Database, log: Log, tenant: Tenant, *, is_stopped: Callable[[], bool] = lambda: False
) -> Iterator[str]:
    """Code every work that waits, in order of id, yielding each id when it is done; ends early when `is_stopped`.

    An even surface, which has no codes, is passed over.
    """
    scheme, after = Copy(), ""
    while True:
        with database.read() as connection:
            query = select(WORKS.c.id).where(WORKS.c.id > after, _uncoded(tenant, has_reference=True))
            ids = connection.scalars(query.order_by(WORKS.c.id).limit(_PAGE)).all()
        if not ids:
            return
        for work_id in ids:
            if is_stopped():
                return
            if _recode_one(database, log, tenant, scheme, work_id):
                yield work_id
        after = ids[-1]


def _recode_one(database: Database, log: Log, tenant: Tenant, scheme: Copy, work_id: str) -> bool:
    with database.read() as connection:
        reference = load_reference(connection, work_id, tenant)
    codes = build_codes(scheme, reference) if reference is not None else []
    if not codes:
        return False
    with database.write() as connection:
        still = select(WORKS.c.id).where(WORKS.c.id == work_id, _uncoded(tenant, has_reference=True))
        this = (WORK_REFERENCES.c.tenant == tenant, WORK_REFERENCES.c.work_id == work_id)
        media = connection.execute(select(WORK_REFERENCES.c.media).where(*this)).scalar()
        if media is None or connection.execute(still).first() is None:
            return False  # withdrawn, or coded by another process meanwhile
        stored = find_every_code(connection, "works", work_id, tenant)
        log.append(
            connection,
            kind="work.coded",
            subject=log.scope(work_id),
            body={
                "work_id": work_id,
                "codes_sha256": hash_codes([*stored, *codes]),
                "reference_sha256": sha256_hex(media),
            },
            key=f"work.coded:{log.scope(work_id)}:{scheme.kept_as}",
        )
        append_codes(connection, "works", tenant=tenant, owner_id=work_id, codes=codes)
    return True


def _uncoded(tenant: Tenant, *, has_reference: bool) -> ColumnElement[bool]:
    """Return what is true of an active work without the present codes."""
    kept = exists().where(WORK_REFERENCES.c.tenant == WORKS.c.tenant, WORK_REFERENCES.c.work_id == WORKS.c.id)
    owned = exists().where(CODES.c.collection == "works", CODES.c.owner_id == WORKS.c.id)
    # a text has no parts that a picture shows
    is_coded = owned.where(CODES.c.tenant == WORKS.c.tenant, CODES.c.alg.in_((Copy.kept_as, TEXT_ALG)))
    is_active = and_(WORKS.c.tenant == tenant, WORKS.c.status == WorkStatus.ACTIVE.value)
    # Clips and sound are found by codes with times; what was kept of them is there to be looked at.
    has_times = owned.where(CODES.c.tenant == WORKS.c.tenant, CODES.c.variant.like("at % s"))
    return and_(is_active, kept if has_reference else ~kept, ~is_coded, ~has_times)
