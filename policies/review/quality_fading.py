"""Names and words go from quality cases by the same rules as from what they were made of, once they are through.

A case has copies of its own: of a file's name, of who decided or answered, of their reasons and notes. While it is
dealt, or waits for a quality lead, it keeps them. Agreement stays measured, for the pseudonyms of two people are two.
"""

from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, case, select, update

from policies.line.deployment import Deployment
from policies.review.quality_case import Standing
from policies.review.reviewers import find_pseudonyms, name_reviewer
from provenance.storage.quality_tables import QUALITY_CASES, QUALITY_DEALS

_THROUGH: Final = tuple(one.value for one in (Standing.AGREED, Standing.SETTLED, Standing.LAPSED, Standing.RETIRED))


def blank_file_names(here: Deployment, connection: Connection, before: str) -> int:
    """Let go of the names of files of cases that came to their end before a time; return how many."""
    old = (*_find_old(here, before), QUALITY_CASES.c.name != "")
    return int(connection.execute(update(QUALITY_CASES).where(*old).values(name="")).rowcount)


def erase_case_names(here: Deployment, connection: Connection, before: str) -> None:
    """Put the ledger's pseudonym in the place of everybody who made, answered or settled such cases."""
    old = _find_old(here, before)
    deals = (QUALITY_DEALS.c.case_id.in_(select(QUALITY_CASES.c.id).where(*old)),)
    known = {"", *find_pseudonyms(connection, here.tenant).values()}
    for table, wanted, column in (
        (QUALITY_CASES, old, "made_by"),
        (QUALITY_CASES, old, "settled_by"),
        (QUALITY_DEALS, deals, "answered_by"),
    ):
        names = set(connection.execute(select(table.c[column]).where(*wanted).distinct()).scalars()) - known
        for name in sorted(names):
            # Made where there is none yet. It stands for the id, too: agreement is measured by whose answers are whose.
            pseudonym = name_reviewer(connection, name, here.tenant)
            ids = {f"{column}_id": pseudonym} if f"{column}_id" in table.c else {}
            theirs = (*wanted, table.c[column] == name)
            connection.execute(update(table).where(*theirs).values({column: pseudonym, **ids}))
            known.add(pseudonym)
    nobody = {"reviewer_id": "", "holder_id": "", "holder": "", "assigned_by": ""}
    connection.execute(update(QUALITY_DEALS).where(*deals).values(nobody))
    for row in connection.execute(select(QUALITY_CASES.c.id, QUALITY_CASES.c.body).where(*old)).all():
        if row.body.get("excluded"):
            this = QUALITY_CASES.c.id == row.id
            connection.execute(update(QUALITY_CASES).where(this).values(body={**row.body, "excluded": []}))


def erase_case_words(here: Deployment, connection: Connection, before: str) -> None:
    """Let go of reasons, statements and notes of such cases; answers and clauses stay."""
    old = _find_old(here, before)
    deals = QUALITY_DEALS.c.case_id.in_(select(QUALITY_CASES.c.id).where(*old))
    connection.execute(update(QUALITY_CASES).where(*old).values(reason="", statement=""))
    connection.execute(update(QUALITY_DEALS).where(deals).values(reason="", notes={"notes": []}))


def list_naming(here: Deployment) -> list[Select[tuple[str]]]:
    """Return what finds everybody whom a case of the tenant names."""
    own = (QUALITY_CASES.c.tenant == here.tenant, QUALITY_DEALS.c.tenant == here.tenant)
    return [
        select(QUALITY_CASES.c.made_by).where(own[0]),
        select(QUALITY_CASES.c.settled_by).where(own[0]),
        select(QUALITY_DEALS.c.answered_by).where(own[1]),
    ]


def _find_old(here: Deployment, before: str) -> tuple[ColumnElement[bool], ...]:
    ended = case((QUALITY_CASES.c.settled_at != "", QUALITY_CASES.c.settled_at), else_=QUALITY_CASES.c.created_at)
    return QUALITY_CASES.c.tenant == here.tenant, QUALITY_CASES.c.state.in_(_THROUGH), ended < before
