"""The data directory: whether a site lies in it, and what is missing from it.

Only verbs that release or register make a site. Whoever merely asks is told where was looked, so that a mistyped
CHOPMARK_HOME never passes for an empty site.
"""

import os
from pathlib import Path
from typing import Final

from api.settings import PREFIX, Settings
from provenance.errors import ConfigurationError, NoSiteError
from provenance.manifests.keys import WATERMARK_FILE
from provenance.storage.database import find_file, parse_url
from provenance.storage.keyring import LEDGER_FILE
from provenance.storage.secretfile import make_private_file, make_private_folder

LOCK_FILE: Final = "at-work.lock"
"""In the data directory; says that a site was opened here to work."""

MEMORY_FILE: Final = "last-checkpoint.txt"
"""In the data directory; the last signed state of the ledger, kept apart from it."""


def has_site(settings: Settings) -> bool:
    """Say whether a site lies in the data directory, or what is left of one."""
    path = find_database_file(settings)
    keys = (settings.keys_dir / name for name in (LEDGER_FILE, WATERMARK_FILE))
    return any(place.exists() for place in (*keys, settings.home / MEMORY_FILE, *((path,) if path else ())))


def verify_site(settings: Settings) -> None:
    """Check that there is a site to ask.

    Raises:
        NoSiteError: there is none; the message says where was looked.
        ConfigurationError: its database is missing.
    """
    if not has_site(settings):
        named = f"{PREFIX}HOME" if os.environ.get(f"{PREFIX}HOME") else f"{PREFIX}HOME is not set, so this"
        raise NoSiteError(
            f"there is no site in {settings.home} ({named} was looked at): set {PREFIX}HOME to where it is, or make "
            "one there with chopmark init"
        )
    path = find_database_file(settings)
    if path is not None and not _is_there(path):
        raise ConfigurationError(f"the database {path} is missing from the site in {settings.home}: {_RESTORE}")


_RESTORE: Final = (
    "restore it from a backup of the site, together with what lies beside it (docs/storage.md); if it is lost for "
    "good, chopmark adopt binds a new one to what is left"
)


def make_home(settings: Settings, *, may_lack_database: bool = False) -> bool:
    """Make the data directory if need be, with what is private in it; return whether there was no site before.

    Args:
        settings: of the site.
        may_lack_database: a person has looked, and says that a new database may take the place of a lost one.

    Raises:
        ConfigurationError: it cannot be made or written, or a site is there whose database is missing.
    """
    is_new = not has_site(settings)
    path = find_database_file(settings)
    is_whole = is_new or path is None or may_lack_database or _is_there(path)
    used = [] if is_whole else _find_remains(settings)
    if used:
        raise ConfigurationError(
            f"the database {path} is missing, but the site in {settings.home} was used ({', '.join(used)}): "
            f"{_RESTORE}; a new site needs a folder of its own"
        )
    place = settings.home
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        for place in (settings.keys_dir, settings.index_dir):
            make_private_folder(place)
        place = settings.home / LOCK_FILE
        make_private_file(place)
    except OSError as exc:
        raise _describe(settings, place, exc) from exc
    return is_new


def find_database_file(settings: Settings) -> Path | None:
    """Return the file of the site's database; None where a server or memory holds it."""
    url = parse_url(settings.resolved_database_url())
    return find_file(url) if url.get_backend_name() == "sqlite" else None


def _is_there(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _find_remains(settings: Settings) -> list[str]:
    """Return what speaks for a database that was here: a signed state of the ledger, and blobs."""
    memory = [MEMORY_FILE] if (settings.home / MEMORY_FILE).exists() else []
    stores = ("quarantine", "public")
    return memory + [f"{name}/" for name in stores if any(path.is_file() for path in (settings.home / name).rglob("*"))]


def _describe(settings: Settings, place: Path, exc: OSError) -> ConfigurationError:
    what = "" if place == settings.home else f", at {place.relative_to(settings.home)}"
    return ConfigurationError(
        f"the data directory {settings.home} cannot be written ({(exc.strerror or str(exc)).lower()}{what}): "
        f"set {PREFIX}HOME to a folder that you can write"
    )
