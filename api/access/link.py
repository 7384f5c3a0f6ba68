"""Links that let somebody in once: for the first admin, for who was invited, for who lost what they sign in with.

A link leads to a page where a password is set. It works once, for a day unless told otherwise, and a newer one for the
same person takes its place.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from api.access.credential import drop_credential, list_credentials
from api.access.identity import Actor, Role
from api.access.person import Person, fetch_person, parse_roles, spell_roles
from api.access.place import Place, put_on_record
from api.access.refusals import AccessError, LinkSpentError
from api.access.secret import build_token, hash_token, moment
from api.access.session import revoke_rows
from policies.review.reviewers import name_reviewer
from provenance.storage.access_tables import PEOPLE, SIGN_IN_LINKS
from provenance.storage.database import Database, utc_now
from provenance.tenant import Tenant

LINK_S: Final = 86_400
PATH: Final = "/sign-in/link/"
"""Before the token, in the address of a link."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link that still works.

    Attributes:
        tenant: whose person signs in by it.
        person: who; None where the link makes somebody.
        roles: of whom it makes.
        expires_at: RFC 3339.
    """

    tenant: Tenant
    person_id: str | None
    roles: frozenset[Role]
    expires_at: str


def make_link(here: Place, wanted: str, *, lasts_s: float = LINK_S, by: Actor | None = None) -> tuple[Person, str]:
    """Make a link for a person; return who it is for, and its token, which is shown once.

    Raises:
        PersonNotFoundError: the tenant has no such person.
        AccessError: the person is disabled.
    """
    with here.database.write() as connection:
        person = fetch_person(here, connection, wanted)
        if person.is_out:
            raise AccessError("expected somebody who is let in: enable this person first")
        older = (SIGN_IN_LINKS.c.person_id == person.id, SIGN_IN_LINKS.c.used_at.is_(None))
        connection.execute(delete(SIGN_IN_LINKS).where(*older))
        token = _insert(connection, here.tenant, person.roles, lasts_s, person_id=person.id)
        subject = name_reviewer(connection, person.name, here.tenant)
        put_on_record(here, connection, kind="access.link_made", subject=subject, by=by, body={})
    return person, token


def reset_person(here: Place, wanted: str, *, lasts_s: float = LINK_S, by: Actor | None = None) -> tuple[Person, str]:
    """Forget all that a person signs in with, end their sessions, and make a link: for who lost phone or passkey.

    Raises:
        PersonNotFoundError: the tenant has no such person.
        AccessError: the person is disabled.
    """
    with here.database.write() as connection:
        person = fetch_person(here, connection, wanted)
        if person.is_out:
            raise AccessError("expected somebody who is let in: enable this person first")
        for row in list_credentials(connection, person.id):
            drop_credential(connection, person.id, row["id"])
        revoke_rows(connection, person.id)
        subject = name_reviewer(connection, person.name, here.tenant)
        put_on_record(here, connection, kind="access.credentials_reset", subject=subject, by=by, body={})
    return make_link(here, person.id, lasts_s=lasts_s, by=by)


def make_admin_link(here: Place, *, lasts_s: float = LINK_S, by: Actor | None = None) -> str:
    """Make a link by which somebody becomes an admin under a name that they choose; return its token."""
    with here.database.write() as connection:
        return _insert_admin_link(here, connection, lasts_s, by)


def make_first_link(here: Place, *, lasts_s: float = LINK_S) -> str | None:
    """Make the link for the first admin; None where there are people, or such a link still works.

    So a first start has one to print, a second one has not, and several processes at once have one between them.
    """
    works = (SIGN_IN_LINKS.c.used_at.is_(None), SIGN_IN_LINKS.c.expires_at > utc_now())
    somebody = select(PEOPLE.c.id).where(PEOPLE.c.tenant == here.tenant).limit(1)
    waiting = select(SIGN_IN_LINKS.c.digest).where(SIGN_IN_LINKS.c.tenant == here.tenant, *works).limit(1)
    with here.database.read() as connection:
        if connection.execute(somebody).first() or connection.execute(waiting).first():
            return None
    with here.database.write() as connection:
        # the ledger's head is one row that every writer locks: whoever comes second sees what the first one did
        made = _insert_admin_link(here, connection, lasts_s, None)
        if connection.execute(somebody).first() or len(connection.execute(waiting.limit(2)).all()) > 1:
            connection.rollback()
            return None
    return made


def build_address(origin: str, token: str) -> str:
    """Return the address of a link, for a person to open."""
    return f"{origin.rstrip('/')}{PATH}{token}"


def find_link(database: Database, unverified_token: str) -> Link | None:
    """Return the link that a token is of, or None when it does not work, or not any more."""
    with database.read() as connection:
        return _find(connection, unverified_token)


def take_link(connection: Connection, unverified_token: str) -> Link:
    """Use a link up, within the transaction that lets somebody in by it.

    Raises:
        AccessError: it does not work, or somebody else was quicker.
    """
    link = _find(connection, unverified_token)
    this = (SIGN_IN_LINKS.c.digest == hash_token(unverified_token), SIGN_IN_LINKS.c.used_at.is_(None))
    is_first = connection.execute(update(SIGN_IN_LINKS).where(*this).values(used_at=utc_now())).rowcount == 1
    if link is None or not is_first:
        raise LinkSpentError("this link was used, or its time is over: ask for another")
    return link


def _insert_admin_link(here: Place, connection: Connection, lasts_s: float, by: Actor | None) -> str:
    roles = parse_roles([Role.ADMIN])
    put_on_record(here, connection, kind="access.link_made", subject="admin", by=by, body={"roles": spell_roles(roles)})
    return _insert(connection, here.tenant, roles, lasts_s)


def _insert(
    connection: Connection, tenant: Tenant, roles: Iterable[Role], lasts_s: float, *, person_id: str | None = None
) -> str:
    token = build_token()
    row = {
        "digest": hash_token(token),
        "tenant": tenant,
        "person_id": person_id,
        "roles": spell_roles(roles),
        "created_at": utc_now(),
        "expires_at": moment(lasts_s),
    }
    connection.execute(insert(SIGN_IN_LINKS).values(row))
    return token


def _find(connection: Connection, unverified_token: str) -> Link | None:
    query = select(SIGN_IN_LINKS).where(SIGN_IN_LINKS.c.digest == hash_token(unverified_token))
    row = connection.execute(query).mappings().first()
    if row is None or row["used_at"] or row["expires_at"] <= utc_now():
        return None
    return Link(Tenant(row["tenant"]), row["person_id"], parse_roles(row["roles"]), row["expires_at"])
