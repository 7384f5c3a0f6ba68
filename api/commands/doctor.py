"""`chopmark doctor`: is this installation fit to run, and under which licences?"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Final

import typer

from api.checks import Check, Level, check_installation
from api.console import (
    EXIT_ERROR,
    OUT,
    Json,
    build_progress,
    build_table,
    plain,
    print_json,
    print_line,
    teaching_errors,
)
from api.licences import Package, find_packages
from api.settings import load_settings

app = typer.Typer(add_completion=False)

STYLES: Final = {Level.OK: "green", Level.NOTE: "yellow", Level.WRONG: "bold red"}


@app.command()
@teaching_errors
def command(
    full: Annotated[bool, typer.Option("--full", help="Look at every record and every file, however many.")] = False,
    every: Annotated[bool, typer.Option("--all", help="List installed packages that nothing uses, too.")] = False,
    as_json: Json = False,
) -> None:
    """Check this installation and list the licences of what is active.

    Exits 0 when it is fit to release, 2 when it is not.
    """
    settings = load_settings()
    with build_progress(quiet=as_json, counted=False) as bar:
        bar.add_task("checking", total=None)
        checks = list(check_installation(settings, full=full))
    packages = [package for package in find_packages(settings) if package.is_active or every]
    is_fit = all(check.level is not Level.WRONG for check in checks)
    if as_json:
        print_json(
            {
                "ok": is_fit,
                "checks": [{**asdict(check), "level": check.level.value} for check in checks],
                "packages": [asdict(package) for package in packages],
            }
        )
    else:
        _show(checks, packages)
        print_line("fit to release" if is_fit else "not fit to release", "bold green" if is_fit else "bold red")
    if not is_fit:
        raise typer.Exit(EXIT_ERROR)


def _show(checks: Sequence[Check], packages: Sequence[Package]) -> None:
    table = build_table("check", "", "what was found")
    for check in checks:
        table.add_row(plain(check.what), plain(check.level.value, STYLES[check.level]), plain(check.text))
    OUT.print(table)
    OUT.print()
    licences = build_table("active package", "version", "licence", "for")
    for package in packages:
        style = "" if package.is_active else "dim"
        cells = (package.name, package.version, package.licence, package.used_for)
        licences.add_row(*(plain(cell, style) for cell in cells))
    OUT.print(licences)
    OUT.print()
