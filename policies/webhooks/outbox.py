"""What happened, written down to be told, in the transaction that makes it so.

Nothing is written where nobody listens. What is told holds ids, names of states and reasons, never media, prompts or
what moderators wrote: whoever hears of it asks the API for the rest.
"""

import uuid
from collections.abc import Mapping, Sequence
from hashlib import sha256
from time import time
from typing import Any, Final

from sqlalchemy import Connection, select

from policies.rules.decision import Decision, Outcome
from provenance.storage.database import Database, insert_new, utc_now
from provenance.storage.webhook_tables import WEBHOOK_DELIVERIES, WEBHOOK_EVENTS, WEBHOOKS
from provenance.tenant import Tenant

KINDS: Final = (
    "release.published",
    "release.held",
    "release.blocked",
    "review.decided",
    "appeal.decided",
    "export.ready",
    "webhook.test",
)
"""Every event that is told, by its name in the payload's `type`."""


def announce_test(database: Database, tenant: Tenant, webhook_id: str) -> str:
    """Write the event `webhook.test`, which one endpoint is told; return the event's id."""
    data = {"webhook_id": webhook_id}
    with database.write() as connection:
        key, only = str(uuid.uuid4()), (webhook_id,)
        return announce(connection, tenant=tenant, kind="webhook.test", key=key, data=data, only=only)


def announce(
    connection: Connection,
    *,
    tenant: Tenant,
    kind: str,
    key: str,
    data: Mapping[str, Any],
    only: Sequence[str] = (),
) -> str:
    """Write an event and a delivery for each endpoint that is told of its kind.

    Args:
        connection: of `Database.write`, in which the event becomes true.
        tenant: whose endpoints are told.
        kind: one of `KINDS`.
        key: the same for every attempt at recording the same event.
        data: what is told.
        only: ids of endpoints, to tell no others.

    Returns:
        The event's id, the same for the same tenant, kind and key; "" when nobody listens.
    """
    told = [one for one in _find_told(connection, tenant, kind) if not only or one in only]
    if not told:
        return ""
    event_id = build_event_id(tenant, kind, key)
    now = utc_now()
    event = {"id": event_id, "tenant": tenant, "kind": kind, "created_at": now}
    body = {"type": kind, "timestamp": now, "data": dict(data)}
    insert_new(connection, WEBHOOK_EVENTS, {**event, "body": body})
    due = {"event_id": event_id, "state": "due", "due_at_ms": int(time() * 1000)}
    rows_due = [{**due, "webhook_id": webhook_id} for webhook_id in told]
    insert_new(connection, WEBHOOK_DELIVERIES, rows_due)
    return event_id


def build_event_id(tenant: Tenant, kind: str, key: str) -> str:
    """Return the id of an event, which receivers drop second copies by."""
    return f"msg_{sha256(f'{tenant}|{kind}|{key}'.encode()).hexdigest()[:32]}"


def announce_decision(connection: Connection, tenant: Tenant, kind: str, decision: Decision, **more: Any) -> str:  # noqa: ANN401 - JSON values
    """Write the event that something was decided about an asset: its id, the outcome and the rules that spoke.

    What speaks against an asset of the sensitive queue is told to nobody outside.
    """
    if not _find_told(connection, tenant, kind):
        return ""
    from policies.review.job import find_sensitive

    is_hidden = bool(find_sensitive(connection, [decision.asset_id]))
    against = [reason for reason in decision.reasons if reason.outcome is not Outcome.RELEASE]
    data = {
        "asset_id": decision.asset_id,
        "decision_id": decision.id,
        "outcome": decision.outcome.value,
        "reasons": [
            {"pack": one.pack, "rule": one.rule, "clause": one.clause, "category": one.category}
            for one in (() if is_hidden else against[:50])
        ],
        **more,
    }
    return announce(connection, tenant=tenant, kind=kind, key=f"{decision.asset_id}:{decision.id}", data=data)


def _find_told(connection: Connection, tenant: Tenant, kind: str) -> list[str]:
    """Return the ids of the endpoints that are told of events of a kind."""
    rows = connection.execute(select(WEBHOOKS.c.id, WEBHOOKS.c.kinds).where(*_listening(tenant))).all()
    return [row.id for row in rows if not row.kinds or kind in row.kinds]


def _listening(tenant: Tenant) -> tuple[Any, ...]:
    return WEBHOOKS.c.tenant == tenant, WEBHOOKS.c.state == "on"
