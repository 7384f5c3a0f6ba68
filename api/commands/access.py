"""`chopmark access`: people, their roles, links by which they sign in, and keys of programs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.access.identity import Permission, Role
from api.console import OUT, CommandUsageError, Json, build_table, print_hint, print_json, print_line, teaching_errors
from api.settings import Settings, load_settings

if TYPE_CHECKING:
    from api.access.forgetting import Forgotten
    from api.access.key import ApiKey
    from api.access.person import Person
    from policies.line.deployment import Deployment

app = typer.Typer(no_args_is_help=True, add_completion=False)
_keys = typer.Typer(no_args_is_help=True, add_completion=False, help="Make, list and revoke keys of programs.")
_people = typer.Typer(no_args_is_help=True, add_completion=False, help="Add, list and disable people; make links.")
app.add_typer(_keys, name="key")
app.add_typer(_people, name="person")

Roles = Annotated[list[Role], typer.Option("--role", help="What it may; can be given again.")]
Name = Annotated[str, typer.Argument(metavar="NAME")]
Whom = Annotated[str, typer.Argument(metavar="PERSON", help="A name, an e-mail address or an id.")]


@contextmanager
def _open_place() -> Iterator[tuple["Deployment", Settings]]:
    from api.wiring import open_site

    settings = load_settings()
    with open_site(settings, may_make=False, finish=False) as site:
        yield site.deployment, settings


@_keys.command("create")
@teaching_errors
def create_key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the key is for.")],
    role: Roles,
    permission: Annotated[
        list[Permission] | None, typer.Option("--permission", help="Only this of what the roles grant.")
    ] = None,
    days: Annotated[int | None, typer.Option("--days", help="Until it ends; for ever if not given.")] = None,
    as_json: Json = False,
) -> None:
    """Make an API key and show it, this once."""
    from api.access import key

    with _open_place() as (here, _):
        made, token = key.create_key(here, name=name, roles=role, permissions=permission or None, days=days)
    if as_json:
        print_json({**describe_key(made), "key": token})
        return
    print_line(token, "bold")
    until = f"until {made.expires_at[:10]}" if made.expires_at else "until it is revoked"
    print_hint(f"{made.name} may ask with it as {_spell(made.roles)}, {until}; it is not shown again")


@_keys.command("list")
@teaching_errors
def list_keys(as_json: Json = False) -> None:
    """List the API keys, with when each was last used; never a secret."""
    from api.access import key

    with _open_place() as (here, _):
        found = key.list_keys(here)
    if as_json:
        print_json({"keys": [describe_key(one) for one in found]})
        return
    table = build_table("key", "name", "roles", "made", "last used", "state")
    for one in found:
        table.add_row(
            one.prefix, one.name, _spell(one.roles), one.created_at[:10], one.used_at[:16] or "never", _tell_state(one)
        )
    OUT.print(table)


@_keys.command("revoke")
@teaching_errors
def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="KEY", help="What the key begins with, or its id.")],
    as_json: Json = False,
) -> None:
    """End an API key at once."""
    from api.access import key

    with _open_place() as (here, _):
        ended = key.revoke_key(here, key_id)
    if as_json:
        print_json(describe_key(ended))
        return
    print_line(f"{ended.name} ({ended.prefix}) is let in no more")


@_people.command("add")
@teaching_errors
def add_person(
    name: Name,
    role: Roles,
    email: Annotated[str, typer.Option("--email", help="By which a provider knows them.")] = "",
    as_json: Json = False,
) -> None:
    """Add a person and show the link by which they sign in the first time, this once."""
    from api.access import link, person

    with _open_place() as (here, settings):
        made = person.add_person(here, name=name, roles=role, email=email)
        _, token = link.make_link(here, made.id, lasts_s=settings.access.link_s)
    _show_link(made, settings, token, as_json=as_json)


@_people.command("list")
@teaching_errors
def list_people(as_json: Json = False) -> None:
    """List the people, their roles, and when each was last seen."""
    from api.access import person

    with _open_place() as (here, _):
        found = person.list_people(here)
    if as_json:
        print_json({"people": [describe_person(one) for one in found]})
        return
    table = build_table("name", "e-mail", "roles", "state", "last signed in")
    for one in found:
        table.add_row(one.name, one.email or "-", _spell(one.roles), one.state.value, one.seen_at[:16] or "never")
    OUT.print(table)


@_people.command("roles")
@teaching_errors
def set_roles(whom: Whom, role: Roles, as_json: Json = False) -> None:
    """Give a person these roles in the place of what they had."""
    from api.access import person

    with _open_place() as (here, _):
        changed = person.set_roles(here, person.find_person(here, whom).id, role)
    if as_json:
        print_json(describe_person(changed))
        return
    print_line(f"{changed.name} is now {_spell(changed.roles)}")


@_people.command("disable")
@teaching_errors
def disable_person(whom: Whom, as_json: Json = False) -> None:
    """Let a person in no more; their sessions end at once, what they decided stays."""
    from api.access import person

    with _open_place() as (here, _):
        changed = person.disable_person(here, whom)
    if as_json:
        print_json(describe_person(changed))
        return
    print_line(f"{changed.name} is let in no more")


@_people.command("sign-out")
@teaching_errors
def sign_out(
    whom: Annotated[str, typer.Argument(metavar="[PERSON]", help="A name, an e-mail address or an id.")] = "",
    everybody: Annotated[bool, typer.Option("--everybody", help="End every session of this tenant.")] = False,
    as_json: Json = False,
) -> None:
    """End a person's sessions, or everybody's; who is to work on signs in again."""
    from api.access import person, session

    if bool(whom) == everybody:
        raise CommandUsageError("expected a person, or --everybody")
    with _open_place() as (here, _):
        people = person.list_people(here) if everybody else [person.find_person(here, whom)]
        ended = sum(session.revoke_sessions(here, one.id) for one in people)
    if as_json:
        print_json({"ended": ended})
        return
    print_line(f"{ended} sessions have ended")


@_people.command("enable")
@teaching_errors
def enable_person(whom: Whom, as_json: Json = False) -> None:
    """Let a person in again who was disabled."""
    from api.access import person

    with _open_place() as (here, _):
        changed = person.enable_person(here, whom)
    if as_json:
        print_json(describe_person(changed))
        return
    print_line(f"{changed.name} is let in again")


@_people.command("forget")
@teaching_errors
def forget_person(
    whom: Whom,
    uploads: Annotated[
        bool,
        typer.Option("--uploads", help="Let go of the files and prompts that they handed in; refuse what is held."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Forget a person for ever: name, address, passkeys and sessions go, a pseudonym stands where they decided."""
    from api.access import forgetting, person

    with _open_place() as (here, _):
        known = person.find_person(here, whom)
        if not yes and not typer.confirm(f"forget {known.name}? There is no way back", err=True):
            raise typer.Exit(1)
        done = forgetting.forget_person(here, known.id, with_uploads=uploads)
    if as_json:
        print_json(describe_forgotten(done))
        return
    print_line(f"forgotten: {done.decisions} decisions now name {done.person.name}")
    if (what := done.uploads) is not None:
        print_line(f"handed in: {what.deleted} files deleted, {what.refused} of them refused for it")
        if what.released:
            print_hint(f"{what.released} are public and stay so: whoever publishes them takes them back")
        if what.waiting:
            print_hint(f"{what.waiting} are still on their way: run this again with --uploads once they are through")


