"""The people of a tenant: who they are, what they may, whether they still may.

A person is never deleted, for reviews and the ledger speak of them; one who is disabled is let in no more, and of one
who is forgotten (`api.access.forgetting`) a pseudonym is left. The last active admin of a tenant stays one: somebody
has to be able to let others in.
"""

import unicodedata
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, case, insert, or_, select, update

from api.access.identity import Actor, Role
from api.access.place import Place, put_on_record
from api.access.refusals import AccessError, LastAdminError, NameTakenError, PersonNotFoundError
from policies.review.reviewers import name_reviewer
from provenance.storage.access_tables import PEOPLE
from provenance.storage.database import utc_now
from provenance.tenant import Tenant
from provenance.text import is_safe

NAME_LIMIT: Final = 128
EMAIL_LIMIT: Final = 254  # RFC 5321 s4.5.3.1.3, less the angle brackets

PERSON_FORGOTTEN: Final = "person.forgotten"
"""Kind of the tombstone of an account."""


class State(StrEnum):
    """Whether a person is let in."""

    INVITED = "invited"
    """Has set no password and used no provider yet."""
    ACTIVE = "active"
    DISABLED = "disabled"
    FORGOTTEN = "forgotten"
    """Nothing of them is kept but a pseudonym; for ever."""


@dataclass(frozen=True, slots=True)
class Person:
    """One who may sign in.

    Attributes:
        id: stable.
        tenant: for whom they act.
        name: as reviews call them.
        email: "" where none is known.
        roles: what they were given.
        state: whether they are let in.
        created_at, seen_at: RFC 3339; the second is "" before the first sign-in.
    """

    id: str
    tenant: Tenant
    name: str
    email: str
    roles: frozenset[Role]
    state: State
    created_at: str
    seen_at: str

    @property
    def is_out(self) -> bool:
        """Whether they are not let in, by whatever way they come."""
        return self.state in {State.DISABLED, State.FORGOTTEN}

    @property
    def actor(self) -> Actor:
        """Who acts when this person does."""
        return Actor(self.id, self.name, self.tenant, self.roles, "person")


def add_person(here: Place, *, name: str, roles: Iterable[Role], email: str = "", by: Actor | None = None) -> Person:
    """Add somebody, who signs in by a link or a provider from then on.

    Raises:
        AccessError: the name or the address is not usable, or somebody has it already; or there is no role.
    """
    with here.database.write() as connection:
        return insert_person(here, connection, name=name, roles=roles, email=email, by=by)


def insert_person(
    here: Place, connection: Connection, *, name: str, roles: Iterable[Role], email: str = "", by: Actor | None = None
) -> Person:
    """Add somebody within a transaction that does more; raises as `add_person` does."""
    name, email = parse_name(name), parse_email(email)
    given = parse_roles(roles)
    # Nobody is called what another is found by.
    taken = [PEOPLE.c.handle == fold(name), PEOPLE.c.id == fold(name), PEOPLE.c.email.in_((fold(name), name.lower()))]
    if email:
        taken += [PEOPLE.c.email == email, PEOPLE.c.handle == fold(email)]
    if connection.execute(select(PEOPLE.c.id).where(PEOPLE.c.tenant == here.tenant, or_(*taken))).first():
        raise NameTakenError("somebody has this name or e-mail address already: expected another")
    row = {
        "id": str(uuid.uuid4()),
        "tenant": here.tenant,
        "name": name,
        "handle": fold(name),
        "email": email or None,
        "roles": spell_roles(given),
        "state": State.INVITED.value,
        "created_at": utc_now(),
    }
    connection.execute(insert(PEOPLE).values(row))
    subject = name_reviewer(connection, name, here.tenant)
    put_on_record(
        here, connection, kind="access.person_added", subject=subject, by=by, body={"roles": spell_roles(given)}
    )
    return parse_row({**row, "seen_at": None})


def list_people(here: Place) -> tuple[Person, ...]:
    """Return the people of the tenant, by name."""
    with here.database.read() as connection:
        query = select(PEOPLE).where(PEOPLE.c.tenant == here.tenant).order_by(PEOPLE.c.handle)
        return tuple(parse_row(row) for row in connection.execute(query).mappings())


def find_person(here: Place, wanted: str) -> Person:
    """Return the person of the tenant who has this id, name or e-mail address.

    Raises:
        PersonNotFoundError: there is none.
    """
    with here.database.read() as connection:
        return fetch_person(here, connection, wanted)


def fetch_person(here: Place, connection: Connection, wanted: str) -> Person:
    """Return the person as `find_person` does, within a transaction; in one that writes, nobody else changes them."""
    by_id, by_email = PEOPLE.c.id == wanted, PEOPLE.c.email == wanted.strip().lower()
    named = or_(by_id, by_email, PEOPLE.c.handle == fold(wanted))
    # A name is chosen freely, so it comes last: it may be spelled as the address of another.
    first = case((by_id, 0), (by_email, 1), else_=2)
    query = select(PEOPLE).where(PEOPLE.c.tenant == here.tenant, named).order_by(first).limit(1)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise PersonNotFoundError("nobody here has this id, name or e-mail address")
    return parse_row(row)


