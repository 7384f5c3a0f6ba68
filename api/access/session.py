"""Sessions: what a person who signed in is known again by. Each ends when idle, after its time, or when it is revoked.

Only the digest of its token is kept. Signing in always makes a new one, so that nobody can be given one beforehand.
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from api.access.identity import Actor
from api.access.key import SEEN_EVERY_S
from api.access.person import Person, State, fetch_person, parse_row
from api.access.place import Place, put_on_record
from api.access.refusals import SessionNotFoundError
from api.access.secret import build_token, hash_token, moment
from policies.review.reviewers import name_reviewer
from provenance.storage.access_tables import PEOPLE, SESSIONS, SIGN_IN_LINKS
from provenance.storage.database import Database, utc_now

HALF: Final = "half"
"""A session that still waits for the second factor; it lets nobody in."""
FULL: Final = "full"

HALF_S: Final = 300

_BROWSERS: Final = ("Edg", "OPR", "Firefox", "Chrome", "Safari", "curl")
_NAMES: Final = {"Edg": "Edge", "OPR": "Opera"}
_SYSTEMS: Final = ("Android", "iPhone", "iPad", "Windows", "Mac OS", "CrOS", "Linux")


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in.

    Attributes:
        id: stable; no secret.
        person_id: who signed in.
        state: FULL, or HALF until the second factor was given.
        method: by what: "password", "link", "passkey" or "provider".
        agent: the browser, in a word or two.
        created_at, seen_at, expires_at, revoked_at: RFC 3339, or "".
    """

    id: str
    person_id: str
    state: str
    method: str
    agent: str
    created_at: str
    seen_at: str
    expires_at: str
    revoked_at: str


def open_session(
    connection: Connection, person_id: str, *, method: str, agent: str, lasts_s: float, state: str = FULL
) -> str:
    """Open a session; return its token, for the cookie alone.

    Args:
        connection: of `Database.write`.
        person_id: who signed in.
        method: by what.
        agent: the User-Agent header, of which little is kept.
        lasts_s: until it ends, however busy it is.
        state: HALF where a second factor has to follow.
    """
    token, now = build_token(), utc_now()
    row = {
        "id": str(uuid.uuid4()),
        "digest": hash_token(token),
        "person_id": person_id,
        "state": state,
        "method": method,
        "agent": shorten_agent(agent),
        "created_at": now,
        "seen_at": now,
        "expires_at": moment(HALF_S if state == HALF else lasts_s),
    }
    connection.execute(insert(SESSIONS).values(row))
    if state == FULL:
        connection.execute(update(PEOPLE).where(PEOPLE.c.id == person_id).values(seen_at=now))
    return token


def find_good_session(
    database: Database, unverified_token: str, *, idle_s: float, state: str = FULL
) -> tuple[Session, Person] | None:
    """Return the session that a cookie names, and whose it is; None when it lets nobody in, or not any more."""
    join = SESSIONS.join(PEOPLE, PEOPLE.c.id == SESSIONS.c.person_id)
    this = SESSIONS.c.digest == hash_token(unverified_token)
    with database.read() as connection:
        row = connection.execute(select(SESSIONS).select_from(join).where(this)).mappings().first()
        person = row and connection.execute(select(PEOPLE).where(PEOPLE.c.id == row["person_id"])).mappings().first()
    if row is None or not person:
        return None
    session, whose = _parse_row(row), parse_row(person)
    is_good = session.state == state and not session.revoked_at and utc_now() < session.expires_at
    if not is_good or session.seen_at < moment(-idle_s) or whose.state is not State.ACTIVE:
        return None
    if session.seen_at < moment(-SEEN_EVERY_S):
        with database.write() as connection:
            connection.execute(update(SESSIONS).where(SESSIONS.c.id == session.id).values(seen_at=utc_now()))
    return session, whose


