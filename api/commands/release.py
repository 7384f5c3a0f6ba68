"""`chopmark release`: walk files, or a prompt, through the gate."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from api.console import ERR, OUT, build_table, describe_error, plain, print_json, read_input, teaching_errors, write_output
from api.settings import load_settings
from api.wiring import Site, open_site
from policies.decision import Outcome, Reason
from policies.deployment import Submission
from policies.gate import release
from policies.publishing import Result
from provenance.asset import MediaType, Origin
from provenance.errors import GateError

app = typer.Typer()

EXIT_CODES: Final = {Outcome.RELEASE: 0, Outcome.HOLD: 3, Outcome.BLOCK: 4}
STYLES: Final = {Outcome.RELEASE: "green", Outcome.HOLD: "yellow", Outcome.BLOCK: "red"}
WORDS: Final = {Outcome.RELEASE: "released", Outcome.HOLD: "held", Outcome.BLOCK: "blocked"}


@dataclass(frozen=True, slots=True)
class Ended:
    """How one submission ended: a result, or the error that intake raised."""

    name: str
    result: Result | None = None
    error: GateError | None = None
    written: str = ""


@app.command()
@teaching_errors
def command(
    files: Annotated[list[str] | None, typer.Argument(help="Pictures; - reads one from a pipe.", show_default=False)] = None,
    prompt: Annotated[str, typer.Option(help="Draw this with the configured backend and release it.")] = "",
    seed: Annotated[int, typer.Option(help="Seed for --prompt.")] = 0,
    pack: Annotated[list[str] | None, typer.Option(help="Policy pack; may be repeated.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="File or folder for what was released.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Walk files, or a prompt, through the gate: screen, mark, sign, record, release.

    Exits 0 when all were released, 3 when one was held, 4 when one was blocked, 2 on an error.
    """
    if bool(files) == bool(prompt):
        raise GateError("expected files (or - for a pipe) or --prompt, got " + ("both" if files else "neither"))
    with open_site(load_settings()) as site:
        site.warm()
        packs = tuple(pack or ())
        if prompt:
            ended = [end_one(site, site.draw(prompt, seed=seed, packs=packs), out, several=False)]
        else:
            ended = release_files(site, files or [], packs, out, quiet=as_json)
        if as_json:
            print_json({"results": [build_document(item) for item in ended]})
        else:
            show(ended)
    raise typer.Exit(exit_code(ended))


def release_files(site: Site, files: list[str], packs: tuple[str, ...], out: Path | None, *, quiet: bool) -> list[Ended]:
    """Release every file, as many at once as there are cores, with a progress bar on standard error."""

    def one(path: str) -> Ended:
        try:
            data = read_input(path)
        except GateError as exc:
            return Ended(path, error=exc)
        name = "" if path == "-" else Path(path).name
        return end_one(site, Submission(data, name=name, packs=packs), out, several=len(files) > 1, source=path)

    bar = Progress(
        SpinnerColumn(), TextColumn("releasing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=ERR, disable=quiet or not ERR.is_terminal or len(files) == 1, transient=True,
    )  # fmt: skip
    with bar, ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(bar.track(pool.map(one, files), total=len(files)))


def end_one(site: Site, submission: Submission, out: Path | None, *, several: bool, source: str = "") -> Ended:
    """Walk one submission down the line and write what was released; an intake error is an end, too."""
    shown = source or submission.name or "prompt"
    try:
        result = release(site.deployment, submission)
        written = ""
        if out is not None and result.outcome is Outcome.RELEASE:
            target = target_path(out, result, several=several)
            write_output(target, site.deployment.blobs.public.get(result.public_key))
            written = str(target)
    except GateError as exc:
        return Ended(shown, error=exc)
    return Ended(shown, result=result, written=written)


def target_path(out: Path, result: Result, *, several: bool) -> Path:
    """Return where a released file goes: `out` itself for one file, else inside it under the file's own name."""
    suffix = MediaType(result.seal["media_type"]).extension
    if not several and out.suffix and not out.is_dir():
        return out
    stem = Path(result.name).stem or result.asset_id
    target = out / f"{stem}{suffix}"
    return target if not target.exists() else out / f"{stem}-{result.asset_id[-8:]}{suffix}"


def exit_code(ended: list[Ended]) -> int:
    """Return 2 when anything failed, else the code of the strictest outcome."""
    if any(item.error for item in ended):
        return 2
    return max((EXIT_CODES[item.result.outcome] for item in ended if item.result), default=0)


def build_document(ended: Ended) -> dict[str, Any]:
    """Return the stable JSON form of one end."""
    if ended.result is None:
        assert ended.error is not None
        return {"name": ended.name, "outcome": "error", **describe_error(ended.error)}
    result = ended.result
    return {
        "name": ended.name,
        "outcome": WORDS[result.outcome],
        "asset_id": result.asset_id,
        "decided_by": result.decision.decided_by,
        "packs": [{"name": pack.name, "sha256": pack.sha256} for pack in result.decision.packs],
        "reasons": [build_reason(reason) for reason in result.decision.reasons],
        "seal": result.seal,
        "ledger_index": result.ledger_index,
        "written": ended.written,
    }


def build_reason(reason: Reason) -> dict[str, Any]:
    """Return the stable JSON form of one reason."""
    return {
        "pack": reason.pack,
        "rule": reason.rule,
        "outcome": reason.outcome.value,
        "clause": reason.clause,
        "text": reason.text,
        "detector": reason.detector,
        "category": reason.category,
        "score": reason.score,
        "threshold": reason.threshold,
    }


def show(ended: list[Ended]) -> None:
    """Print the table that people read."""
    table = build_table("what", "outcome", "why", "marks", "ledger")
    for item in ended:
        table.add_row(*_cells(item))
    OUT.print(table)
    for item in ended:
        if item.result and item.result.outcome is Outcome.HOLD:
            ERR.print(plain(f"held: chopmark review approve {item.result.asset_id} --reviewer NAME --reason TEXT", "dim"))


def _cells(item: Ended) -> Iterator[Any]:
    yield plain(item.name)
    if item.result is None:
        yield plain("error", "bold red")
        yield plain(f"{item.error}")
        yield ""
        yield ""
        return
    result = item.result
    yield plain(WORDS[result.outcome], f"bold {STYLES[result.outcome]}")
    yield plain(describe_reasons(result))
    yield plain(", ".join(mark["technique"] for mark in result.seal.get("marks", []) if mark["made"]))
    yield "" if result.ledger_index is None else f"#{result.ledger_index}"


def describe_reasons(result: Result, most: int = 2) -> str:
    """Return the strictest reasons in words; a release has nothing against it."""
    against = [reason for reason in result.decision.reasons if reason.outcome is not Outcome.RELEASE]
    if result.outcome is Outcome.RELEASE and not result.decision.decided_by.startswith("review"):
        return "nothing against it"
    shown = against or list(result.decision.reasons)
    return "; ".join(reason.text for reason in shown[:most])
