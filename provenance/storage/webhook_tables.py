"""The tables of webhooks: who is told, what happened, and what became of telling it.

An event and its deliveries are written in the transaction that the event speaks of, so that none is told that did not
happen and none is lost that did. Secrets are sealed under a key that lies apart from the database.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from provenance.storage.columns import JsonColumn
from provenance.storage.database import METADATA
from provenance.tenant import MAIN

WEBHOOKS: Final = Table(
    "webhooks",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("tenant", String(32), nullable=False, server_default=MAIN),
    Column("url", String(2000), nullable=False),
    Column("kinds", JsonColumn, nullable=False),
    Column("description", String(200), nullable=False, server_default=""),
    Column("state", String(16), nullable=False),
    Column("reason", String(300), nullable=False, server_default=""),
    Column("secret", LargeBinary, nullable=False),
    Column("old_secret", LargeBinary),
    Column("old_until_ms", BigInteger),
    Column("failing_since_ms", BigInteger),
    Column("created_by", String(128), nullable=False, server_default=""),
    Column("created_at", String(32), nullable=False),
    Index("ix_webhooks_tenant_id", "tenant", "id"),
)
"""One row an endpoint. `state` is on, off, or gone; `kinds` the events that it is told, none for all of them; the old
secret signs beside the new one until `old_until_ms`."""

WEBHOOK_EVENTS: Final = Table(
    "webhook_events",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(32), nullable=False, server_default=MAIN),
    Column("kind", String(64), nullable=False),
    Column("body", JsonColumn, nullable=False),
    Column("created_at", String(32), nullable=False),
    Index("ix_webhook_events_tenant_created_at", "tenant", "created_at"),
)
"""One row an event that somebody is told. Its id is made of what happened, so that recording it again adds none."""

WEBHOOK_DELIVERIES: Final = Table(
    "webhook_deliveries",
    METADATA,
    Column("event_id", String(64), ForeignKey("webhook_events.id"), primary_key=True),
    Column("webhook_id", String(36), ForeignKey("webhooks.id"), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due_at_ms", BigInteger, nullable=False),
    Column("worker", String(64), nullable=False, server_default=""),
    Column("status", Integer, nullable=False, server_default="0"),
    Column("error", String(300), nullable=False, server_default=""),
    Column("delivered_at", String(32)),
    Index("ix_webhook_deliveries_state_due", "state", "due_at_ms"),
    Index("ix_webhook_deliveries_webhook_id", "webhook_id", "event_id"),
)
"""One row for each event and endpoint. `state` is due, told, or given up; `due_at_ms` when to try next, and while
somebody tries, until when nobody else does."""
