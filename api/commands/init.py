"""`chopmark init`: make a site, so that the other verbs find one."""

import typer

from api.compiling import compile_once
from api.console import Json, print_hint, print_json, print_line, teaching_errors
from api.home import find_database_file, has_site
from api.settings import load_settings
from api.wiring import open_site

app = typer.Typer(add_completion=False)


@app.command()
@teaching_errors
def command(as_json: Json = False) -> None:
    """Make a site in CHOPMARK_HOME: its database, its keys and its folders; a site that is there stays as it is.

    Once for a machine it compiles what marks and searches pictures, which takes a minute.

    Exits 0 when there is a site, 2 when it cannot be made or used.
    """
    settings = load_settings()
    was_there = has_site(settings)
    with open_site(settings, quiet=True) as site:
        vkey = site.deployment.log.signer.vkey
    compile_once(with_bar=True, quiet=as_json)
    database = find_database_file(settings)
    if as_json:
        print_json({"home": str(settings.home), "made": not was_there, "ledger": {"vkey": vkey}})
        return
    print_line(f"{'there is a site in' if was_there else 'made a site in'} {settings.home}", "bold")
    print_line(f"  database      {database or 'on a server'}")
    print_line(f"  keys          {settings.keys_dir}: keep a copy of them apart from here")
    print_line(f"  ledger        {vkey}")
    print_hint("next: chopmark release FILE -o OUT; chopmark doctor says what is missing for production")
