"""`chopmark register`: put originals into the works registry."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.text import Text

from api.batch import count_threads
from api.console import (
    EXIT_ERROR,
    OUT,
    CommandUsageError,
    Json,
    build_progress,
    build_table,
    describe_error,
    plain,
    print_json,
    read_input,
    teaching_errors,
)
from api.settings import load_settings
from api.wiring import Site, open_site
from provenance.errors import GateError, WorksError
from provenance.fingerprints.base import Unhashable
from provenance.media.image import Picture, parse_image
from provenance.works.registry import Registration, Work

app = typer.Typer(add_completion=False)

BATCH: Final = 64
"""Decoded pictures that are held at a time, as many as the registry puts into one transaction."""


@app.command()
@teaching_errors
def command(
    files: Annotated[list[str], typer.Argument(help="Pictures; - reads one from a pipe.")],
    owner: Annotated[str, typer.Option(help="Who holds the rights.")],
    title: Annotated[str, typer.Option(help="For one file; the file's name otherwise.")] = "",
    bank: Annotated[str, typer.Option(help="Bank that decides what a match means; see `works banks`.")] = "works",
    as_json: Json = False,
) -> None:
    """Put originals into the works registry; matches are found from the next query on.

    Exits 0 when all are registered, 2 when one is not. Registering the same again changes nothing.
    """
    if title and len(files) > 1:
        raise CommandUsageError(f"--title is for one file, got {len(files)}")
    made: list[tuple[str, Work | GateError]] = []
    with open_site(load_settings()) as site, build_progress(quiet=as_json, counted=len(files) > 1) as bar:
        task = bar.add_task("registering", total=len(files) if len(files) > 1 else None)
        for start in range(0, len(files), BATCH):
            chunk = files[start : start + BATCH]
            made += _register(site, chunk, title=title, owner=owner, bank=bank)
            bar.advance(task, len(chunk))
    if as_json:
        print_json({"registered": [_build_document(path, work) for path, work in made]})
    else:
        _show(made)
    if any(isinstance(work, GateError) for _, work in made):
        raise typer.Exit(EXIT_ERROR)


def _register(
    site: Site, files: Sequence[str], *, title: str, owner: str, bank: str
) -> Iterator[tuple[str, Work | GateError]]:
    """Yield what became of each file; one that cannot be read or found again stops no other."""
    read: list[tuple[str, Picture | GateError]] = [(path, _read(site, path)) for path in files]
    registrations = [
        Registration(picture, title or _build_title(path), owner, bank)
        for path, picture in read
        if isinstance(picture, Picture)
    ]
    made = site.deployment.works.register_many(registrations, threads=count_threads(len(registrations)))
    for path, picture in read:
        if isinstance(picture, GateError):
            yield path, picture
            continue
        work = next(made)
        if isinstance(work, Unhashable):
            yield path, WorksError(f"this picture cannot be found again by {work.alg}: {work.reason}")
        else:
            yield path, work


def _read(site: Site, path: str) -> Picture | GateError:
    try:
        data = read_input(path, most_bytes=site.settings.max_bytes)
        return parse_image(data, declared_name="" if path == "-" else path, limits=site.deployment.limits)
    except GateError as exc:
        return exc


def _build_title(path: str) -> str:
    return "untitled" if path == "-" else Path(path).stem


def _build_document(path: str, work: Work | GateError) -> dict[str, Any]:
    if isinstance(work, GateError):
        return {"name": path, **describe_error(work)}
    facts = {"work_id": work.id, "title": work.title, "owner": work.owner, "bank": work.bank}
    return {"name": path, **facts, "status": work.status.value, "ledger_index": work.ledger_index}


def _show(made: Sequence[tuple[str, Work | GateError]]) -> None:
    table = build_table("file", "work", "title and owner", "bank")
    table.columns[1].no_wrap = all(isinstance(work, Work) for _, work in made)
    for path, work in made:
        name = plain(path if path == "-" else Path(path).name)
        if isinstance(work, GateError):
            table.add_row(name, plain("error", "bold red"), plain(f"{work} [{work.code}]"))
        else:
            named = Text("\n").join((plain(work.title), plain(work.owner, "dim")))
            table.add_row(name, plain(work.id), named, plain(work.bank))
    OUT.print(table)
