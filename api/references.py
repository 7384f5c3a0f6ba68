"""Pictures of registered works as files, so that a moderator can open one beside what was matched.

The registry keeps a small reference of each work in the database. What is written here is a copy of it, for its owner
alone; it goes when the work is withdrawn, and may be deleted at any time.
"""

from hashlib import sha256
from pathlib import Path
from typing import Final

from sqlalchemy import select

from api.settings import Settings
from provenance.storage.database import Database
from provenance.tenant import MAIN, Tenant
from provenance.works.record import WorkStatus
from provenance.works.tables import WORK_REFERENCES, WORKS

FOLDER: Final = "references"


def write_reference(settings: Settings, database: Database, work_id: str, tenant: Tenant = MAIN) -> Path | None:
    """Write a work's reference into the data directory and return where; None where none is kept or writable.

    A withdrawn work has none.
    """
    from provenance.storage.secretfile import make_private_file, make_private_folder

    path = _path(settings, tenant, work_id)
    media = load_media(database, work_id, tenant)
    if media is None:
        return None
    try:
        if not path.is_file() or path.stat().st_size != len(media):
            make_private_folder(path.parent)
            make_private_file(path)
            path.write_bytes(media)
    except OSError:
        return None  # a site that is only read: `match --draw` shows the two in another place
    return path


def load_media(database: Database, work_id: str, tenant: Tenant = MAIN) -> bytes | None:
    """Return the file of a work's reference, a JPEG, or None where none is kept; a withdrawn work has none."""
    both = (WORKS.c.tenant == WORK_REFERENCES.c.tenant) & (WORKS.c.id == WORK_REFERENCES.c.work_id)
    query = select(WORK_REFERENCES.c.media).join(WORKS, both).where(WORKS.c.tenant == tenant)
    active = query.where(WORKS.c.id == work_id, WORKS.c.status == WorkStatus.ACTIVE.value)
    with database.read() as connection:
        media = connection.execute(active).scalar()
    return None if media is None else bytes(media)


def drop_reference(settings: Settings, work_id: str, tenant: Tenant = MAIN) -> None:
    """Delete the file of a work's reference, if there is one."""
    _path(settings, tenant, work_id).unlink(missing_ok=True)


def _path(settings: Settings, tenant: Tenant, work_id: str) -> Path:
    """Ids may be anybody's texts, so a file is named by the digest of one."""
    scoped = work_id if tenant == MAIN else f"{tenant}/{work_id}"
    return settings.home / FOLDER / f"{sha256(scoped.encode()).hexdigest()[:32]}.jpg"
