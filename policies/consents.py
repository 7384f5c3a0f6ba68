"""Consents: who agreed to what may be made of a photograph of theirs, until which day, and whether it still stands.

Each is an entry in the ledger, and so is its revocation, in one transaction with its row. The ledger never forgets, so
it holds no name: the person is a digest over the name and a random salt, both of which lie in the row alone. Whoever
has the row can prove who was meant; where it was deleted nobody can.

A consent is somebody's word that another agreed. The gate holds what is not covered by it; whether the person really
agreed, and was free to, is for people.
"""

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from policies.refusals import ConsentNotFoundError, IncompleteError, UnknownChoiceError
from policies.review.reviewers import name_reviewer
from provenance.asset import AssetId, new_asset_id, sha256_hex
from provenance.ledger.log import Log
from provenance.storage.database import Database, insert_new, utc_now
from provenance.storage.policy_tables import CONSENT_USES, CONSENTS
from provenance.storage.tables import SEALS
from provenance.tenant import Tenant
from provenance.text import is_safe

ANY: Final = "any"
"""The scope that covers every purpose."""
PURPOSE: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
SUBJECT_LIMIT: Final = 200
NOTE_LIMIT: Final = 2000
NAME_LIMIT: Final = 128
MOST_PURPOSES: Final = 16
LONGEST: Final = timedelta(days=3653)
"""Ten years: a consent without an end is none that somebody can still mean."""


class Coverage(StrEnum):
    """What the consents that a submission names come to, on a day."""

    NONE = "none"
    """None is named."""
    COVERS = "covers"
    """Each that is named covers it."""
    UNKNOWN = "unknown"
    """One that is named was never recorded here."""
    REVOKED = "revoked"
    EXPIRED = "expired"
    PURPOSE = "purpose"
    """One was given for something else."""
    PICTURE = "picture"
    """One was given for another photograph."""


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent.

    Attributes:
        id: UUID, by which they sort by age.
        subject: who agreed, as whoever recorded it wrote it.
        scope: purposes that it covers, or `ANY`.
        last_day: on which it still covers, UTC.
        photo_sha256: of the one photograph that it is about, or "" for any of theirs.
        note: how they agreed, for people.
        recorded_by, recorded_at: who wrote it down, and when.
        recorder_id: of the person or key that did; "" for the operator.
        ledger_index: of its entry.
        revoked_at, revoked_by, reason: "" for as long as it stands.
    """

    id: str
    subject: str
    scope: tuple[str, ...]
    last_day: date
    photo_sha256: str
    note: str
    recorded_by: str
    recorded_at: str
    ledger_index: int
    recorder_id: str = ""
    revoked_at: str = ""
    revoked_by: str = ""
    reason: str = ""

    def judge(self, purpose: str, sources: Iterable[str], day: date) -> Coverage:
        """Return whether it covers a picture for a purpose, made from files of these digests, on a day."""
        if self.revoked_at:
            return Coverage.REVOKED
        if day > self.last_day:
            return Coverage.EXPIRED
        if ANY not in self.scope and purpose not in self.scope:
            return Coverage.PURPOSE
        return Coverage.PICTURE if self.photo_sha256 and self.photo_sha256 not in sources else Coverage.COVERS


@dataclass(frozen=True, slots=True)
class Named:
    """What a submission names.

    Attributes:
        consents: ids; each has to cover it.
        purpose: what the picture is for, or "".
        sources: digests of the files that it was made from.
    """

    consents: tuple[str, ...] = ()
    purpose: str = ""
    sources: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be recorded; nothing in it has been checked."""

    subject: str
    scope: Sequence[str]
    last_day: date
    photo_sha256: str = ""
    note: str = ""
    recorder_id: str = ""


