"""`chopmark audit`: hand the ledger to somebody who does not trust you."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from api.console import (
    OUT,
    CommandUsageError,
    Json,
    build_progress,
    build_table,
    plain,
    print_json,
    print_line,
    read_input,
    teaching_errors,
)
from api.escape import quote_file
from api.home import verify_site
from api.output import Force, parse_output, telling_os_errors
from api.reading import build_reader, open_blobs, open_database, open_log
from api.settings import load_settings
from policies.audit.concordance import compare_records
from policies.audit.exporting import NAMES_FILE, Kind, Order
from policies.audit.packing import unpacking, write_to
from policies.audit.source import Source
from provenance.errors import InconsistentLedgerError
from provenance.ledger.audit import verify_log
from provenance.ledger.handover import LogKeys, parse_history
from provenance.ledger.log import Log
from provenance.ledger.note import MAX_NOTE_BYTES, parse_vkey
from provenance.ledger.proof import SUFFIX, parse_proof, verify_carried
from provenance.ledger.selection import CLAIMS
from provenance.ledger.static_tree import write_tiles
from provenance.ledger.verification import verify_export
from provenance.storage.binding import verify_stores

STATEMENTS: Final = "dsa"
"""What `--format` calls EU DSA statements of reasons."""

MOST_LISTED: Final = 20
MOST_HISTORY_BYTES: Final = 1 << 24

History = Annotated[
    Path | None,
    typer.Option("--keys", metavar="FILE", help="History of the ledger's keys, of `chopmark keys history --json`."),
]

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command()
@teaching_errors
def export(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder to make.")] = Path("audit"),
    form: Annotated[
        str, typer.Option("--format", help="jsonl, csv, parquet, or dsa: statements of reasons.")
    ] = "jsonl",
    since: Annotated[str, typer.Option(help="Only entries from this day or time (RFC 3339, UTC unless it says).")] = "",
    until: Annotated[str, typer.Option(help="Only entries before this day or time.")] = "",
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind; may be repeated.")] = None,
    outcome: Annotated[list[str] | None, typer.Option(help="Only release, hold or block; may be repeated.")] = None,
    pack: Annotated[list[str] | None, typer.Option(help="Only decisions of this pack; may be repeated.")] = None,
    first: Annotated[int, typer.Option(min=0, help="From this index on.")] = 0,
    stop: Annotated[int | None, typer.Option(min=0, help="Up to the one before this index.")] = None,
    whole_site: Annotated[
        bool, typer.Option("--whole-site", help="Entries of every tenant, as the main tenant; else its own alone.")
    ] = False,
    with_names: Annotated[bool, typer.Option("--with-names", help=f"Say who reviewed, in {NAMES_FILE}.")] = False,
    as_json: Json = False,
) -> None:
    """Export entries with a manifest and proofs; whoever has the public key can verify it offline.

    A range of indices is proven to be whole. Of any other filter each row is proven, and not that none was left out.
    """
    is_dsa = form == STATEMENTS
    order = Order(
        kind=Kind.STATEMENTS if is_dsa else Kind.ENTRIES,
        form="jsonl" if is_dsa else form,
        since=parse_time(since),
        until=parse_time(until),
        kinds=tuple(kind or ()),
        outcomes=tuple(outcome or ()),
        packs=tuple(pack or ()),
        first=first,
        stop=stop,
        whole_site=whole_site,
        with_names=with_names,
    )
    _export(order, out, as_json=as_json)


@app.command()
@teaching_errors
def case(
    asset_id: Annotated[str, typer.Argument(metavar="ASSET_ID", help="As `review list` shows it.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder to make, or a file that ends in .zip.")],
    with_names: Annotated[bool, typer.Option("--with-names", help="Reviewers by name; else by pseudonym.")] = False,
    with_prompt: Annotated[bool, typer.Option("--prompt", help="Also the prompt, while it is kept.")] = False,
    no_pictures: Annotated[bool, typer.Option("--no-pictures", help="Without the pictures that it matched.")] = False,
    as_json: Json = False,
) -> None:
    """Write the evidence of one case: decisions, signals, matches, marks, policies, proofs; and all of it as a PDF."""
    order = Order(
        kind=Kind.CASE,
        asset_id=asset_id,
        with_names=with_names,
        with_prompt=with_prompt,
        with_pictures=not no_pictures,
    )
    _export(order, out, as_json=as_json)


@app.command()
@teaching_errors
def lineage(
    asset_id: Annotated[str, typer.Argument(metavar="ASSET_ID", help="As `release` named it.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder to make, or a file that ends in .zip.")],
    as_json: Json = False,
) -> None:
    """Write where one asset comes from and what was done with it, as W3C PROV-JSON, with its entries and proofs."""
    _export(Order(kind=Kind.LINEAGE, asset_id=asset_id), out, as_json=as_json)


def _export(order: Order, out: Path, *, as_json: bool) -> None:
    with telling_os_errors(out), _open_source() as source, build_progress(quiet=as_json, counted=False) as bar:
        task = bar.add_task("exporting", total=None)
        manifest = write_to(source, order, out, tell=lambda rows: bar.update(task, description=f"exporting row {rows}"))
    if as_json:
        print_json({"folder": str(out), "manifest": manifest.model_dump()})
        return
    print_line(f"{manifest.rows} entries in {out}/{manifest.file}, with {len(manifest.row_proofs)} proofs of their own")
    for attachment in manifest.attachments[:MOST_LISTED]:
        print_line(f"  {attachment.file}")
    whose = "of every tenant" if manifest.scope == "site" else f"of the tenant {manifest.tenant or 'main'} alone"
    print_line(f"{whose}: {CLAIMS[manifest.claim]}")
    print_line(f"verify: chopmark audit verify {quote_file(str(out))} --vkey '{manifest.vkey}'")


@contextmanager
def _open_source() -> Iterator[Source]:
    """Open what exports read, after the ledger was held against what it signed."""
    settings = load_settings()
    verify_site(settings)
    reader = build_reader(settings, is_reading=False)
    try:
        verify_stores(reader.database, reader.blobs)
        reader.log.checkpoint()
        yield Source(reader.database, reader.blobs, reader.log, reader.works, settings.tenant)
    finally:
        reader.close()


@app.command()
@teaching_errors
def verify(
    folder: Annotated[Path, typer.Argument(help="An export: its folder, or the .zip of it.")],
    vkey: Annotated[str, typer.Option(help="The ledger's public key, from a source that you trust.")],
    earlier: Annotated[Path | None, typer.Option(help="A checkpoint you kept: the export must extend it.")] = None,
    keys: History = None,
    as_json: Json = False,
) -> None:
    """Verify an export offline, with nothing but its files and the public key; exits 2 when it does not hold."""
    kept = read_input(str(earlier), most_bytes=1 << 20).decode("utf-8", "replace") if earlier else None
    with unpacking(folder) as unpacked:
        summary = verify_export(unpacked, vkey, earlier_checkpoint=kept, key_history=_read_history(keys))
    if as_json:
        print_json({"verified": True, **asdict(summary)})
        return
    _show(asdict(summary))


@app.command()
@teaching_errors
def checkpoint(as_json: Json = False) -> None:
    """Sign the ledger as it stands and print the checkpoint."""
    signed = _open_log().checkpoint()
    if as_json:
        print_json({"origin": signed.origin, "size": signed.size, "root": signed.root.hex(), "note": signed.note})
        return
    OUT.out(signed.note, end="")


@app.command()
@teaching_errors
def proof(
    index: Annotated[int, typer.Argument(min=0, help="Index of an entry.")],
    out: Annotated[str | None, typer.Option("-o", "--out", help="File for the proof; printed otherwise.")] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Write the `.tlog-proof` of one entry."""
    wanted = None if out == "-" else out  # it is printed anyway
    place = parse_output(wanted, force=force, any_ending=True).choose(str(index), suffix=SUFFIX)
    made = _open_log().proof(index)
    written = place.write(made.text.encode())
    if as_json:
        print_json({"index": index, "proof": made.text, "written": written})
    elif not written:
        OUT.out(made.text, end="")


