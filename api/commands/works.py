"""`chopmark works`: list works and banks, define banks, withdraw works."""

from dataclasses import asdict
from typing import Annotated

import typer

from api.console import OUT, build_table, plain, print_json, teaching_errors
from api.settings import load_settings
from api.wiring import open_site

app = typer.Typer(no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@app.command("list")
@teaching_errors
def list_works(
    bank: Annotated[str, typer.Option(help="Only this bank.")] = "",
    as_json: Json = False,
) -> None:
    """List registered works."""
    with open_site(load_settings()) as site:
        works = tuple(site.deployment.works.works(bank or None))
    if as_json:
        print_json({"works": [asdict(work) for work in works]})
        return
    table = build_table("work", "title", "owner", "bank", "status", "registered")
    for work in works:
        table.add_row(work.id, plain(work.title), plain(work.owner), work.bank, work.status, work.created_at)
    OUT.print(table if works else "no work is registered; chopmark register FILE --owner NAME")


@app.command()
@teaching_errors
def banks(as_json: Json = False) -> None:
    """List banks: what a match in each means, and how near it must be."""
    with open_site(load_settings()) as site:
        found = tuple(site.deployment.works.banks())
    if as_json:
        print_json({"banks": [asdict(bank) for bank in found]})
        return
    table = build_table("bank", "action", "thresholds")
    for bank in found:
        table.add_row(bank.name, str(bank.action), ", ".join(f"{alg} {bits}" for alg, bits in bank.thresholds.items()))
    OUT.print(table)


@app.command("define-bank")
@teaching_errors
def define_bank(
    name: str,
    action: Annotated[str, typer.Option(help="block, hold, attribute or allow.")],
    pdq: Annotated[int, typer.Option(min=0, max=31, help="Most PDQ bits apart that still match.")] = 31,
    as_json: Json = False,
) -> None:
    """Define a bank, or change what a match in it means."""
    with open_site(load_settings()) as site:
        bank = site.deployment.works.define_bank(name, action=action, thresholds={"pdq": pdq})
    if as_json:
        print_json({"bank": asdict(bank)})
        return
    OUT.print(plain(f"bank {bank.name}: {bank.action} within {pdq} bits of PDQ"))


@app.command()
@teaching_errors
def withdraw(
    work_id: str,
    reason: Annotated[str, typer.Option(help="Why; goes on the record.")],
    as_json: Json = False,
) -> None:
    """Withdraw a work: it stays on the record and matches no more."""
    with open_site(load_settings()) as site:
        work = site.deployment.works.withdraw(work_id, reason)
    if as_json:
        print_json({"work": asdict(work)})
        return
    OUT.print(plain(f"withdrawn: {work.title or work.id}"))
