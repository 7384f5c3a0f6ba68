"""`chopmark policies evidence` and `policies conflicts`: what was done on each clause, and where packs differ."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from api.console import OUT, CommandUsageError, Json, build_table, plain, print_json, teaching_errors
from api.reading import open_reader
from api.settings import load_settings
from policies.audit.law import gather_evidence
from policies.rules.conflicts import Clash, find_differences
from policies.rules.loader import load_named

Folders = Annotated[
    list[Path] | None, typer.Option("--folder", help="One more folder of packs, besides those in the settings.")
]
Day = Annotated[str | None, typer.Option("--on", help="Day that is asked about, such as 2026-12-02; today otherwise.")]


@teaching_errors
def evidence(
    name: Annotated[str, typer.Argument(help="Name of a pack.")],
    first: Annotated[str | None, typer.Option("--from", help="First day; the pack's own otherwise.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Last day; today otherwise.")] = None,
    folder: Folders = None,
    as_json: Json = False,
) -> None:
    """Say clause by clause what the gate did under a pack, and what no software does; no legal advice.

    Counted from this site's records; the ledger proves them (see audit export).
    """
    settings = load_settings()
    (pack,) = load_named([name], [*settings.pack_folders, *(folder or ())])
    last = _parse_day(until) or _today()
    start = _parse_day(first) or min(pack.effective_from, last)
    if start > last:
        raise CommandUsageError(f"expected --until a day from {start} on, got {last}")
    with open_reader(settings) as site, site.database.read() as connection:
        document = gather_evidence(connection, site.log, pack, settings.tenant, start, last)
    if as_json:
        print_json(document)
        return
    _show_evidence(document)


@teaching_errors
def conflicts(
    names: Annotated[list[str] | None, typer.Argument(help="Names of packs; those of the settings otherwise.")] = None,
    day: Day = None,
    folder: Folders = None,
    as_json: Json = False,
) -> None:
    """Find where packs ask for different things, and say what comes of it; exits 1 when something could not be met."""
    settings = load_settings()
    packs = load_named(names or settings.packs, [*settings.pack_folders, *(folder or ())])
    found = find_differences(packs, _parse_day(day) or _today())
    if as_json:
        rows = [
            {"clash": one.clash, "packs": one.packs, "about": one.about, "sources": one.sources, "text": one.text}
            for one in found
        ]
        print_json({"differences": rows})
    elif not found:
        OUT.print(plain(f"{len(packs)} packs only add to each other"))
    else:
        table = build_table("kind", "packs", "about", "what comes of it", "clauses")
        for one in found:
            table.add_row(*map(plain, (one.clash, ", ".join(one.packs), one.about, one.text, "; ".join(one.sources))))
        OUT.print(table)
    if any(one.clash in {Clash.CONFLICT, Clash.EXPIRED} for one in found):
        raise typer.Exit(1)


def _show_evidence(document: dict[str, Any]) -> None:
    pack, assets = document["pack"], document["assets"]
    told = ", ".join(f"{count} {outcome}" for outcome, count in assets.items())
    told += f"; blocked: {document['prompts_blocked']} by their prompt, before anything was made"
    OUT.print(plain(f"{pack['name']} {pack['version']}, {document['from']} to {document['until']}: {told}", "bold"))
    table = build_table("clause", "part", "since", "standing", "figures", "what it asks")
    for row in document["clauses"]:
        figures = json.dumps(row["figures"], ensure_ascii=False) if row["figures"] else ""
        table.add_row(*map(plain, (row["clause"], row["part"], row["since"], row["standing"], figures, row["text"])))
    OUT.print(table)
    OUT.print(plain(document["note"], "dim"))


def _today() -> date:
    return datetime.now(UTC).date()


def _parse_day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        raise CommandUsageError(f"expected a day such as 2026-12-02, got {text!r}") from exc