@_people.command("link")
@teaching_errors
def link_person(
    whom: Whom,
    reset: Annotated[
        bool, typer.Option("--reset", help="Forget password, app and passkeys, and end sessions.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a link by which a person signs in once and sets a password; an older link ends."""
    from api.access import link

    with _open_place() as (here, settings):
        make = link.reset_person if reset else link.make_link
        person, token = make(here, whom, lasts_s=settings.access.link_s)
    _show_link(person, settings, token, as_json=as_json)


@app.command("link")
@teaching_errors
def link_admin(as_json: Json = False) -> None:
    """Make a link by which somebody becomes an admin, as the first start does."""
    from api.access import link

    with _open_place() as (here, settings):
        address = link.build_address(settings.http.origin, link.make_admin_link(here, lasts_s=settings.access.link_s))
    if as_json:
        print_json({"link": address})
        return
    print_line(address, "bold")
    print_hint("it makes whoever opens it an admin, once, within a day; it is not shown again")


def describe_key(key: "ApiKey") -> dict[str, Any]:
    """Return the JSON form of a key, without its secret."""
    from api.schemas.access import KeyModel

    return KeyModel.build(key).model_dump(mode="json")


def describe_person(person: "Person") -> dict[str, Any]:
    """Return the JSON form of a person."""
    from api.schemas.access import PersonModel

    return PersonModel.build(person).model_dump(mode="json")


def describe_forgotten(done: "Forgotten") -> dict[str, Any]:
    """Return the JSON form of what forgetting somebody did."""
    from api.schemas.access import ForgottenModel

    return ForgottenModel.build(done).model_dump(mode="json")


def _show_link(person: "Person", settings: Settings, token: str, *, as_json: bool) -> None:
    from api.access.link import build_address

    address = build_address(settings.http.origin, token)
    if as_json:
        print_json({**describe_person(person), "link": address})
        return
    print_line(address, "bold")
    print_hint(f"{person.name} signs in by it once, within a day; it is not shown again")


def _spell(roles: frozenset[Role]) -> str:
    return ", ".join(sorted(roles))


def _tell_state(key: "ApiKey") -> str:
    if key.revoked_at:
        return f"revoked {key.revoked_at[:10]}"
    if not key.expires_at:
        return "good"
    return f"until {key.expires_at[:10]}" if key.is_good else f"ended {key.expires_at[:10]}"
