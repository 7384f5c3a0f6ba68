"""Who is told: endpoints of a tenant, each with a secret of its own that is shown once."""

import base64
import secrets
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from policies.refusals import IncompleteError, TooManyError, UnknownChoiceError
from policies.webhooks.outbox import KINDS
from provenance.errors import WebhookNotFoundError
from provenance.posting import parse_target
from provenance.storage.database import Database, utc_now
from provenance.storage.secretbox import SecretBox
from provenance.storage.webhook_tables import WEBHOOK_DELIVERIES, WEBHOOKS
from provenance.tenant import Tenant

MOST_WEBHOOKS: Final = 20
"""Endpoints of one tenant."""
OVERLAP_S: Final = 86_400.0
"""How long the old secret signs beside a new one."""
URL_LIMIT: Final = 2000

# Standard Webhooks: between 24 and 64 bytes, in base64 after this prefix.
_PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Webhook:
    """One endpoint; its secret is not part of what is known of it.

    Attributes:
        id: a UUID.
        tenant: whose.
        url: where it is told.
        kinds: events that it is told; none for all of them.
        description: for people.
        state: on, or off.
        reason: why it is off, or "".
        failing_since_ms: when it last began to fail without a success since, or None.
        created_by, created_at: who added it, and when.
    """

    id: str
    tenant: Tenant
    url: str
    kinds: tuple[str, ...]
    description: str
    state: str
    reason: str
    failing_since_ms: int | None
    created_by: str
    created_at: str


