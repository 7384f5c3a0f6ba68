"""What `doctor` tries of each part of a site, apart from the others: write, read, list, delete; sign."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import delete

from api.checks import Check, Level
from api.home import verify_site
from api.settings import Settings
from api.wiring import load_identity, load_site_keys, open_blobs, open_database
from provenance.errors import GateError, StoreError
from provenance.manifests.deferred import RENEWAL_NOTICE
from provenance.storage.database import Database
from provenance.storage.site import find_facts, record_facts
from provenance.storage.store import Blobs
from provenance.storage.tables import SITE_FACTS

TRIAL: Final = "doctor"
"""Begins the name of what is written to see whether it can be, and removed again."""


def check_parts(settings: Settings) -> Iterator[Check]:
    """Yield a finding for each part; one that fails keeps no other from being tried."""
    try:
        verify_site(settings)
    except GateError as exc:
        yield Check("site", Level.WRONG, str(exc))
        return
    yield _try("database", lambda: _try_database(settings))
    yield _try("quarantine store", lambda: _try_store(open_blobs(settings).quarantine))
    yield _try("public store", lambda: _try_store(open_blobs(settings).public))
    yield _try("ledger and watermark keys", lambda: _try_keys(settings))
    yield check_signer(settings)


def check_signer(settings: Settings) -> Check:
    """Check that something can be signed now, by signing it."""
    try:
        identity = load_identity(settings)
        identity.sign(TRIAL.encode())
    except GateError as exc:
        return Check("signer", Level.WRONG, f"{exc}; until then nothing can be released, all else works")
    info = identity.describe()
    text = f"{info.subject}, until {info.not_after:%Y-%m-%d}"
    if info.not_after - datetime.now(UTC) < RENEWAL_NOTICE:
        return Check("signer", Level.NOTE, f"{text}: renew it now (chopmark keys renew)")
    if info.is_development:
        return Check("signer", Level.NOTE, f"{text}: development only, nobody else trusts it")
    return Check("signer", Level.OK, text)


def _try(what: str, attempt: Callable[[], str]) -> Check:
    try:
        return Check(what, Level.OK, attempt())
    except GateError as exc:
        return Check(what, Level.WRONG, str(exc))


def _try_database(settings: Settings) -> str:
    with closing(open_database(settings)) as database:
        _try_rows(database)
        return f"{database.engine.dialect.name}, schema up to date; written, read and deleted"


def _try_rows(database: Database) -> None:
    name = f"{TRIAL}.{secrets.token_hex(8)}"
    with database.write() as connection:
        record_facts(connection, {name: TRIAL})
    with database.read() as connection:
        found = find_facts(connection, name)
    with database.write() as connection:
        connection.execute(delete(SITE_FACTS).where(SITE_FACTS.c.name == name))
    if found != {name: TRIAL}:
        raise StoreError(f"{database.where} took a row and did not give it back: see what stands between")


def _try_store(side: Blobs) -> str:
    key, data = f"{TRIAL}/{secrets.token_hex(8)}", secrets.token_bytes(64)
    side.put(key, data)
    try:
        got, listed = side.get(key), {found for found, _ in side.keys(TRIAL)}
    finally:
        side.delete(key)
    if got != data or key not in listed or side.has(key):
        raise StoreError(
            f"the blob store at {side.url} took a file, but did not read, list or delete it as it was: see what it is"
        )
    return f"{side.url}: written, read, listed and deleted"


def _try_keys(settings: Settings) -> str:
    ring = load_site_keys(settings)
    return f"the ledger's, and {len(ring.marks)} of watermarks, are those that this site has used"
