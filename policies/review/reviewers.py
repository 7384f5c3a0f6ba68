"""What the ledger calls a reviewer: a random pseudonym, so that the name stays in the database.

The ledger goes to auditors and can never forget. A pseudonym is random and not made from the name, which could be
guessed; whoever deletes the row of a name leaves entries that nobody can be found by.
"""

import secrets
from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, select

from provenance.ledger.entry import LedgerEntry
from provenance.storage.database import insert_new, utc_now
from provenance.storage.tables import REVIEWERS
from provenance.tenant import MAIN

REVIEW: Final = "review:"
"""Before a reviewer in `decided_by`: the name in the database, the pseudonym in the ledger."""
APPEAL_OVERTURNED: Final = "appeal.overturned"
REVIEW_KINDS: Final = ("review.made", "review.undone", APPEAL_OVERTURNED)


def name_reviewer(connection: Connection, name: str, tenant: str = MAIN) -> str:
    """Return the pseudonym of a reviewer; made the first time.

    Args:
        connection: of `Database.write`.
        name: as the reviewer gave it.
        tenant: whose reviewer; people of the same name at two tenants are two.
    """
    columns = {"tenant": tenant, "name": name, "pseudonym": f"reviewer-{secrets.token_hex(8)}", "created_at": utc_now()}
    insert_new(connection, REVIEWERS, columns)
    this = (REVIEWERS.c.tenant == tenant, REVIEWERS.c.name == name)
    return str(connection.execute(select(REVIEWERS.c.pseudonym).where(*this)).scalar_one())


def find_pseudonyms(connection: Connection, tenant: str = MAIN) -> dict[str, str]:
    """Return the pseudonym of every reviewer of a tenant, by name."""
    query = select(REVIEWERS).where(REVIEWERS.c.tenant == tenant).order_by(REVIEWERS.c.name)
    return {row.name: row.pseudonym for row in connection.execute(query)}


def find_names(connection: Connection, entries: Iterable[LedgerEntry], tenant: str = MAIN) -> dict[str, str]:
    """Return the names of the reviewers of a tenant that `entries` speak of, by pseudonym."""
    spoken_of = {str(entry.fields().get("decided_by", "")) for entry in entries if entry.kind in REVIEW_KINDS}
    known = find_pseudonyms(connection, tenant)
    return {pseudonym: name for name, pseudonym in known.items() if f"{REVIEW}{pseudonym}" in spoken_of}
