"""`chopmark webhooks`: where events are told, with which secret, and what became of each telling."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.audit import parse_time
from api.console import (
    OUT,
    CommandUsageError,
    Json,
    build_table,
    plain,
    print_hint,
    print_json,
    print_line,
    teaching_errors,
)
from api.settings import load_settings
from api.wiring import open_site
from policies.webhooks.delivery import find_deliveries
from policies.webhooks.delivery import replay as tell_again
from policies.webhooks.endpoints import Endpoints
from policies.webhooks.outbox import announce_test
from provenance.ledger.entry import format_time
from provenance.storage.secretbox import load_box

if TYPE_CHECKING:
    from policies.line.deployment import Deployment
    from policies.webhooks.endpoints import Webhook

app = typer.Typer(no_args_is_help=True, add_completion=False)

WebhookId = Annotated[str, typer.Argument(metavar="WEBHOOK_ID", help="As `webhooks list` shows it.")]
Events = Annotated[list[str] | None, typer.Option("--event", help="Only this event; can be given again.")]


@contextmanager
def _open_endpoints() -> Iterator[tuple["Deployment", Endpoints]]:
    settings = load_settings()
    with open_site(settings, may_make=False, finish=False) as site:
        here = site.deployment
        box, local = load_box(settings.keys_dir), settings.webhooks.private_networks
        yield here, Endpoints(here.database, box, here.tenant, may_be_local=local)


@app.command("list")
@teaching_errors
def list_endpoints(as_json: Json = False) -> None:
    """List the endpoints; never a secret."""
    with _open_endpoints() as (_, endpoints):
        found = endpoints.list()
    if as_json:
        print_json({"webhooks": [asdict(one) for one in found]})
        return
    if not found:
        OUT.print("nobody is told of events; chopmark webhooks add URL")
        return
    table = build_table("webhook", "address", "events", "state")
    table.columns[0].no_wrap = True
    for one in found:
        table.add_row(*map(plain, (one.id, one.url, ", ".join(one.kinds) or "all", _spell_state(one))))
    OUT.print(table)


@app.command()
@teaching_errors
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="https address that is told.")],
    event: Events = None,
    description: Annotated[str, typer.Option(help="For people.")] = "",
    as_json: Json = False,
) -> None:
    """Add an endpoint and show its secret (Standard Webhooks), this once."""
    with _open_endpoints() as (_, endpoints):
        made, secret = endpoints.add(url, kinds=event or (), description=description, created_by="operator")
    _show_secret(made.id, secret, f"{made.url} is told of {', '.join(made.kinds) or 'every event'}", as_json=as_json)


@app.command("renew-secret")
@teaching_errors
def renew_secret(webhook_id: WebhookId, as_json: Json = False) -> None:
    """Give an endpoint a new secret and show it, this once; the old one signs beside it for a day."""
    with _open_endpoints() as (_, endpoints):
        secret = endpoints.rotate(webhook_id)
    _show_secret(webhook_id, secret, "the old secret signs beside it for a day", as_json=as_json)


@app.command("switch")
@teaching_errors
def switch(
    webhook_id: WebhookId,
    is_on: Annotated[bool, typer.Option("--on/--off", help="On again after it failed for days, or off.")],
    as_json: Json = False,
) -> None:
    """Switch an endpoint on or off."""
    with _open_endpoints() as (_, endpoints):
        changed = endpoints.change(webhook_id, is_on=is_on)
    _tell(changed, as_json=as_json)


@app.command()
@teaching_errors
def remove(webhook_id: WebhookId, as_json: Json = False) -> None:
    """Tell an endpoint nothing more; what it was told stays on record."""
    with _open_endpoints() as (_, endpoints):
        removed = endpoints.find(webhook_id)
        endpoints.remove(webhook_id)
    if as_json:
        print_json({"removed": webhook_id})
    else:
        print_line(f"{removed.url} is told nothing more")


@app.command("test")
@teaching_errors
def send_test(webhook_id: WebhookId, as_json: Json = False) -> None:
    """Have an endpoint told the event `webhook.test` by the server or worker of the site."""
    with _open_endpoints() as (here, endpoints):
        endpoints.find(webhook_id)
        event_id = announce_test(here.database, here.tenant, webhook_id)
    _tell_queued(event_id, "the server or a worker of the site tells it", as_json=as_json)


@app.command()
@teaching_errors
def deliveries(
    webhook_id: WebhookId,
    state: Annotated[str, typer.Option(help="due, told or given up; all if not given.")] = "",
    before: Annotated[str, typer.Option(metavar="EVENT_ID", help="Go on before this event.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at a time.")] = 50,
    as_json: Json = False,
) -> None:
    """List what an endpoint was told, newest first."""
    if state not in {"", "due", "told", "given up"}:
        raise CommandUsageError(f"expected --state due, told or 'given up', got {state!r}")
    with _open_endpoints() as (here, endpoints):
        endpoints.find(webhook_id)
        found = find_deliveries(here.database, here.tenant, webhook_id, state=state, before=before, limit=limit + 1)
    page = found[:limit]
    if as_json:
        more = {"next": page[-1].event_id} if len(found) > limit else {}
        print_json({"deliveries": [asdict(one) for one in page], **more})
        return
    table = build_table("event", "kind", "state", "tries", "answer")
    for one in page:
        answer = " ".join(filter(None, (str(one.status or ""), one.error)))
        table.add_row(*map(plain, (one.event_id, one.kind, one.state, str(one.attempts), answer)))
    OUT.print(table)
    if len(found) > limit:
        print_hint(f"more: --before {page[-1].event_id}")


@app.command()
@teaching_errors
def replay(
    webhook_id: WebhookId,
    event_id: Annotated[str, typer.Option("--event-id", help="This event, whether it was heard or not.")] = "",
    since: Annotated[str, typer.Option(help="All from this day or time on that it has not heard (RFC 3339).")] = "",
    as_json: Json = False,
) -> None:
    """Have an endpoint told again: one event, or all since a time that it has not heard."""
    if bool(event_id) == bool(since):
        raise CommandUsageError("expected either --event-id or --since")
    with _open_endpoints() as (here, endpoints):
        endpoints.find(webhook_id)
        moment = parse_time(since)
        told_since = "" if moment is None else format_time(moment)
        count = tell_again(here.database, here.tenant, webhook_id, event_id=event_id, since=told_since)
    if as_json:
        print_json({"deliveries": count})
    else:
        print_line(f"{count} will be told again")


def _spell_state(webhook: "Webhook") -> str:
    return f"{webhook.state}: {webhook.reason}" if webhook.reason else webhook.state


def _tell(webhook: "Webhook", *, as_json: bool) -> None:
    if as_json:
        print_json({"webhook": asdict(webhook)})
    else:
        print_line(f"{webhook.url} is {_spell_state(webhook)}")


def _tell_queued(event_id: str, text: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"event_id": event_id})
    else:
        print_line(f"event {event_id}: {text}")


def _show_secret(webhook_id: str, secret: str, text: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"id": webhook_id, "secret": secret})
        return
    print_line(secret, "bold")
    print_hint(f"{text}; webhook {webhook_id}; the secret is not shown again")
