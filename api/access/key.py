"""API keys: what programs ask with. A key is shown once, when it is made; its digest and its prefix are kept."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, insert, or_, select, update

from api.access.identity import Actor, Permission, Role
from api.access.person import parse_name, parse_roles, spell_roles
from api.access.place import Place, name_actor, put_on_record
from api.access.refusals import AccessError, KeyNotFoundError
from api.access.secret import build_key, hash_token, matches, moment, parse_key
from provenance.storage.access_tables import API_KEYS
from provenance.storage.database import Database, utc_now
from provenance.tenant import Tenant

DAY_S: Final = 86_400
MOST_DAYS: Final = 3_650
SEEN_EVERY_S: Final = 60
"""The last use of a key or a session is written down once in so many seconds."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key, without its secret.

    Attributes:
        id: stable.
        tenant: for whom whoever has it acts.
        name: what it is for.
        prefix: the part of it that may be shown.
        roles: what it was given.
        permissions: all that is left of what the roles grant; None for everything.
        made_by: what the ledger calls who made it.
        created_at, expires_at, revoked_at, used_at: RFC 3339, or "" for never; last use to the minute.
    """

    id: str
    tenant: Tenant
    name: str
    prefix: str
    roles: frozenset[Role]
    permissions: frozenset[Permission] | None
    made_by: str
    created_at: str
    expires_at: str
    revoked_at: str
    used_at: str

    @property
    def is_good(self) -> bool:
        """Whether it lets anybody in now."""
        return not self.revoked_at and (not self.expires_at or utc_now() < self.expires_at)

    @property
    def actor(self) -> Actor:
        """Who acts when this key is shown."""
        return Actor(self.id, self.name, self.tenant, self.roles, "key", only=self.permissions)


def create_key(
    here: Place,
    *,
    name: str,
    roles: Iterable[Role | str],
    permissions: Iterable[Permission | str] | None = None,
    days: int | None = None,
    by: Actor | None = None,
) -> tuple[ApiKey, str]:
    """Make a key; return what is kept of it, and the key itself, which is shown once and never again.

    Args:
        here: whose key it is.
        name: what it is for.
        roles: what it may.
        permissions: only these of what the roles grant.
        days: until it ends; None for never.
        by: who makes it; None for the operator.

    Raises:
        AccessError: name, roles, permissions or days are not usable.
    """
    name, given = parse_name(name), parse_roles(roles)
    left = _parse_permissions(permissions, given)
    if days is not None and not 0 < days <= MOST_DAYS:
        raise AccessError(f"expected a key to end within 1 to {MOST_DAYS} days, got {days}")
    prefix, token = build_key()
    with here.database.write() as connection:
        key_id = str(uuid.uuid4())
        row = {
            "id": key_id,
            "tenant": here.tenant,
            "name": name,
            "prefix": prefix,
            "digest": hash_token(token),
            "roles": spell_roles(given),
            "permissions": None if left is None else sorted(left),
            "made_by": name_actor(here, connection, by),
            "created_at": utc_now(),
            "expires_at": None if days is None else moment(days * DAY_S),
        }
        connection.execute(insert(API_KEYS).values(row))
        body = {"roles": row["roles"], "permissions": row["permissions"], "expires_at": row["expires_at"]}
        put_on_record(here, connection, kind="access.key_created", subject=key_id, by=by, body=body)
    return _parse_row({**row, "revoked_at": None, "used_at": None}), token


def list_keys(here: Place) -> tuple[ApiKey, ...]:
    """Return the keys of the tenant, the newest first; those that ended, too."""
    query = select(API_KEYS).where(API_KEYS.c.tenant == here.tenant)
    with here.database.read() as connection:
        rows = connection.execute(query.order_by(API_KEYS.c.created_at.desc(), API_KEYS.c.id)).mappings()
        return tuple(map(_parse_row, rows))


def find_key(here: Place, wanted: str) -> ApiKey:
    """Return the key of the tenant that has this id or prefix.

    Raises:
        KeyNotFoundError: there is none.
    """
    with here.database.read() as connection:
        return _fetch(here, connection, wanted)


def revoke_key(here: Place, wanted: str, *, by: Actor | None = None) -> ApiKey:
    """End a key at once; one that was revoked stays as it is.

    Raises:
        KeyNotFoundError: no key of the tenant has this id or prefix.
    """
    with here.database.write() as connection:
        key = _fetch(here, connection, wanted)
        this = (API_KEYS.c.id == key.id, API_KEYS.c.revoked_at.is_(None))
        if connection.execute(update(API_KEYS).where(*this).values(revoked_at=utc_now())).rowcount:
            put_on_record(here, connection, kind="access.key_revoked", subject=key.id, by=by, body={})
        return _fetch(here, connection, key.id)


def find_good_key(database: Database, unverified_key: str) -> ApiKey | None:
    """Return the key that somebody shows, of whatever tenant, or None when it lets nobody in."""
    prefix = parse_key(unverified_key)
    if prefix is None:
        return None
    with database.read() as connection:
        row = connection.execute(select(API_KEYS).where(API_KEYS.c.prefix == prefix)).mappings().first()
    if row is None or not matches(row["digest"], unverified_key):
        return None
    key = _parse_row(row)
    if not key.is_good:
        return None
    if key.used_at < moment(-SEEN_EVERY_S):
        with database.write() as connection:
            connection.execute(update(API_KEYS).where(API_KEYS.c.id == key.id).values(used_at=utc_now()))
    return key


def _fetch(here: Place, connection: Connection, wanted: str) -> ApiKey:
    named = or_(API_KEYS.c.id == wanted, API_KEYS.c.prefix == wanted)
    row = connection.execute(select(API_KEYS).where(API_KEYS.c.tenant == here.tenant, named)).mappings().first()
    if row is None:
        raise KeyNotFoundError("no key here has this id or prefix")
    return _parse_row(row)


def _parse_permissions(
    permissions: Iterable[Permission | str] | None, roles: frozenset[Role]
) -> frozenset[Permission] | None:
    if permissions is None:
        return None
    from api.access.identity import GRANTED

    granted = frozenset().union(*(GRANTED[role] for role in roles))
    try:
        wanted = frozenset(Permission(permission) for permission in permissions)
    except ValueError as exc:
        raise AccessError(f"expected permissions among {', '.join(sorted(granted))}") from exc
    if not wanted or not wanted <= granted:
        raise AccessError(f"expected permissions that these roles grant: {', '.join(sorted(granted))}")
    return wanted


def _parse_row(row: Mapping[Any, Any]) -> ApiKey:
    roles, permissions = set(Role), set(Permission)
    left = row["permissions"]
    return ApiKey(
        id=row["id"],
        tenant=Tenant(row["tenant"]),
        name=row["name"],
        prefix=row["prefix"],
        roles=frozenset(Role(role) for role in row["roles"] if role in roles),
        permissions=None if left is None else frozenset(Permission(item) for item in left if item in permissions),
        made_by=row["made_by"],
        created_at=row["created_at"],
        expires_at=row["expires_at"] or "",
        revoked_at=row["revoked_at"] or "",
        used_at=row["used_at"] or "",
    )
