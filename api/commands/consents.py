"""`chopmark consents`: who agreed to what may be made of a photograph of theirs, until when, and who took it back."""

import getpass
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.console import (
    OUT,
    CommandUsageError,
    Json,
    build_table,
    plain,
    print_hint,
    print_json,
    print_line,
    take_input,
    teaching_errors,
)
from api.routes.consents import build_consent, parse_day
from api.settings import load_settings
from api.wiring import open_site
from policies.consents import (
    Wanted,
    find_consent,
    find_released_of,
    find_uses,
    list_consents,
    record_consent,
    revoke_consent,
)

if TYPE_CHECKING:
    from policies.consents import Consent

app = typer.Typer(no_args_is_help=True, add_completion=False)

ConsentId = Annotated[str, typer.Argument(metavar="CONSENT_ID", help="As `consents list` shows it.")]
By = Annotated[str, typer.Option("--by", help="Who records it; your name on this machine unless given.")]


@app.command()
@teaching_errors
def add(
    subject: Annotated[str, typer.Argument(metavar="PERSON", help="Who agreed.")],
    scope: Annotated[
        list[str] | None,
        typer.Option("--for", help="Purpose that it covers, such as avatar; may be repeated. any: all."),
    ] = None,
    until: Annotated[
        str, typer.Option(help="Last day that it covers, such as 2027-06-30; in a year unless given.")
    ] = "",
    photo: Annotated[
        str, typer.Option(metavar="FILE", help="Only for this photograph; any of theirs unless given.")
    ] = "",
    note: Annotated[str, typer.Option(help="How they agreed: a letter, a form, in person.")] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Record that somebody agreed: an entry in the ledger, without their name, and a row with it."""
    if not scope:
        raise CommandUsageError("what for? such as: chopmark consents add 'Li Wei' --for avatar --until 2027-06-30")
    settings = load_settings()
    today = datetime.now(UTC).date()
    digest = str(take_input(photo, most_bytes=settings.max_bytes).sha256) if photo else ""
    last_day = parse_day(until) if until else today + timedelta(days=365)
    with open_site(settings) as site:
        here = site.deployment
        wanted = Wanted(subject, scope, last_day, digest, note)
        made = record_consent(here.database, here.log, here.tenant, wanted, author=by or _name_self(), day=today)
    if as_json:
        print_json({"consent": build_consent(made)})
        return
    print_line(f"consent {made.id} of {made.subject}: for {', '.join(made.scope)}, until {made.last_day}", "bold")
    print_hint(f"use it: chopmark create avatar-pencil 'a portrait of me' --photo me.jpg --consent {made.id}")


@app.command("list")
@teaching_errors
def list_recorded(
    subject: Annotated[str, typer.Option("--person", help="Of this person alone.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at a time.")] = 50,
    after: Annotated[str, typer.Option(metavar="CONSENT_ID", help="Go on after this one.")] = "",
    as_json: Json = False,
) -> None:
    """List consents, the oldest first, and whether each still stands today."""
    with open_site(load_settings(), may_make=False, finish=False) as site:
        here = site.deployment
        found = list_consents(here.database, here.tenant, subject=subject, after=after, limit=limit + 1)
    page, onward = found[:limit], found[limit - 1].id if len(found) > limit else ""
    if as_json:
        print_json({"consents": [build_consent(one) for one in page], **({"next": onward} if onward else {})})
        return
    if not page:
        OUT.print("no consent is recorded")
        return
    table = build_table("consent", "person", "for", "until", "stands")
    table.columns[0].no_wrap = True
    for one in page:
        told = build_consent(one)
        table.add_row(*map(plain, (one.id, one.subject, ", ".join(one.scope), str(one.last_day), told["state"])))
    OUT.print(table)
    if onward:
        print_hint(f"more: --after {onward}")


@app.command()
@teaching_errors
def show(consent_id: ConsentId, as_json: Json = False) -> None:
    """Show one consent, and what named it."""
    with open_site(load_settings(), may_make=False, finish=False) as site:
        here = site.deployment
        found = find_consent(here.database, here.tenant, consent_id)
        uses = find_uses(here.database, found.id)
        released = find_released_of(here.database, uses)
    _tell(found, uses, released, as_json=as_json)


@app.command()
@teaching_errors
def revoke(
    consent_id: ConsentId,
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
    by: By = "",
    as_json: Json = False,
) -> None:
    """Revoke a consent from now on: what is not released yet is held. Lists what named it before."""
    with open_site(load_settings(), may_make=False, finish=False) as site:
        here = site.deployment
        found = revoke_consent(
            here.database, here.log, here.tenant, consent_id, author=by or _name_self(), reason=reason
        )
        uses = find_uses(here.database, found.id)
        released = find_released_of(here.database, uses)
    _tell(found, uses, released, as_json=as_json)


def _tell(found: "Consent", uses: tuple[str, ...], released: AbstractSet[str], *, as_json: bool) -> None:
    told: dict[str, Any] = build_consent(found)
    if as_json:
        print_json({"consent": {**told, "assets": list(uses), "released": [one for one in uses if one in released]}})
        return
    print_line(f"{found.subject}: {told['state']}", "bold")
    table = build_table("", "")
    for fact in (
        "id",
        "for",
        "until",
        "photo_sha256",
        "note",
        "recorded_by",
        "recorded_at",
        "revoked_by",
        "revoked_at",
        "reason",
    ):
        value = told[fact]
        if value:
            table.add_row(
                plain(fact.replace("_", " "), "dim"), plain(", ".join(value) if fact == "for" else str(value))
            )
    for one in uses:
        table.add_row(plain("released" if one in released else "not released", "dim"), plain(one))
    OUT.print(table)


def _name_self() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "operator"
