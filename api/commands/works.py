"""`chopmark works`: list works and banks, define banks, withdraw works."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from itertools import islice
from typing import Annotated

import typer
from rich.text import Text

from api.console import (
    OUT,
    Json,
    build_progress,
    build_table,
    plain,
    print_hint,
    print_json,
    print_line,
    teaching_errors,
)
from api.escape import spell_command
from api.paging import PAGE, verify_after
from api.references import drop_reference
from api.settings import load_settings
from api.wiring import open_reader, open_site

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command("list")
@teaching_errors
def list_works(
    bank: Annotated[str, typer.Option(help="Only this bank.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at a time.")] = PAGE,
    after: Annotated[str, typer.Option(metavar="WORK_ID", help="Go on after this one.")] = "",
    as_json: Json = False,
) -> None:
    """List registered works in order of their ids, withdrawn ones too."""
    verify_after(after, r"[A-Za-z0-9._:-]{1,128}", "the id of a work")
    with open_reader(load_settings()) as site:
        found = list(islice(site.works.works(bank or None, after=after), limit + 1))
    works, more = found[:limit], len(found) > limit
    if as_json:
        print_json({"works": [asdict(work) for work in works], **({"next": works[-1].id} if more else {})})
        return
    if not works:
        OUT.print("no work is registered; chopmark register FILE --owner NAME")
        return
    table = build_table("work", "title and owner", "bank", "status")
    table.columns[0].no_wrap = True
    for work in works:
        named = Text("\n").join((plain(work.title), plain(work.owner, "dim")))
        table.add_row(plain(work.id), named, plain(work.bank), plain(work.status.value))
    OUT.print(table)
    if more:
        words = [*(("--bank", bank) if bank else ()), *(("--limit", str(limit)) if limit != PAGE else ())]
        print_hint(f"more: {spell_command('chopmark', 'works', 'list', *words, '--after', works[-1].id)}")


@app.command()
@teaching_errors
def banks(as_json: Json = False) -> None:
    """List banks: what a match in each means, and how near it must be."""
    with open_reader(load_settings()) as site:
        found = site.works.banks()
    if as_json:
        print_json({"banks": [asdict(bank) for bank in found]})
        return
    if not found:
        OUT.print("no bank yet; the first work that is registered makes the bank works, in which a match blocks")
        return
    table = build_table("bank", "a match means", "within", "description")
    for bank in found:
        table.add_row(*map(plain, (bank.name, bank.action.value, _spell(bank.thresholds.items()), bank.description)))
    OUT.print(table)


@app.command("define-bank")
@teaching_errors
def define_bank(
    name: Annotated[str, typer.Argument(help="1 to 64 of letters, digits, _ and -.")],
    action: Annotated[str, typer.Option(help="What a match means: block, hold, attribute or allow.")],
    pdq: Annotated[int | None, typer.Option(min=0, max=64, help="Most PDQ bits apart that still match.")] = None,
    copy: Annotated[
        int | None, typer.Option(min=0, max=176, help="Most bits of `copy` apart that nominate; 0 finds no parts.")
    ] = None,
    description: Annotated[str, typer.Option(help="For people.")] = "",
    as_json: Json = False,
) -> None:
    """Define a bank, or change what a match in it means; holds from the next query on."""
    given = {"pdq": pdq, "copy": copy}
    thresholds: Mapping[str, int] = {alg: bits for alg, bits in given.items() if bits is not None}
    with open_site(load_settings()) as site:
        bank = site.deployment.works.define_bank(name, action=action, thresholds=thresholds, description=description)
    if as_json:
        print_json({"bank": asdict(bank)})
        return
    print_line(f"bank {bank.name}: a match within {_spell(bank.thresholds.items())} means {bank.action.value}")


@app.command()
@teaching_errors
def recode(as_json: Json = False) -> None:
    """Code works again that an older version registered, so that parts of them are found.

    A server does so by itself. Works without a kept picture are counted: register them again from their files.
    """
    with open_site(load_settings(), may_make=False) as site:
        works = site.deployment.works
        waiting = works.count_uncoded().waiting
        done = _count(works.recode(), waiting, quiet=as_json)
        lost = works.count_uncoded().lost
    if as_json:
        print_json({"recoded": done, "without_picture": lost})
        return
    print_line(f"coded again: {done} of {waiting} works")
    if lost:
        print_line(f"{lost} works have no kept picture: register them again from their files to find parts of them")


@app.command()
@teaching_errors
def withdraw(
    work_id: Annotated[str, typer.Argument(metavar="WORK_ID", help="As `works list` shows it.")],
    reason: Annotated[str, typer.Option(help="Why; stays on the record.")],
    as_json: Json = False,
) -> None:
    """Withdraw a work: it stays on the record and matches no more, and its small picture is deleted."""
    with open_site(load_settings(), may_make=False) as site:
        work = site.deployment.works.withdraw(work_id, reason)
        drop_reference(site.settings, work.id, site.settings.tenant)
    if as_json:
        print_json({"work": asdict(work)})
        return
    print_line(f"withdrawn: {work.title or work.id}")


def _count(done: Iterable[str], total: int, *, quiet: bool) -> int:
    """Return how many came, with a bar while they do."""
    with build_progress(quiet=quiet) as progress:
        task = progress.add_task("coding", total=total)
        number = 0
        for _ in done:
            number += 1
            progress.advance(task)
    return number


def _spell(thresholds: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{bits} bits of {alg}" for alg, bits in thresholds) or "the fingerprint's own distance"
