"""Whom a provider vouches for, as a person of this site: known by subject, once linked by a verified address.

With a claim that lists groups, roles are the provider's to give and take, and whoever has one is let in; without, only
those whom an admin has added here.
"""

import hashlib
from contextlib import suppress
from typing import Final

from sqlalchemy import Connection

from api.access.credential import Kind, find_credential, list_credentials, put_credential, use_credential
from api.access.identity import Role
from api.access.person import (
    NAME_LIMIT,
    Person,
    change_roles,
    fetch_person,
    insert_person,
    is_last_admin,
    parse_email,
    parse_name,
)
from api.access.place import Place
from api.access.provider import Vouched
from api.access.reception import activate
from api.access.refusals import AccessError, NameTakenError, PersonNotFoundError, ProviderError
from api.access_settings import OidcSettings

NOBODY: Final = "the provider vouches for you, but nobody here is known by this account: ask an admin to add you"
_MOST_NAMESAKES: Final = 50


def admit(here: Place, settings: OidcSettings, vouched: Vouched) -> Person:
    """Return the person whom a provider vouches for, active from now on.

    Raises:
        ProviderError: nobody here is known by this account, or has a role by it, or they are disabled.
    """
    lookup = hashlib.sha256(f"{settings.issuer}\n{vouched.subject}".encode()).hexdigest()
    roles = _find_roles(settings, vouched)
    with here.database.write() as connection:
        row = find_credential(connection, Kind.PROVIDER, lookup)
        if row is not None:
            person = _fetch(here, connection, row["person_id"])
            use_credential(connection, row, 0)
        else:
            person = _find_by_email(here, connection, vouched) or _make(here, connection, vouched, roles)
            put_credential(connection, person.id, Kind.PROVIDER, lookup=lookup, secret=b"", label=settings.name)
        if person.is_out:
            raise ProviderError(NOBODY)
        activate(connection, person)
        if roles and Role.ADMIN not in roles and is_last_admin(here, connection, person):
            roles |= {Role.ADMIN}  # somebody has to be able to let others in
        if roles and roles != person.roles:
            change_roles(here, connection, person, roles, by=None)
        return fetch_person(here, connection, person.id)


def _find_roles(settings: OidcSettings, vouched: Vouched) -> frozenset[Role]:
    if not settings.roles_claim:
        return frozenset()
    roles = frozenset(Role(role) for group in vouched.groups for role in settings.roles.get(group, ()))
    if not roles:
        raise ProviderError("the provider vouches for you, but gives you no role here: ask an admin")
    return roles


def _fetch(here: Place, connection: Connection, person_id: str) -> Person:
    try:
        return fetch_person(here, connection, person_id)
    except PersonNotFoundError as exc:
        raise ProviderError(NOBODY) from exc  # of another tenant, from before the setting was changed


def _find_by_email(here: Place, connection: Connection, vouched: Vouched) -> Person | None:
    """Return who has this verified address here, and no account at the provider yet."""
    with suppress(AccessError):
        email = parse_email(vouched.email)
        person = fetch_person(here, connection, email)
        kinds = {row["kind"] for row in list_credentials(connection, person.id)}
        if email and person.email == email and Kind.PROVIDER.value not in kinds:
            return person
    return None


def _make(here: Place, connection: Connection, vouched: Vouched, roles: frozenset[Role]) -> Person:
    """Add somebody to whom the provider gives roles, under a name that nobody has."""
    if not roles:
        raise ProviderError(NOBODY)
    name = _tidy(vouched)
    for number in range(1, _MOST_NAMESAKES):
        with suppress(NameTakenError):
            called = name if number == 1 else f"{name} ({number})"
            return insert_person(here, connection, name=called, roles=roles)
    raise ProviderError("too many people here have this name: ask an admin")


def _tidy(vouched: Vouched) -> str:
    for text in (vouched.name, vouched.email, f"person {hashlib.sha256(vouched.subject.encode()).hexdigest()[:8]}"):
        with suppress(AccessError):
            return parse_name(text[: NAME_LIMIT - 5])
    raise ProviderError(NOBODY)