def record_consent(database: Database, log: Log, tenant: Tenant, wanted: Wanted, *, author: str, day: date) -> Consent:
    """Put a consent on record, with its entry in the ledger.

    Raises:
        PolicyError: it names nobody, no purpose, a day that is over or too far away, or a text is too long.
    """
    scope = tuple(dict.fromkeys(wanted.scope))
    _verify(wanted, scope, author, day)
    salt, consent_id = secrets.token_hex(16), str(new_asset_id())
    with database.write() as connection:
        entry = log.append(
            connection,
            kind="consent.recorded",
            subject=consent_id,
            body={
                "consent_id": consent_id,
                "subject_sha256": commit_to(wanted.subject, salt),
                "scope": list(scope),
                "last_day": str(wanted.last_day),
                "photo_sha256": wanted.photo_sha256,
                "by": name_reviewer(connection, author, tenant),
            },
            key=f"consent:{consent_id}",
        )
        row = {
            "id": consent_id, "tenant": tenant, "subject": wanted.subject, "salt": salt, "scope": list(scope),
            "last_day": str(wanted.last_day), "photo_sha256": wanted.photo_sha256, "note": wanted.note,
            "recorded_by": author, "recorder_id": wanted.recorder_id, "recorded_at": utc_now(),
            "ledger_index": entry.index,
        }  # fmt: skip
        connection.execute(insert(CONSENTS).values(row))
    log.checkpoint()
    return _parse({**row, "revoked_at": "", "revoked_by": "", "reason": ""})


def commit_to(subject: str, salt: str) -> str:
    """Return what the ledger says of a person: a digest that proves the name to whoever has the row, and tells none."""
    return sha256_hex(f"{salt}\n{subject}".encode())


def revoke_consent(
    database: Database, log: Log, tenant: Tenant, consent_id: str, *, author: str, reason: str
) -> Consent:
    """Revoke a consent from now on; one that was revoked before stays as it was.

    Whatever waits to be sealed under it is held; what was released is listed by `find_uses`, for people to take down.

    Raises:
        ConsentNotFoundError: the tenant has no such consent.
        PolicyError: author or reason is missing or too long.
    """
    _verify_text("author", author, NAME_LIMIT)
    _verify_text("reason", reason, NOTE_LIMIT)
    with database.write() as connection:
        found = _find(connection, tenant, consent_id, lock=True)
        if found.revoked_at:
            return found
        log.append(
            connection,
            kind="consent.revoked",
            subject=found.id,
            body={"consent_id": found.id, "by": name_reviewer(connection, author, tenant)},
            key=f"consent.revoked:{found.id}",
        )
        values = {"revoked_at": utc_now(), "revoked_by": author, "reason": reason}
        connection.execute(update(CONSENTS).where(CONSENTS.c.id == found.id).values(values))
        found = _find(connection, tenant, consent_id)
    log.checkpoint()
    return found


def find_consent(database: Database, tenant: Tenant, consent_id: str) -> Consent:
    """Return a consent, revoked or not.

    Raises:
        ConsentNotFoundError: the tenant has none of that id.
    """
    with database.read() as connection:
        return _find(connection, tenant, consent_id)


def list_consents(
    database: Database, tenant: Tenant, *, subject: str = "", recorder_id: str = "", after: str = "", limit: int = 50
) -> tuple[Consent, ...]:
    """Return consents in order of their ids; of one person, or by one recorder alone, where one is named."""
    query = select(CONSENTS).where(CONSENTS.c.tenant == tenant, CONSENTS.c.id > after)
    if subject:
        query = query.where(CONSENTS.c.subject == subject)
    if recorder_id:
        query = query.where(CONSENTS.c.recorder_id == recorder_id)
    with database.read() as connection:
        rows = connection.execute(query.order_by(CONSENTS.c.id).limit(limit)).mappings()
        return tuple(_parse(row) for row in rows)


def find_uses(database: Database, consent_id: str) -> tuple[AssetId, ...]:
    """Return the assets that named a consent, oldest first."""
    query = select(CONSENT_USES.c.asset_id).where(CONSENT_USES.c.consent_id == consent_id)
    with database.read() as connection:
        return tuple(AssetId(one) for one in connection.execute(query.order_by(CONSENT_USES.c.asset_id)).scalars())


