"""`chopmark register`: put originals into the works registry."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress
from rich.text import Text

from api.console import (
    ERR,
    EXIT_ERROR,
    OUT,
    CommandUsageError,
    Json,
    build_progress,
    build_table,
    describe_error,
    plain,
    print_hint,
    print_json,
    print_summary,
    teaching_errors,
)
from api.escape import show
from api.originals import Listed, Original, list_originals
from api.registering import Ask, Made, Registrar
from api.settings import load_settings
from api.wiring import Site, open_site
from provenance.errors import GateError, WorksError
from provenance.works.banks import DEFAULT_BANK
from provenance.works.record import Work

app = typer.Typer(add_completion=False)


@app.command()
@teaching_errors
def command(
    files: Annotated[
        list[str], typer.Argument(help="Pictures, folders of them, or lists in CSV; - reads one picture from a pipe.")
    ],
    owner: Annotated[str, typer.Option(help="Who holds the rights; a list may name one in each line.")] = "",
    title: Annotated[str, typer.Option(help="For one file; the file's name otherwise.")] = "",
    bank: Annotated[str, typer.Option(help="Bank that decides what a match means; see `works banks`.")] = "works",
    second_owner: Annotated[
        bool, typer.Option("--second-owner", help="Register what is registered for somebody else as well.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Put originals into the works registry; matches are found from the next query on.

    Exits 0 when all are registered, 2 when one is not. Registering the same again changes nothing. A picture that is
    registered for another owner is a question: it is asked on a terminal, and an error elsewhere.
    """
    listed = list_originals(files, Original("", title.strip(), owner.strip(), bank))
    _verify(listed, title)
    several = len(listed.originals) > 1
    with open_site(load_settings()) as site, build_progress(quiet=as_json, counted=several) as bar:
        _verify_bank(site, bank)
        task = bar.add_task("registering", total=len(listed.originals) if several else None)
        may_ask = not as_json and sys.stdin.isatty() and ERR.is_terminal
        ask: Ask = (lambda _: True) if second_owner else _asking(bar) if may_ask else (lambda _: False)
        made = Registrar(site, ask, lambda: bar.advance(task)).register(listed.originals)
    _tell(made, listed, as_json=as_json)
    if any(isinstance(item.work, GateError) for item in made):
        raise typer.Exit(EXIT_ERROR)


def _verify(listed: Listed, title: str) -> None:
    if title and len(listed.originals) > 1:
        raise CommandUsageError(f"--title is for one file, got {len(listed.originals)}")
    if not listed.originals:
        raise CommandUsageError("expected a list with at least one work, got a header alone")
    if not any(original.owner or original.error for original in listed.originals):
        raise CommandUsageError("expected --owner NAME, or a list in CSV with a column owner, got neither")


def _verify_bank(site: Site, bank: str) -> None:
    """Refuse a bank that nothing can go into; the default one makes itself."""
    known = {known.name for known in site.deployment.works.banks()} | {DEFAULT_BANK.name}
    if bank not in known:
        raise WorksError(f"no bank is named {bank!r}; known: {', '.join(sorted(known))}; define it first")


def _asking(bar: Progress) -> Ask:
    """Return what asks a person, with the progress bar out of the way."""

    def ask(question: str) -> bool:
        bar.stop()
        try:
            return typer.confirm(show(question), default=False, err=True)
        finally:
            bar.start()

    return ask


def _tell(made: Sequence[Made], listed: Listed, *, as_json: bool) -> None:
    if as_json:
        before = [item.path for item in made if item.is_repeat]
        print_json({"registered": [_build_document(item) for item in made], "registered_before": before})
    else:
        _show(made)
    for note in listed.notes:
        print_hint(note)


def _build_document(item: Made) -> dict[str, Any]:
    if isinstance(item.work, GateError):
        return {"name": item.path, **describe_error(item.work)}
    work = item.work
    facts = {"work_id": work.id, "title": work.title, "owner": work.owner, "bank": work.bank}
    return {"name": item.path, **facts, "status": work.status.value, "ledger_index": work.ledger_index}


def _show(made: Sequence[Made]) -> None:
    table = build_table("file", "work", "title and owner", "bank")
    table.columns[1].no_wrap = all(isinstance(item.work, Work) for item in made)
    for item in made:
        name = plain(item.path if item.path == "-" else Path(item.path).name)
        if isinstance(item.work, GateError):
            table.add_row(name, plain("error", "bold red"), plain(f"{item.work} [{item.work.code}]"))
            continue
        work = item.work
        named = [plain(work.title), plain(work.owner, "dim")]
        named += [plain("registered before", "dim")] if item.is_repeat else []
        table.add_row(name, plain(work.id), Text("\n").join(named), plain(work.bank))
    OUT.print(table)
    print_summary(_word(item) for item in made)


def _word(item: Made) -> str:
    if isinstance(item.work, GateError):
        return "error"
    return "registered before" if item.is_repeat else "registered"
