"""The tables of who may ask: people, what they sign in with, API keys, sessions, links, and failed attempts.

No secret lies here as it is: passwords are argon2 hashes, what opens authenticators is sealed under the site's key,
keys, sessions and links are digests of random tokens. What of it changes stands on the ledger, without names.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from provenance.storage.columns import JsonColumn
from provenance.storage.database import METADATA
from provenance.tenant import MAIN

PEOPLE: Final = Table(
    "people",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("tenant", String(32), nullable=False, server_default=MAIN),
    Column("name", String(128), nullable=False),
    Column("handle", String(128), nullable=False),
    Column("email", String(254)),
    Column("roles", JsonColumn, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("seen_at", String(32)),
    UniqueConstraint("tenant", "handle"),
    UniqueConstraint("tenant", "email"),
)
"""One row a person of a tenant; never deleted, for reviews name them. `handle` is the name as it is compared."""

CREDENTIALS: Final = Table(
    "credentials",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("person_id", String(36), ForeignKey("people.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("lookup", String(512), nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("counter", BigInteger, nullable=False, server_default="0"),
    Column("label", String(64), nullable=False, server_default=""),
    Column("created_at", String(32), nullable=False),
    Column("used_at", String(32)),
    UniqueConstraint("kind", "lookup"),
)
"""What people sign in with. `lookup` is what it is found by: the person's id, a passkey's id, or issuer and subject at
a provider; `counter` is the last code's time step, or how often a passkey says that it was used."""

API_KEYS: Final = Table(
    "api_keys",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("tenant", String(32), nullable=False, server_default=MAIN),
    Column("name", String(128), nullable=False),
    Column("prefix", String(16), nullable=False, unique=True),
    Column("digest", LargeBinary(32), nullable=False),
    Column("roles", JsonColumn, nullable=False),
    Column("permissions", JsonColumn),
    Column("made_by", String(128), nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("expires_at", String(32)),
    Column("revoked_at", String(32)),
    Column("used_at", String(32)),
    Index("ix_api_keys_tenant_created_at", "tenant", "created_at"),
)
"""One row a key of a program. `permissions`, if any, are all that is left of what the roles grant."""

SESSIONS: Final = Table(
    "sessions",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("person_id", String(36), ForeignKey("people.id"), nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("method", String(16), nullable=False),
    Column("agent", String(64), nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("seen_at", String(32), nullable=False),
    Column("expires_at", String(32), nullable=False),
    Column("revoked_at", String(32)),
)
"""One row a sign-in. `state` is "half" until the second factor was given; `agent` is the browser, in a word or two."""

SIGN_IN_LINKS: Final = Table(
    "sign_in_links",
    METADATA,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("tenant", String(32), nullable=False, server_default=MAIN),
    Column("person_id", String(36), ForeignKey("people.id"), index=True),
    Column("roles", JsonColumn, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("expires_at", String(32), nullable=False),
    Column("used_at", String(32)),
)
"""One row a link that lets somebody in once, to set a password; without a person it makes one, with `roles`."""

SIGN_IN_FLOWS: Final = Table(
    "sign_in_flows",
    METADATA,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("body", JsonColumn, nullable=False),
    Column("expires_at", String(32), nullable=False, index=True),
)
"""What a sign-in that was begun has to remember until it comes back; taken once."""

SIGN_IN_ATTEMPTS: Final = Table(
    "sign_in_attempts",
    METADATA,
    Column("key", LargeBinary(32), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("failed_at", String(32), nullable=False, index=True),
    Column("blocked_until", String(32), nullable=False),
)
"""How often signing in failed of late, by a keyed digest of the account or of the address: neither stands here."""

VISITS: Final = Table(
    "visits",
    METADATA,
    Column("key", LargeBinary(32), primary_key=True),
    Column("full_at_us", BigInteger, nullable=False, index=True),
)
"""One row an address that asks without an account, by a keyed digest: when it may ask as often as ever again, in
microseconds since 1970."""
