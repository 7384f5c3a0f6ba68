"""Figures about reviews: how many, how fast, and by whom."""

from sqlalchemy import func, select

from provenance.storage.database import Database
from provenance.storage.tables import ASSETS
from provenance.tenant import MAIN, Tenant


def count_stages(database: Database, tenant: Tenant = MAIN) -> dict[str, int]:
    """Return how many of a tenant's assets stand at each stage; stages that none stands at are left out."""
    query = select(ASSETS.c.stage, func.count()).where(ASSETS.c.tenant == tenant).group_by(ASSETS.c.stage)
    with database.read() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}