def list_sessions(here: Place, *, idle_s: float, person_id: str | None = None) -> tuple[tuple[Session, Person], ...]:
    """Return the sessions of the tenant, or of one person, that still let somebody in, the last seen first."""
    good = (
        PEOPLE.c.tenant == here.tenant,
        SESSIONS.c.state == FULL,
        SESSIONS.c.revoked_at.is_(None),
        SESSIONS.c.expires_at > utc_now(),
        SESSIONS.c.seen_at >= moment(-idle_s),
        *([SESSIONS.c.person_id == person_id] if person_id is not None else []),
    )
    join = SESSIONS.join(PEOPLE, PEOPLE.c.id == SESSIONS.c.person_id)
    query = select(SESSIONS).select_from(join).where(*good).order_by(SESSIONS.c.seen_at.desc(), SESSIONS.c.id)
    with here.database.read() as connection:
        people: dict[str, Person] = {}
        found = []
        for row in connection.execute(query).mappings().all():
            session = _parse_row(row)
            if session.person_id not in people:
                people[session.person_id] = fetch_person(here, connection, session.person_id)
            found.append((session, people[session.person_id]))
        return tuple(found)


def revoke_session(here: Place, session_id: str, *, by: Actor | None = None) -> None:
    """End one session of the tenant at once.

    Raises:
        SessionNotFoundError: the tenant has none of this id.
    """
    mine = select(PEOPLE.c.id).where(PEOPLE.c.tenant == here.tenant)
    this = (SESSIONS.c.id == session_id, SESSIONS.c.person_id.in_(mine))
    with here.database.write() as connection:
        owner = connection.execute(select(SESSIONS.c.person_id).where(*this)).scalar()
        if owner is None:
            raise SessionNotFoundError("no session here has this id")
        still = (SESSIONS.c.id == session_id, SESSIONS.c.revoked_at.is_(None))
        if connection.execute(update(SESSIONS).where(*still).values(revoked_at=utc_now())).rowcount:
            _tell(here, connection, fetch_person(here, connection, owner), by=by)


def revoke_sessions(here: Place, person_id: str, *, but: str = "", by: Actor | None = None) -> int:
    """End every session of a person at once; return how many there were.

    Args:
        here: whose person it is.
        person_id: id, name or e-mail address.
        but: id of a session that stays: that of the person who asks.
        by: who asks.

    Raises:
        PersonNotFoundError: the tenant has no such person.
    """
    with here.database.write() as connection:
        person = fetch_person(here, connection, person_id)
        ended = revoke_rows(connection, person.id, but=but)
        if ended:
            _tell(here, connection, person, by=by)
        return ended


def revoke_rows(connection: Connection, person_id: str, *, but: str = "") -> int:
    """End sessions and links of a person within a transaction that does more; return how many sessions."""
    still = (SESSIONS.c.person_id == person_id, SESSIONS.c.revoked_at.is_(None), SESSIONS.c.id != but)
    links = (SIGN_IN_LINKS.c.person_id == person_id, SIGN_IN_LINKS.c.used_at.is_(None))
    connection.execute(update(SIGN_IN_LINKS).where(*links).values(used_at=utc_now()))
    return connection.execute(update(SESSIONS).where(*still).values(revoked_at=utc_now())).rowcount


def end_session(database: Database, unverified_token: str) -> None:
    """End the session that a cookie names, if there is one: signing out, or giving way to a new one."""
    this = (SESSIONS.c.digest == hash_token(unverified_token), SESSIONS.c.revoked_at.is_(None))
    with database.write() as connection:
        connection.execute(update(SESSIONS).where(*this).values(revoked_at=utc_now()))


def shorten_agent(unverified_agent: str) -> str:
    """Return browser and system that a User-Agent header names, as in "Firefox on Linux", and nothing else of it."""
    browser = next((name for name in _BROWSERS if re.search(rf"\b(?:Headless)?{name}/", unverified_agent)), "")
    system = next((name for name in _SYSTEMS if name in unverified_agent), "")
    return " on ".join(part for part in (_NAMES.get(browser, browser), system) if part) or "unknown"


def _tell(here: Place, connection: Connection, person: Person, *, by: Actor | None) -> None:
    subject = name_reviewer(connection, person.name, here.tenant)
    put_on_record(here, connection, kind="access.sessions_revoked", subject=subject, by=by, body={})


def _parse_row(row: Mapping[Any, Any]) -> Session:
    return Session(**{name: row[name] or "" for name in Session.__dataclass_fields__})