@app.command("verify-proof")
@teaching_errors
def verify_one(
    file: Annotated[str, typer.Argument(help="A proof that carries its entry, as the verification page gives it.")],
    vkey: Annotated[str, typer.Option(help="The ledger's public key, from a source that you trust.")],
    keys: History = None,
    as_json: Json = False,
) -> None:
    """Verify one entry by its proof alone, offline: no site is needed. Exits 0 when it holds, 2 when it does not."""
    try:
        text = read_input(file, most_bytes=MAX_NOTE_BYTES).decode()
    except UnicodeDecodeError as exc:
        raise CommandUsageError(f"expected a tlog-proof, got a file that is no text: {file}") from exc
    proved = parse_proof(text)
    history = _read_history(keys)
    notes = () if history is None else parse_history(history)[0]
    opening, signed = verify_carried(proved, LogKeys.build(parse_vkey(vkey), notes))
    entry: dict[str, Any] = json.loads(opening)
    if as_json:
        print_json({"ok": True, "index": proved.index, "origin": signed.origin, "size": signed.size, "entry": entry})
        return
    print_line(f"entry {proved.index} of {signed.origin} holds, by its checkpoint over {signed.size} entries")
    if "body" not in entry:
        print_line("what it says is not in this proof: whoever may read the ledger gets one that opens it")
        return
    said = {name: entry[name] for name in ("kind", "subject", "created_at")} | entry["body"]
    _show({name: json.dumps(value) if isinstance(value, list | dict) else value for name, value in said.items()})