def set_roles(here: Place, person_id: str, roles: Iterable[Role], *, by: Actor | None = None) -> Person:
    """Give a person these roles in the place of what they had.

    Raises:
        PersonNotFoundError: there is none.
        AccessError: it would take the last active admin away, or there is no role.
    """
    given = parse_roles(roles)
    with here.database.write() as connection:
        person = fetch_person(here, connection, person_id)
        if person.state is State.FORGOTTEN:
            raise AccessError("this person was forgotten: invite them anew")
        if Role.ADMIN not in given:
            _verify_admin_left(here, connection, person)
        if given != person.roles:
            change_roles(here, connection, person, given, by=by)
        return fetch_person(here, connection, person.id)


def change_roles(
    here: Place, connection: Connection, person: Person, roles: frozenset[Role], *, by: Actor | None
) -> None:
    """Write other roles of a person, and put them on record."""
    connection.execute(update(PEOPLE).where(PEOPLE.c.id == person.id).values(roles=spell_roles(roles)))
    subject = name_reviewer(connection, person.name, here.tenant)
    body = {"roles": spell_roles(roles), "before": spell_roles(person.roles)}
    put_on_record(here, connection, kind="access.roles_changed", subject=subject, by=by, body=body)


def disable_person(here: Place, person_id: str, *, by: Actor | None = None) -> Person:
    """Let a person in no more: sessions and links end with it; keys that they made for programs stay.

    Raises:
        PersonNotFoundError: there is none.
        AccessError: it is the last active admin.
    """
    from api.access.session import revoke_rows

    with here.database.write() as connection:
        person = fetch_person(here, connection, person_id)
        _verify_admin_left(here, connection, person)
        _move(here, connection, person, State.DISABLED, "access.person_disabled", by=by)
        revoke_rows(connection, person.id)
        return fetch_person(here, connection, person.id)


def enable_person(here: Place, person_id: str, *, by: Actor | None = None) -> Person:
    """Let a person who was disabled in again, with what they sign in with, or by a new link.

    Raises:
        PersonNotFoundError: there is none.
    """
    from api.access.credential import has_credentials

    with here.database.write() as connection:
        person = fetch_person(here, connection, person_id)
        state = State.ACTIVE if has_credentials(connection, person.id) else State.INVITED
        if person.state is State.DISABLED:
            _move(here, connection, person, state, "access.person_enabled", by=by)
        return fetch_person(here, connection, person.id)


def _move(here: Place, connection: Connection, person: Person, state: State, kind: str, *, by: Actor | None) -> None:
    if person.state in {state, State.FORGOTTEN}:
        return
    connection.execute(update(PEOPLE).where(PEOPLE.c.id == person.id).values(state=state.value))
    subject = name_reviewer(connection, person.name, here.tenant)
    put_on_record(here, connection, kind=kind, subject=subject, by=by, body={})


def _verify_admin_left(here: Place, connection: Connection, person: Person) -> None:
    if is_last_admin(here, connection, person):
        raise LastAdminError("this is the last active admin: make somebody else one first")


def is_last_admin(here: Place, connection: Connection, person: Person) -> bool:
    """Return whether `person` is an active admin and nobody else is one; no two may leave at once."""
    active = select(PEOPLE).where(PEOPLE.c.tenant == here.tenant, PEOPLE.c.state == State.ACTIVE.value)
    people = [parse_row(row) for row in connection.execute(active.with_for_update()).mappings()]
    admins = {one.id for one in people if Role.ADMIN in one.roles}
    return admins == {person.id}


def parse_name(name: str) -> str:
    """Return a person's or key's name, tidied.

    Raises:
        AccessError: it is empty, too long, or has characters that cannot be seen.
    """
    tidy = " ".join(unicodedata.normalize("NFC", name).split())
    if not 0 < len(tidy) <= NAME_LIMIT or len(fold(tidy)) > NAME_LIMIT or not is_safe(tidy):
        raise AccessError(f"expected a name of 1 to {NAME_LIMIT} visible characters")
    return tidy


def parse_email(email: str) -> str:
    """Return an e-mail address in lower case, or "".

    Raises:
        AccessError: it is none.
    """
    tidy = email.strip().lower()
    local, at, domain = tidy.rpartition("@")
    is_one = at and local and domain and len(tidy) <= EMAIL_LIMIT and not any(map(str.isspace, tidy)) and is_safe(tidy)
    if tidy and not is_one:
        raise AccessError("expected an e-mail address such as ada@example.org")
    return tidy


def parse_roles(roles: Iterable[Role | str]) -> frozenset[Role]:
    """Return roles by their names.

    Raises:
        AccessError: there is none, or one is unknown.
    """
    try:
        given = frozenset(Role(role) for role in roles)
    except ValueError as exc:
        raise AccessError(f"expected roles among {', '.join(Role)}") from exc
    if not given:
        raise AccessError(f"expected at least one role of {', '.join(Role)}")
    return given


def spell_roles(roles: Iterable[Role]) -> list[str]:
    """Return the names of roles, sorted."""
    return sorted(role.value for role in roles)


def fold(name: str) -> str:
    """Return a name as it is compared: what looks the same is the same."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", " ".join(name.split())).casefold())


def parse_row(row: Mapping[Any, Any]) -> Person:
    """Return the person that a row of the table holds; a role that this version does not know is left out."""
    known = set(Role)
    return Person(
        id=row["id"],
        tenant=Tenant(row["tenant"]),
        name=row["name"],
        email=row["email"] or "",
        roles=frozenset(Role(role) for role in row["roles"] if role in known),
        state=State(row["state"]),
        created_at=row["created_at"],
        seen_at=row["seen_at"] or "",
    )
