"""`chopmark worker`: walk what waits in the line."""

import os
from typing import Annotated

import typer

from api.console import print_hint, teaching_errors
from api.settings import load_settings

app = typer.Typer(add_completion=False)


@app.command()
@teaching_errors
def command(
    number: Annotated[
        int | None,
        typer.Option("--number", min=0, max=9999, help="Of this worker on this machine; else the first that is free."),
    ] = None,
    with_parent: Annotated[
        bool, typer.Option("--with-parent", help="End when the process that started this one ends.")
    ] = False,
) -> None:
    """Walk what waits in the line, until SIGTERM or Ctrl-C; then finish what is walked, or give it back.

    Any number of these may run, on any number of hosts with PostgreSQL, on one with SQLite.
    """
    from api.working import GIVES_WAY, run_worker

    parent = os.getppid() if with_parent else None
    if with_parent:
        os.nice(GIVES_WAY)
    raise typer.Exit(run_worker(load_settings(), number=number, parent=parent, tell=print_hint))
