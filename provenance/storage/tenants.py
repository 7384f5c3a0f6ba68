"""What the ledger calls a tenant: a random pseudonym, so that its name stays in the database.

The one ledger of a site goes to auditors of all of its tenants. The main tenant has no pseudonym: where nobody else is,
there is nobody to tell it from.
"""

import secrets

from sqlalchemy import select

from provenance.storage.database import Database, insert_new, utc_now
from provenance.storage.tables import TENANTS
from provenance.tenant import MAIN, Tenant


def name_tenant(database: Database, tenant: Tenant) -> str:
    """Return the pseudonym of a tenant, made the first time; "" for the main one, and where nothing can be written."""
    if tenant == MAIN:
        return ""
    query = select(TENANTS.c.pseudonym).where(TENANTS.c.name == tenant)
    with database.read() as connection:
        known = connection.execute(query).scalar()
    if known is not None or database.is_reading:
        return str(known or "")
    columns = {"name": tenant, "pseudonym": f"tenant-{secrets.token_hex(8)}", "created_at": utc_now()}
    with database.write() as connection:
        insert_new(connection, TENANTS, columns)
        return str(connection.execute(query).scalar_one())
