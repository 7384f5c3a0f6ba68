"""Tell endpoints what is due, again and again with longer waits, until they have heard it or it is given up.

Any number of processes may do so: a delivery is taken for a while by one of them. An endpoint may hear the same event
twice, when whoever told it died before noting that; both copies have one `webhook-id`, as Standard Webhooks asks.
"""

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, select, update

from policies.webhooks.endpoints import build_purpose
from provenance.errors import GateError
from provenance.journal import Journal, spell_surprise
from provenance.posting import Answer, post
from provenance.storage.database import Database, utc_now
from provenance.storage.secretbox import SecretBox
from provenance.storage.webhook_tables import WEBHOOK_DELIVERIES, WEBHOOK_EVENTS, WEBHOOKS
from provenance.tenant import Tenant

WAITS_S: Final = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Between one try and the next, as Standard Webhooks suggests; after the last, on the third day, it is given up."""
DISABLE_AFTER_S: Final = 5 * 86_400.0
"""An endpoint that hears nothing for so long is switched off."""
DEADLINE_S: Final = 15.0
TAKEN_S: Final = 60.0
"""For how long whoever tells an endpoint keeps others from it."""
JITTER: Final = 0.1

_log = Journal(__name__)

Post = Callable[..., Answer]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of telling one endpoint of one event.

    Attributes:
        event_id, webhook_id: what, and whom.
        kind: of the event.
        state: due, told, or given up.
        attempts: so far.
        status: of the last answer, 0 where none came.
        error: why the last try failed, or "".
        created_at: of the event.
        delivered_at: when it was heard, or None.
        due_at_ms: when it is tried next.
        body: what is told.
    """

    event_id: str
    webhook_id: str
    kind: str
    state: str
    attempts: int
    status: int
    error: str
    created_at: str
    delivered_at: str | None
    due_at_ms: int
    body: Mapping[str, Any]


def deliver_due(
    database: Database,
    box: SecretBox,
    *,
    most: int = 20,
    may_be_local: bool = False,
    disable_after_s: float = DISABLE_AFTER_S,
    send: Post = post,
    is_stopped: Callable[[], bool] = lambda: False,
) -> int:
    """Tell what is due now, up to `most` deliveries or until `is_stopped`; return how many were tried."""
    tried = 0
    while tried < most and not is_stopped() and (row := _take(database)) is not None:
        tried += 1
        problem, status = "", 0
        try:
            answer = send(row["url"], _spell(row), _sign(box, row), deadline_s=DEADLINE_S, may_be_local=may_be_local)
            status = answer.status
            problem = "" if answer.is_success else f"answered with {answer.status}"
        except GateError as exc:
            problem = str(exc)
        except Exception as exc:  # noqa: BLE001 - else one delivery would be tried for ever
            problem = f"failed unforeseen: {spell_surprise(exc)}"
            _log.error("telling an endpoint failed unforeseen", webhook_id=row["webhook_id"], error=problem)
        with database.write() as connection:
            _note(connection, row, status, problem, disable_after_s)
    return tried


def find_deliveries(
    database: Database, tenant: Tenant, webhook_id: str = "", *, state: str = "", before: str = "", limit: int = 50
) -> list[Delivery]:
    """Return the tenant's deliveries, the newest event first, from the one after event `before` on."""
    wanted = [WEBHOOK_EVENTS.c.tenant == tenant]
    if webhook_id:
        wanted.append(WEBHOOK_DELIVERIES.c.webhook_id == webhook_id)
    if state:
        wanted.append(WEBHOOK_DELIVERIES.c.state == state)
    with database.read() as connection:
        if before:
            at = select(WEBHOOK_EVENTS.c.created_at).where(WEBHOOK_EVENTS.c.id == before)
            moment = connection.execute(at).scalar() or ""
            earlier = (WEBHOOK_EVENTS.c.created_at == moment) & (WEBHOOK_EVENTS.c.id < before)
            wanted.append((WEBHOOK_EVENTS.c.created_at < moment) | earlier)
        newest = (WEBHOOK_EVENTS.c.created_at.desc(), WEBHOOK_EVENTS.c.id.desc(), WEBHOOK_DELIVERIES.c.webhook_id)
        query = _select().where(*wanted).order_by(*newest).limit(limit)
        return [_parse(row) for row in connection.execute(query).mappings()]


def replay(database: Database, tenant: Tenant, webhook_id: str, *, event_id: str = "", since: str = "") -> int:
    """Tell an endpoint again: one event, or all from a time on that it has not heard; return how many.

    Args:
        database: of the site.
        tenant: whose endpoint it is.
        webhook_id: the endpoint.
        event_id: the one event, heard or not.
        since: RFC 3339, UTC.
    """
    own = select(WEBHOOK_EVENTS.c.id).where(WEBHOOK_EVENTS.c.tenant == tenant, WEBHOOK_EVENTS.c.created_at >= since)
    wanted = [WEBHOOK_DELIVERIES.c.webhook_id == webhook_id, WEBHOOK_DELIVERIES.c.event_id.in_(own)]
    if event_id:
        wanted.append(WEBHOOK_DELIVERIES.c.event_id == event_id)
    else:
        wanted.append(WEBHOOK_DELIVERIES.c.state != "told")
    again = {"state": "due", "due_at_ms": _now_ms(), "attempts": 0, "error": ""}
    with database.write() as connection:
        return int(connection.execute(update(WEBHOOK_DELIVERIES).where(*wanted).values(again)).rowcount)