@app.command()
@teaching_errors
def tiles(
    folder: Annotated[Path, typer.Argument(help="Folder that a web server can serve as it is.")],
    with_old: Annotated[
        bool, typer.Option(help="Also entries that versions before 0.7 wrote in plain: they show decisions.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the ledger as C2SP tlog-tiles, for mirrors and monitors."""
    with telling_os_errors(folder):
        signed = write_tiles(_open_log(), folder, with_old=with_old)
    if as_json:
        print_json({"folder": str(folder), "size": signed.size, "root": signed.root.hex()})
        return
    OUT.print(plain(f"{folder} holds the tree of {signed.size} entries"))


@app.command("check")
@teaching_errors
def check_log(as_json: Json = False) -> None:
    """Rebuild the whole ledger from its entries and hold every checkpoint and every table against it.

    The checkpoint that is remembered apart from the database counts, too, and whether the blob stores are of its time.
    Exits 2 when anything does not hold.
    """
    with build_progress(quiet=as_json, counted=False) as bar:
        bar.add_task("rebuilding the ledger", total=None)
        log = _open_log(is_reading=True)
        summary = verify_log(log)
        found = list(compare_records(log.database))
    if found:
        told = "; ".join(f"{item.subject}: {item.text}" for item in found[:10])
        more = f"; and {len(found) - 10} more" if len(found) > 10 else ""
        raise InconsistentLedgerError(f"the ledger is whole, but the database does not say what it says: {told}{more}")
    if as_json:
        print_json({"verified": True, **asdict(summary)})
        return
    _show(asdict(summary))


def _read_history(file: Path | None) -> str | None:
    return None if file is None else read_input(str(file), most_bytes=MOST_HISTORY_BYTES).decode("utf-8", "replace")


def parse_time(text: str) -> datetime | None:
    """Return a time given as RFC 3339 text, UTC unless it says otherwise; None for "".

    Raises:
        CommandUsageError: it is no time.
    """
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise CommandUsageError(
            f"expected a day or time such as 2026-01-31 or 2026-01-31T12:00:00Z, got {text!r}"
        ) from exc
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _open_log(*, is_reading: bool = False) -> Log:
    settings = load_settings()
    verify_site(settings)
    log = open_log(settings, open_database(settings, is_reading=is_reading))
    # A database that was set back together with the checkpoint that is remembered is told by its stores.
    verify_stores(log.database, open_blobs(settings, may_make=False))
    if not is_reading:
        log.checkpoint()  # nothing is handed out of a ledger that was set back
    return log


def _show(facts: Mapping[str, Any]) -> None:
    table = build_table("verified", "")
    for name, value in facts.items():
        if name == "checkpoint" or value in {None, "", ()}:
            continue  # a checkpoint has lines of its own: --json, or `audit checkpoint`
        shown = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
        if isinstance(value, tuple):
            shown = ", ".join(value)
        table.add_row(name.replace("_", " "), plain(shown))
    OUT.print(table)
