"""`chopmark register`: put originals into the works registry."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track

from api.console import ERR, OUT, build_table, plain, print_json, read_input, teaching_errors
from api.settings import load_settings
from api.wiring import open_site
from provenance.errors import GateError
from provenance.media.image import parse_image

app = typer.Typer()


@app.command()
@teaching_errors
def command(
    files: Annotated[list[str], typer.Argument(help="Pictures; - reads one from a pipe.")],
    owner: Annotated[str, typer.Option(help="Who holds the rights.")],
    title: Annotated[str, typer.Option(help="For one file; the file's name otherwise.")] = "",
    bank: Annotated[str, typer.Option(help="Bank that decides what a match means.")] = "works",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Put originals into the works registry; matches are found from the next query on."""
    if title and len(files) > 1:
        raise GateError("--title is for one file, got several")
    with open_site(load_settings()) as site:
        made = []
        for path in track(files, "registering", console=ERR, disable=as_json or len(files) == 1, transient=True):
            picture = parse_image(read_input(path), declared_name="" if path == "-" else path, limits=site.deployment.limits)
            name = title or ("" if path == "-" else Path(path).stem)
            made.append((path, site.deployment.works.register(picture, title=name, owner=owner, bank=bank)))
    if as_json:
        print_json(
            {
                "registered": [
                    {"name": path, "work_id": work.id, "title": work.title, "owner": work.owner, "bank": work.bank}
                    for path, work in made
                ]
            }
        )
        return
    table = build_table("file", "work", "title", "owner", "bank")
    for path, work in made:
        table.add_row(plain(path), work.id, plain(work.title), plain(work.owner), work.bank)
    OUT.print(table)