def _select() -> Any:  # noqa: ANN401 - SQLAlchemy's type of many columns
    columns = (
        WEBHOOK_DELIVERIES,
        WEBHOOK_EVENTS.c.kind,
        WEBHOOK_EVENTS.c.body,
        WEBHOOK_EVENTS.c.created_at,
        WEBHOOKS.c.url,
        WEBHOOKS.c.secret,
        WEBHOOKS.c.old_secret,
        WEBHOOKS.c.old_until_ms,
        WEBHOOKS.c.failing_since_ms,
    )
    query = select(*columns).join(WEBHOOK_EVENTS, WEBHOOK_EVENTS.c.id == WEBHOOK_DELIVERIES.c.event_id)
    return query.join(WEBHOOKS, WEBHOOKS.c.id == WEBHOOK_DELIVERIES.c.webhook_id)


def _take(database: Database) -> RowMapping | None:
    """Take the delivery that waits longest, so that nobody else tries it for a while."""
    due = (WEBHOOK_DELIVERIES.c.state == "due", WEBHOOK_DELIVERIES.c.due_at_ms <= _now_ms())
    oldest = _select().where(*due, WEBHOOKS.c.state == "on").order_by(WEBHOOK_DELIVERIES.c.due_at_ms).limit(1)
    with database.read() as connection:  # mostly there is nothing, and then nobody else waits for it
        if connection.execute(oldest).first() is None:
            return None
    with database.write() as connection:
        if connection.dialect.name != "sqlite":
            oldest = oldest.with_for_update(of=WEBHOOK_DELIVERIES, skip_locked=True)
        row: RowMapping | None = connection.execute(oldest).mappings().first()
        if row is not None:
            taken = {"due_at_ms": _now_ms() + int(TAKEN_S * 1000), "attempts": row["attempts"] + 1}
            connection.execute(update(WEBHOOK_DELIVERIES).where(*_this(row)).values(taken))
        return row


def _note(connection: Connection, row: RowMapping, status: int, problem: str, disable_after_s: float) -> None:
    endpoint = update(WEBHOOKS).where(WEBHOOKS.c.id == row["webhook_id"])
    told = {"status": status, "error": problem[:300]}
    if not problem:
        done = {**told, "state": "told", "delivered_at": utc_now()}
        connection.execute(update(WEBHOOK_DELIVERIES).where(*_this(row)).values(done))
        connection.execute(endpoint.values(failing_since_ms=None))
        return
    attempts = row["attempts"] + 1
    wait = WAITS_S[attempts - 1] if attempts <= len(WAITS_S) else None
    later = _now_ms() + int((wait or 0) * 1000 * (1 + JITTER * secrets.randbelow(1000) / 1000))
    changes = {**told, "state": "due" if wait else "given up", "due_at_ms": later}
    still_due = (*_this(row), WEBHOOK_DELIVERIES.c.state == "due")  # else the endpoint was removed meanwhile
    if not connection.execute(update(WEBHOOK_DELIVERIES).where(*still_due).values(changes)).rowcount:
        return
    since = row["failing_since_ms"] or _now_ms()
    is_gone = status == 410  # RFC 9110 s15.5.11: and Standard Webhooks takes it as "tell me nothing more"
    if is_gone or _now_ms() - since > disable_after_s * 1000:
        why = "it answered 410 Gone" if is_gone else f"it has not answered rightly since {_spell_time(since)}"
        connection.execute(endpoint.values(state="off", reason=why, failing_since_ms=since))
        _log.warning("an endpoint was switched off", webhook_id=row["webhook_id"], reason=why)
    else:
        connection.execute(endpoint.values(failing_since_ms=since))


def _this(row: Mapping[Any, Any]) -> tuple[Any, ...]:
    return WEBHOOK_DELIVERIES.c.event_id == row["event_id"], WEBHOOK_DELIVERIES.c.webhook_id == row["webhook_id"]


def _spell(row: RowMapping) -> bytes:
    return json.dumps(row["body"], ensure_ascii=False, separators=(",", ":")).encode()


def _sign(box: SecretBox, row: RowMapping) -> dict[str, str]:
    """Return the headers that Standard Webhooks asks for, signed with each secret that counts now."""
    from standardwebhooks.webhooks import Webhook as Signer

    kept = [row["secret"]]
    if row["old_secret"] and (row["old_until_ms"] or 0) > _now_ms():
        kept.append(row["old_secret"])
    moment = datetime.now(UTC)
    keys = [box.open(bytes(one), build_purpose(row["webhook_id"])) for one in kept]
    signed = [Signer(key).sign(row["event_id"], moment, _spell(row).decode()) for key in keys]
    return {
        "Content-Type": "application/json",
        "webhook-id": row["event_id"],
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signed),
    }


def _parse(row: RowMapping) -> Delivery:
    return Delivery(**{name: row[name] for name in Delivery.__dataclass_fields__})


def _now_ms() -> int:
    return int(time.time() * 1000)


def _spell_time(moment_ms: int) -> str:
    return datetime.fromtimestamp(moment_ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
