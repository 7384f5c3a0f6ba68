"""`chopmark fetch`: a copy of what was released, from the public store."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from api.console import (
    ERR,
    EXIT_ERROR,
    OUT,
    CommandUsageError,
    Json,
    build_table,
    describe_error,
    plain,
    print_json,
    teaching_errors,
)
from api.home import verify_site
from api.output import OUT_HELP, Force, Output, parse_output
from api.reading import open_blobs, open_database
from api.settings import load_settings
from policies.line.released import Released, find_released, load_manifest, load_released
from provenance.errors import GateError
from provenance.storage.database import Database
from provenance.storage.store import Blobs
from provenance.tenant import Tenant

app = typer.Typer(add_completion=False)


@app.command()
@teaching_errors
def command(
    assets: Annotated[
        list[str] | None, typer.Argument(metavar="ASSET", help="As `release` named them.", show_default=False)
    ] = None,
    last: Annotated[bool, typer.Option("--last", help="What was released last.")] = False,
    out: Annotated[str, typer.Option("-o", "--out", help=OUT_HELP)] = "./",
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Write copies of released files, exactly as they were sealed; nothing is released again.

    Exits 0, or 2 when one cannot be fetched: only what is published can, held and blocked assets cannot.
    """
    if bool(assets) == last:
        raise CommandUsageError(f"expected the id of an asset, or --last, got {'both' if last else 'neither'}")
    if out == "-" and as_json:
        raise CommandUsageError("--json answers on standard output: expected -o FILE beside it, got -o -")
    wanted: list[str | None] = list(dict.fromkeys(assets)) if assets else [None]
    target = parse_output(out, several=len(wanted) > 1, force=force)
    settings = load_settings()
    verify_site(settings)
    database = open_database(settings, is_reading=True)
    public = open_blobs(settings, may_make=False).public
    made = [(asset_id or "", _fetch(database, public, asset_id, target, settings.tenant)) for asset_id in wanted]
    database.close()
    if as_json:
        print_json({"fetched": [_build_document(asset_id, item) for asset_id, item in made]})
    else:
        _show(made, target)
    if any(isinstance(item, GateError) for _, item in made):
        raise typer.Exit(EXIT_ERROR)


Fetched = tuple[Released, str]
"""What was fetched, and where it was written."""


def _fetch(
    database: Database, public: Blobs, asset_id: str | None, target: Output, tenant: Tenant
) -> Fetched | GateError:
    try:
        with database.read() as connection:
            released = find_released(connection, asset_id, tenant=tenant)
        place = target.choose(released.name or released.asset_id, released.media_type)
        file = load_released(public, released)
        written = str(place.path) if place.holds(file) else place.write(file)
        if not released.is_embedded:
            place.write_beside(load_manifest(public, released))
        return released, written  # noqa: TRY300
    except GateError as exc:
        return exc


def _build_document(asset_id: str, item: Fetched | GateError) -> dict[str, Any]:
    if isinstance(item, GateError):
        return {"asset_id": asset_id, **describe_error(item)}
    released, written = item
    return {
        "asset_id": released.asset_id,
        "name": released.name,
        "media_type": released.media_type.value,
        "sha256": released.sha256,
        "ledger_index": released.ledger_index,
        "written": written,
    }


def _show(made: Sequence[tuple[str, Fetched | GateError]], target: Output) -> None:
    table = build_table("asset", "written", "ledger")
    table.columns[0].no_wrap = True
    for asset_id, item in made:
        if isinstance(item, GateError):
            table.add_row(plain(asset_id or "last"), plain(f"error: {item} [{item.code}]", "bold red"), "")
        else:
            table.add_row(plain(item[0].asset_id), plain(item[1]), f"#{item[0].ledger_index}")
    (ERR if target.is_stream else OUT).print(table)
