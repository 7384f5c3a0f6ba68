"""`chopmark adopt`: a person has looked, and says that this database and these blob stores belong together."""

from typing import Annotated

import typer

from api.console import CommandUsageError, Json, print_hint, print_json, print_line, teaching_errors
from api.home import make_home
from api.reading import open_blobs, open_database, open_log
from api.settings import load_settings
from provenance.storage.binding import adopt_stores

app = typer.Typer(add_completion=False)


@app.command()
@teaching_errors
def command(
    is_sure: Annotated[bool, typer.Option("--yes", help="You have looked, and restored what can be restored.")] = False,
    as_json: Json = False,
) -> None:
    """Bind this database and these blob stores to each other, whatever they said before.

    For after a restore that could not be whole. Nothing is removed: what the database names and the stores lack stays
    lost, what they hold and it does not know stays where it is (chopmark sweep --dry-run lists it). A database that was
    set back behind what its ledger signed is not adopted.
    """
    if not is_sure:
        raise CommandUsageError("expected --yes: look first (docs/storage.md), restore what you can, then adopt")
    settings = load_settings()
    make_home(settings, may_lack_database=True)
    database = open_database(settings)
    log = open_log(settings, database)
    log.remember()
    log.checkpoint()
    site = adopt_stores(database, open_blobs(settings), log)
    log.checkpoint()
    if as_json:
        print_json({"site": site})
        return
    print_line(f"the database and both blob stores are bound to the site {site}")
    print_hint("next: chopmark doctor --full")