def find_released_of(database: Database, assets: Sequence[AssetId]) -> frozenset[AssetId]:
    """Return those of these assets that were released."""
    with database.read() as connection:
        found = connection.execute(select(SEALS.c.asset_id).where(SEALS.c.asset_id.in_(assets))).scalars()
        return frozenset(AssetId(one) for one in found)


def keep_uses(connection: Connection, tenant: Tenant, named: Sequence[str], asset_id: AssetId) -> None:
    """Note that an asset names these consents, in the transaction that takes it in; unknown ones are left out."""
    if named:
        known = select(CONSENTS.c.id).where(CONSENTS.c.tenant == tenant, CONSENTS.c.id.in_(named))
        rows = [{"consent_id": one, "asset_id": asset_id} for one in connection.execute(known).scalars()]
        insert_new(connection, CONSENT_USES, rows)


def find_coverage(
    connection: Connection, tenant: Tenant, request: "Named", day: date, *, lock: bool = False
) -> Coverage:
    """Return what the named consents come to on a day; of several flaws the first in the order of `Coverage`.

    With `lock`, in a transaction that writes, none of them is revoked before it ends.
    """
    if not request.consents:
        return Coverage.NONE
    query = select(CONSENTS).where(CONSENTS.c.tenant == tenant, CONSENTS.c.id.in_(request.consents))
    if lock and connection.dialect.name != "sqlite":
        query = query.with_for_update(read=True)
    found = {row["id"]: _parse(row) for row in connection.execute(query).mappings()}
    said = {
        found[one].judge(request.purpose, request.sources, day) if one in found else Coverage.UNKNOWN
        for one in request.consents
    }
    return next((one for one in Coverage if one in said and one is not Coverage.COVERS), Coverage.COVERS)


def _find(connection: Connection, tenant: Tenant, consent_id: str, *, lock: bool = False) -> Consent:
    query = select(CONSENTS).where(CONSENTS.c.tenant == tenant, CONSENTS.c.id == consent_id)
    if lock and connection.dialect.name != "sqlite":
        query = query.with_for_update()
    row = connection.execute(query).mappings().first()
    if row is None:
        raise ConsentNotFoundError("no consent has this id: `chopmark consents list` shows those that were recorded")
    return _parse(row)


def _parse(row: Mapping[Any, Any]) -> Consent:
    known = {name: row[name] for name in Consent.__dataclass_fields__}
    return Consent(**{**known, "scope": tuple(row["scope"]), "last_day": date.fromisoformat(row["last_day"])})


def _verify(wanted: Wanted, scope: tuple[str, ...], author: str, day: date) -> None:
    _verify_text("subject", wanted.subject, SUBJECT_LIMIT)
    _verify_text("author", author, NAME_LIMIT)
    if len(wanted.note) > NOTE_LIMIT or "\0" in wanted.note:
        raise IncompleteError(f"expected a note of at most {NOTE_LIMIT} characters, got {len(wanted.note)}")
    if not scope or len(scope) > MOST_PURPOSES or not all(PURPOSE.fullmatch(one) for one in scope):
        raise UnknownChoiceError(
            f"expected 1 to {MOST_PURPOSES} purposes such as avatar, of small letters, digits and hyphens, or {ANY}"
        )
    if wanted.photo_sha256 and not re.fullmatch(r"[0-9a-f]{64}", wanted.photo_sha256):
        raise UnknownChoiceError("expected the SHA-256 of the photograph as 64 hexadecimal digits")
    if not day <= wanted.last_day <= day + LONGEST:
        raise UnknownChoiceError(f"expected a last day from {day} to {day + LONGEST}, got {wanted.last_day}")


def _verify_text(what: str, text: str, most: int) -> None:
    if not text.strip() or len(text) > most or "\0" in text or (what != "reason" and not is_safe(text)):
        raise IncompleteError(
            f"expected a {what} of 1 to {most} characters on one line, none of them invisible, got {len(text.strip())}"
        )
