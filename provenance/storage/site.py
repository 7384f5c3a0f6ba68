"""What a database knows of the site that it belongs to: the site's id, and which keys the site has used.

Blob stores and key folders are bound to a database by these facts, so that what does not belong together is noticed
before anything is changed. A fact is written once; what was there first stays. Facts are no secrets.
"""

import uuid
from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, select

from provenance.storage.database import Database, insert_new, utc_now
from provenance.storage.tables import SITE_FACTS

SITE_ID: Final = "site.id"
"""Name of the fact that tells one site from every other: a random UUID, made when its database is first opened."""


def find_facts(connection: Connection, prefix: str = "") -> dict[str, str]:
    """Return the facts whose names begin with `prefix`, by name, in their order."""
    rows = connection.execute(select(SITE_FACTS.c.name, SITE_FACTS.c.value).order_by(SITE_FACTS.c.name))
    return {row.name: row.value for row in rows if row.name.startswith(prefix)}


def record_facts(connection: Connection, facts: Mapping[str, str]) -> None:
    """Write facts that are not there yet; what was there first stays.

    Args:
        connection: of `Database.write`.
        facts: by name.
    """
    if not facts:
        return
    rows = [{"name": name, "value": value, "created_at": utc_now()} for name, value in facts.items()]
    insert_new(connection, SITE_FACTS, rows)


def find_site_id(database: Database) -> str | None:
    """Return the id of the site that this database belongs to, or None before it was first opened to work."""
    with database.read() as connection:
        return find_facts(connection, SITE_ID).get(SITE_ID)


def load_site_id(database: Database) -> str:
    """Return the id of the site that this database belongs to; made the first time, by one process."""
    known = find_site_id(database)
    if known is not None:
        return known
    with database.write() as connection:
        record_facts(connection, {SITE_ID: str(uuid.uuid4())})
        return find_facts(connection, SITE_ID)[SITE_ID]