class Endpoints:
    """The endpoints of one tenant.

    Args:
        database: of the site.
        box: seals secrets.
        tenant: whose.
        may_be_local: take addresses inside of our own network, too.
    """

    def __init__(self, database: Database, box: SecretBox, tenant: Tenant, *, may_be_local: bool = False) -> None:
        self._database = database
        self._box = box
        self._tenant = tenant
        self._may_be_local = may_be_local

    def list(self) -> list[Webhook]:
        """Return all of them, oldest first."""
        with self._database.read() as connection:
            query = select(WEBHOOKS).where(*self._own()).order_by(WEBHOOKS.c.created_at, WEBHOOKS.c.id)
            return [_parse(row) for row in connection.execute(query).mappings()]

    def find(self, webhook_id: str) -> Webhook:
        """Return one of them.

        Raises:
            WebhookNotFoundError: there is none with this id.
        """
        with self._database.read() as connection:
            return _parse(self._row(connection, webhook_id))

    def add(
        self, url: str, *, kinds: Sequence[str] = (), description: str = "", created_by: str = ""
    ) -> tuple[Webhook, str]:
        """Add an endpoint; return it with its secret, which nobody is shown again.

        Raises:
            PolicyError: the address or an event is none, or there are as many endpoints as one tenant may have.
        """
        self._verify(url, kinds)
        webhook_id = str(uuid.uuid4())
        row = {
            "id": webhook_id,
            "tenant": self._tenant,
            "url": url,
            "kinds": sorted(set(kinds)),
            "description": description[:200],
            "state": "on",
            "created_by": created_by[:128],
            "created_at": utc_now(),
        }
        secret = secrets.token_bytes(_SECRET_BYTES)
        with self._database.write() as connection:
            count = connection.execute(select(func.count()).select_from(WEBHOOKS).where(*self._own())).scalar_one()
            if count >= MOST_WEBHOOKS:
                raise TooManyError(f"a tenant has at most {MOST_WEBHOOKS} endpoints: remove one first")
            connection.execute(insert(WEBHOOKS).values(**row, secret=self._seal(secret, webhook_id)))
            return _parse(self._row(connection, webhook_id)), spell_secret(secret)

    def change(
        self,
        webhook_id: str,
        *,
        url: str | None = None,
        kinds: Sequence[str] | None = None,
        description: str | None = None,
        is_on: bool | None = None,
    ) -> Webhook:
        """Change what is given; switching one on again forgets that it failed.

        Raises:
            WebhookNotFoundError: there is none with this id.
            PolicyError: the address or an event is none.
        """
        self._verify(url, kinds or ())
        changes: dict[str, Any] = {"url": url, "description": None if description is None else description[:200]}
        changes["kinds"] = None if kinds is None else sorted(set(kinds))
        changes = {name: value for name, value in changes.items() if value is not None}
        if is_on is not None:
            changes |= {"state": "on" if is_on else "off", "reason": "" if is_on else "switched off"}
            changes |= {"failing_since_ms": None} if is_on else {}
        with self._database.write() as connection:
            self._row(connection, webhook_id)
            if changes:
                connection.execute(update(WEBHOOKS).where(WEBHOOKS.c.id == webhook_id).values(changes))
            return _parse(self._row(connection, webhook_id))

    def rotate(self, webhook_id: str, *, overlap_s: float = OVERLAP_S) -> str:
        """Give an endpoint a new secret and return it; the old one signs beside it for a day.

        Raises:
            WebhookNotFoundError: there is none with this id.
        """
        secret = secrets.token_bytes(_SECRET_BYTES)
        with self._database.write() as connection:
            old = self._row(connection, webhook_id)["secret"]
            changes = {"secret": self._seal(secret, webhook_id), "old_secret": old}
            until = {"old_until_ms": int((time.time() + overlap_s) * 1000)}
            connection.execute(update(WEBHOOKS).where(WEBHOOKS.c.id == webhook_id).values(**changes, **until))
        return spell_secret(secret)

    def remove(self, webhook_id: str) -> None:
        """Tell an endpoint nothing more, what waits for it neither; what it was told stays on record.

        Raises:
            WebhookNotFoundError: there is none with this id.
        """
        gone = {"state": "gone", "reason": "removed", "secret": b"", "old_secret": None}
        with self._database.write() as connection:
            self._row(connection, webhook_id)
            connection.execute(update(WEBHOOKS).where(WEBHOOKS.c.id == webhook_id).values(gone))
            waiting = (WEBHOOK_DELIVERIES.c.webhook_id == webhook_id, WEBHOOK_DELIVERIES.c.state == "due")
            given_up = {"state": "given up", "error": "the endpoint was removed"}
            connection.execute(update(WEBHOOK_DELIVERIES).where(*waiting).values(given_up))

    def _own(self) -> tuple[Any, ...]:
        return WEBHOOKS.c.tenant == self._tenant, WEBHOOKS.c.state != "gone"

    def _row(self, connection: Connection, webhook_id: str) -> RowMapping:
        query = select(WEBHOOKS).where(WEBHOOKS.c.id == webhook_id, *self._own())
        row = connection.execute(query).mappings().first()
        if row is None:
            raise WebhookNotFoundError(f"no endpoint has the id {webhook_id[:40]!r}")
        return row

    def _seal(self, secret: bytes, webhook_id: str) -> bytes:
        return self._box.seal(secret, build_purpose(webhook_id))

    def _verify(self, url: str | None, kinds: Sequence[str]) -> None:
        unknown = sorted(set(kinds) - set(KINDS))
        if unknown:
            raise UnknownChoiceError(f"expected events out of {', '.join(KINDS)}, got {', '.join(unknown)[:200]}")
        if url is not None:
            if len(url) > URL_LIMIT:
                raise IncompleteError(f"an address has at most {URL_LIMIT} characters, got {len(url)}")
            parse_target(url, may_be_local=self._may_be_local)


def build_purpose(webhook_id: str) -> str:
    """Return what an endpoint's secret is sealed for."""
    return f"webhook:{webhook_id}"


def spell_secret(secret: bytes) -> str:
    """Return a secret as receivers are given it."""
    return _PREFIX + base64.b64encode(secret).decode()


def _parse(row: RowMapping) -> Webhook:
    named = {name: row[name] for name in Webhook.__dataclass_fields__}
    return Webhook(**{**named, "kinds": tuple(row["kinds"])})
