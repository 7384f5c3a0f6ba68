"""`chopmark policies save`, `activate`, `retire`, `choose`, `changes` and `try`: packs of one's own, kept by the site.

What is changed holds from the next submission on, in every process of the site, and each change is on the ledger.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.console import (
    EXIT_ERROR,
    OUT,
    Json,
    build_table,
    plain,
    print_hint,
    print_json,
    print_line,
    read_input,
    teaching_errors,
)
from api.packs import build_change, build_summary, build_trial
from api.settings import load_settings
from api.wiring import open_site
from policies.editing.history import find_changes
from policies.editing.shelf import activate as activate_version
from policies.editing.shelf import choose as choose_packs
from policies.editing.shelf import find_version
from policies.editing.shelf import retire as retire_pack
from policies.editing.shelf import save as save_pack
from policies.editing.trial import MOST_ASSETS, try_pack
from policies.rules.loader import load_pack
from policies.rules.pack import Pack

if TYPE_CHECKING:
    from policies.editing.history import Change
    from policies.line.deployment import Deployment

app = typer.Typer(add_completion=False)

MOST_BYTES = 256 * 1024
"""Of a pack's document, as `policies.rules.document` bounds it."""

_SHOWN = 20

Author = Annotated[str, typer.Option("--author", help="Who changes it; a pseudonym on the ledger.")]
Why = Annotated[str, typer.Option("--reason", help="Why; goes on the record.")]
Name = Annotated[str, typer.Argument(help="Name of a pack of your own.")]


@app.command()
@teaching_errors
def save(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Its document in YAML; - reads a pipe.")],
    author: Author,
    reason: Why,
    activate: Annotated[bool, typer.Option("--activate", help="Let its name stand for it from now on.")] = False,
    as_json: Json = False,
) -> None:
    """Keep a version of a pack of your own; packs in files are the operator's, a copy needs a name of its own."""
    document = read_input(file, most_bytes=MOST_BYTES).decode("utf-8", errors="replace")
    with open_site(load_settings(), may_make=False, finish=False) as site:
        pack = save_pack(site.deployment, document, author=author, reason=reason, activate=activate)
    if as_json:
        print_json({"pack": build_summary(pack), "is_active": activate})
        return
    print_line(f"saved {pack.name} {pack.version}, {pack.sha256}")
    if not activate:
        print_hint(f"it decides nothing yet:  chopmark policies activate {pack.name} {pack.sha256[:12]}")


@app.command()
@teaching_errors
def activate(
    name: Name,
    sha256: Annotated[str, typer.Argument(help="Digest of a version that was saved, or how it begins.")],
    author: Author,
    reason: Why,
    as_json: Json = False,
) -> None:
    """Let a pack's name stand for a version that was saved: a newer one, or an earlier one to go back to."""
    with open_site(load_settings(), may_make=False, finish=False) as site:
        wanted = _find_digest(site.deployment, name, sha256)
        change = activate_version(site.deployment, name, wanted, author=author, reason=reason)
    if as_json:
        print_json({"is_changed": change is not None, **({} if change is None else {"change": build_change(change)})})
        return
    print_line(f"{name} stands for {wanted}" if change else f"{name} stands for {wanted} already")


@app.command()
@teaching_errors
def retire(name: Name, author: Author, reason: Why, as_json: Json = False) -> None:
    """Let nobody name a pack of your own any more; its versions and what was decided by it stay."""
    with open_site(load_settings(), may_make=False, finish=False) as site:
        change = retire_pack(site.deployment, name, author=author, reason=reason)
    _tell(change, f"{name} can be named no more", as_json=as_json)


@app.command()
@teaching_errors
def choose(
    names: Annotated[list[str], typer.Argument(metavar="PACK", help="Names of packs.")],
    author: Author,
    reason: Why,
    as_json: Json = False,
) -> None:
    """Let these packs decide where a submission names none, from the next one on."""
    with open_site(load_settings(), may_make=False, finish=False) as site:
        change = choose_packs(site.deployment, names, author=author, reason=reason)
    _tell(change, f"from now on {', '.join(change.names)} decide where none is named", as_json=as_json)


@app.command()
@teaching_errors
def changes(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 50,
    before: Annotated[int, typer.Option(min=0, help="Only those before this number; 0 for the newest.")] = 0,
    as_json: Json = False,
) -> None:
    """List what was done to packs, newest first."""
    with open_site(load_settings(), may_make=False, finish=False) as site:
        found = find_changes(site.deployment.database, site.deployment.tenant, before=before, limit=limit)
    if as_json:
        print_json({"changes": [build_change(one) for one in found]})
        return
    table = build_table("number", "when", "what", "pack", "who and why")
    for one in found:
        named = one.name or ", ".join(one.names)
        digest = f"{named} {one.sha256[:12]}" if one.sha256 else named
        cells = (str(one.sequence), one.created_at[:16], one.kind.value, digest, f"{one.author}: {one.reason}")
        table.add_row(*map(plain, cells))
    OUT.print(table)


@app.command("try")
@teaching_errors
def try_out(
    pack: Annotated[str, typer.Argument(metavar="PACK", help="A file, or the name of a pack.")],
    last: Annotated[int, typer.Option(min=1, max=MOST_ASSETS, help="How many of the last assets.")] = 200,
    replaces: Annotated[str, typer.Option(help="Name of a pack that is taken out for it.")] = "",
    as_json: Json = False,
) -> None:
    """Say what a pack would have made of the last assets, by their stored signals; nothing is changed."""
    with open_site(load_settings(), may_make=False, finish=False) as site:
        candidate = _find_candidate(site.deployment, pack)
        trial = try_pack(site.deployment, candidate, last=last, replaces=replaces, sees_sensitive=True)
    told = build_trial(trial)
    if as_json:
        print_json(told)
    else:
        table = build_table("it was", "it would be", "assets")
        for row in told["counts"]:
            table.add_row(row["before"], row["after"], str(row["assets"]))
        OUT.print(table)
        for one in trial.differences[:_SHOWN]:
            print_line(f"{one.asset_id} {one.name}: {one.before.value}, would be {one.after.value}")
        print_hint(f"{trial.looked_at} looked at, {len(trial.differences)} would end otherwise")
    if trial.unreadable:
        raise typer.Exit(EXIT_ERROR)


def _find_candidate(here: "Deployment", pack: str) -> Pack:
    path = Path(pack)
    return load_pack(path) if path.suffix == ".yaml" else find_version(here, pack)


def _find_digest(here: "Deployment", name: str, start: str) -> str:
    """Return the one digest of a saved version that begins so; what fits none or several is left as it is."""
    from policies.editing.history import find_standing

    with here.database.read() as connection:
        saved = find_standing(connection, here.tenant).saved.get(name, ())
    fitting = [one for one in saved if one.startswith(start)] if start else []
    return fitting[0] if len(fitting) == 1 else start


def _tell(change: "Change", text: str, *, as_json: bool) -> None:
    told: dict[str, Any] = build_change(change)
    if as_json:
        print_json({"change": told})
    else:
        print_line(text)
