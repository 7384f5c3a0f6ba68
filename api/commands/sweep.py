"""`chopmark sweep`: files that no record knows, into the bin; what lay there for days, out of it."""

from dataclasses import asdict
from typing import Annotated

import typer

from api.console import OUT, Json, build_table, plain, print_json, print_line, teaching_errors
from api.settings import load_settings
from api.wiring import open_site
from policies.audit.orders import expire_exports
from policies.line.retention import Expired, Rules, find_expired, let_go
from policies.line.sweeping import BIN_DAYS, find_leftovers, sweep

app = typer.Typer(add_completion=False)


@app.command()
@teaching_errors
def command(
    days: Annotated[
        float, typer.Option(min=0, help="Empty the bin of what was put there so many days ago.")
    ] = BIN_DAYS,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Put files in quarantine that no record knows into a bin beside them, and remove what lay in the bin for days.

    Then lets go of what the settings under `retention` name, each with an entry of the ledger; without such a setting
    nothing that is held or blocked is removed. What was binned by mistake lies under quarantine/bin/<time>/ until then:
    move it back.
    """
    settings = load_settings()
    kept = settings.retention
    rules = Rules(**kept.model_dump(exclude={"exports_days"}))
    with open_site(settings, may_make=False) as site:
        here = site.deployment
        found = (find_leftovers if dry_run else sweep)(here, bin_days=days)
        gone = (find_expired if dry_run else let_go)(here, rules)
        exports = expire_exports(here.database, here.blobs, dry_run=dry_run)
    if as_json:
        print_json({"done": not dry_run, **asdict(found), "retention": asdict(gone), "exports": exports})
        return
    rows = (
        ("no record knows it: into the bin", found.orphans),
        ("its asset is published: removed", found.emptied),
        (f"in the bin for {days:g} days: removed", found.expired),
        ("in the bin: stays for now", found.waiting),
    )
    table = build_table("file", "what is done with it")
    for text, keys in rows:
        for key in keys:
            table.add_row(plain(key), plain(text))
    for text, ids in (
        (f"refused {kept.originals_days or 0:g} days ago: its file and prompt are removed", gone.originals),
        (f"came in {kept.names_days or 0:g} days ago: its file name is removed", gone.names),
        (f"told {kept.events_days or 0:g} days ago: forgotten", gone.events),
        (f"a sign-in that ended {kept.sessions_days or 0:g} days ago: forgotten", gone.sessions),
        (f"decided {kept.evidence_days or 0:g} days ago: evidence, reasons and notes are removed", gone.evidence),
        (f"decided {kept.reviewers_days or 0:g} days ago: it names nobody any more", gone.reviewers),
        ("an export that has expired: its file is removed", exports),
    ):
        for one in ids:
            table.add_row(plain(one), plain(text))
    if table.row_count:
        OUT.print(table)
    if dry_run:
        print_line("nothing was done; leave out --dry-run to do it")
    else:
        print_line(f"{len(found.orphans)} into the bin, {len(found.emptied) + len(found.expired)} removed")
        if gone != Expired():
            print_line("what was let go of by the retention rules stands on the ledger")
