"""`chopmark release`: walk files, or a prompt, through the gate."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from api.batch import run_each
from api.console import (
    EXIT_ERROR,
    OUT,
    CommandUsageError,
    Json,
    build_progress,
    build_table,
    describe_error,
    plain,
    print_hint,
    print_json,
    read_input,
    teaching_errors,
    write_output,
)
from api.escape import quote_file
from api.settings import load_settings
from api.wiring import Site, open_site
from policies.decision import Outcome, Reason
from policies.deployment import Submission
from policies.gate import release
from policies.publishing import Result
from provenance.asset import MediaType
from provenance.errors import GateError

app = typer.Typer(add_completion=False)

EXIT_CODES: Final = {Outcome.RELEASE: 0, Outcome.HOLD: 3, Outcome.BLOCK: 4}
STYLES: Final = {Outcome.RELEASE: "green", Outcome.HOLD: "yellow", Outcome.BLOCK: "red"}
WORDS: Final = {Outcome.RELEASE: "released", Outcome.HOLD: "held", Outcome.BLOCK: "blocked"}
MARKS: Final = {
    "signed_metadata": "C2PA",
    "timestamp": "time-stamp",
    "watermark": "watermark",
    "explicit_label": "visible label",
    "aigc_metadata": "AIGC",
    "iptc_metadata": "IPTC",
}
"""Marks as tables call them; JSON keeps kind and technique."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How one submission ended: a result, or the error that intake raised."""

    name: str
    result: Result | None = None
    error: GateError | None = None
    written: str = ""


@dataclass(slots=True)
class Target:
    """Where released files go.

    Attributes:
        out: a file for one, a folder for several, None for nowhere beside the public store.
        several: whether more than one file may come.
        replace: write over files that a folder already holds.
    """

    out: Path | None
    several: bool = False
    replace: bool = False
    _taken: set[Path] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, site: Site, result: Result) -> str:
        """Write the released file and return where, or "" when it is wanted nowhere.

        Raises:
            GateError: it cannot be written.
        """
        if self.out is None or result.outcome is not Outcome.RELEASE:
            return ""
        path = self.choose(result)
        write_output(path, site.deployment.blobs.public.get(result.public_key))
        return str(path)

    def choose(self, result: Result) -> Path:
        """Return a path that nobody else of this run has: the file's own name, ending as its content asks.

        A file named for another type is not written under that name: readers would believe the name.
        """
        assert self.out is not None
        suffix = MediaType(result.seal["media_type"]).extension
        if not self.several and self.out.suffix and not self.out.is_dir():
            same = _known_type(self.out.suffix) == _known_type(suffix)
            return self.out if same else self.out.with_suffix(suffix)
        stem = Path(result.name).stem or result.asset_id
        with self._lock:
            path = self.out / f"{stem}{suffix}"
            if path in self._taken or (path.exists() and not self.replace):
                path = self.out / f"{stem}-{result.asset_id[-8:]}{suffix}"
            self._taken.add(path)
        return path


def _known_type(suffix: str) -> str:
    return {".jpeg": ".jpg", ".jfif": ".jpg", ".tiff": ".tif"}.get(suffix.lower(), suffix.lower())


@app.command()
@teaching_errors
def command(
    files: Annotated[
        list[str] | None, typer.Argument(help="Pictures; - reads one from a pipe.", show_default=False)
    ] = None,
    prompt: Annotated[str, typer.Option(help="Draw this with the configured backend; - reads it from a pipe.")] = "",
    seed: Annotated[int, typer.Option(help="Seed for --prompt.")] = 0,
    pack: Annotated[list[str] | None, typer.Option(help="Policy pack that decides; may be repeated.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="File, or folder, for what was released.")] = None,
    as_json: Json = False,
) -> None:
    """Walk files, or a prompt, through the gate: screen, decide, mark, sign, record, release.

    Exits 0 when all were released, 3 when one was held, 4 when one was blocked, 2 on an error.
    """
    if bool(files) == bool(prompt):
        got = "both" if files else "neither"
        raise CommandUsageError(f"expected files (or - for a pipe), or --prompt TEXT, got {got}")
    packs = tuple(pack or ())
    with open_site(load_settings()) as site:
        site.deployment.select_packs(packs)
        with build_progress(quiet=as_json, counted=False) as bar:
            bar.add_task("warming up", total=None)
            site.warm()
        if prompt:
            ended = [_release_prompt(site, read_prompt(prompt), seed, packs, Target(out), quiet=as_json)]
        else:
            ended = release_files(site, files or [], packs, Target(out, several=len(files or ()) > 1), quiet=as_json)
    if as_json:
        print_json({"results": [build_document(item) for item in ended]})
    else:
        show(ended)
        show_hints(ended, out)
    raise typer.Exit(exit_code(ended))


def read_prompt(text: str) -> str:
    """Return the prompt, read from standard input for ``-``, so that no list of processes shows it.

    Raises:
        GateError: it cannot be read or is no UTF-8 text.
    """
    if text != "-":
        return text
    try:
        return read_input("-", most_bytes=1 << 20).decode().strip()
    except UnicodeDecodeError as exc:
        raise CommandUsageError("expected a prompt as UTF-8 text on standard input") from exc


def _release_prompt(
    site: Site, prompt: str, seed: int, packs: tuple[str, ...], target: Target, *, quiet: bool
) -> Ended:
    with build_progress(quiet=quiet, counted=False) as bar:
        task = bar.add_task("drawing", total=None)
        drawn = site.draw(
            prompt, seed=seed, packs=packs, progress=lambda done, total: bar.update(task, completed=done, total=total)
        )
        bar.update(task, description="releasing", total=None)
        return end_one(site, drawn, target)


def release_files(
    site: Site, files: Sequence[str], packs: tuple[str, ...], target: Target, *, quiet: bool
) -> list[Ended]:
    """Release every file, as many at once as there are cores, with a progress bar on standard error."""

    def one(path: str) -> Ended:
        try:
            data = read_input(path, most_bytes=site.settings.max_bytes)
        except GateError as exc:
            return Ended(path, error=exc)
        name = "" if path == "-" else Path(path).name
        return end_one(site, Submission(data, name=name, packs=packs), target, source=path)

    return run_each(one, files, description="releasing", quiet=quiet)


def end_one(site: Site, submission: Submission, target: Target, *, source: str = "") -> Ended:
    """Walk one submission down the line and write what was released; an error is an end, too."""
    shown = source or submission.name or "prompt"
    try:
        result = release(site.deployment, submission)
    except GateError as exc:
        return Ended(shown, error=exc)
    try:
        return Ended(shown, result=result, written=target.write(site, result))
    except GateError as exc:
        return Ended(shown, result=result, error=exc)


def exit_code(ended: Iterable[Ended]) -> int:
    """Return 2 when anything failed, else the code of the strictest outcome."""
    codes = [EXIT_ERROR if item.error or item.result is None else EXIT_CODES[item.result.outcome] for item in ended]
    return EXIT_ERROR if EXIT_ERROR in codes else max(codes, default=0)


def build_document(ended: Ended) -> dict[str, Any]:
    """Return the stable JSON form of one end."""
    trouble = {} if ended.error is None else describe_error(ended.error)
    if ended.result is None:
        return {"name": ended.name, "outcome": "error", **trouble}
    result = ended.result
    return {
        "name": ended.name,
        "outcome": WORDS[result.outcome],
        "asset_id": result.asset_id,
        "decision_id": result.decision.id,
        "decided_by": result.decision.decided_by,
        "packs": [{"name": pack.name, "sha256": pack.sha256} for pack in result.decision.packs],
        "reasons": [build_reason(reason) for reason in result.decision.reasons],
        "seal": result.seal,
        "ledger_index": result.ledger_index,
        "public_key": result.public_key,
        "written": ended.written,
        **trouble,
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


def show(ended: Sequence[Ended]) -> None:
    """Print the table that people read."""
    names = [Path(item.name).name for item in ended]
    is_short = len(set(names)) == len(names)
    table = build_table("file", "outcome", "why", "marks made", "ledger")
    table.columns[-1].min_width = len("ledger")
    table.columns[0].min_width = min(20, max(map(len, names), default=0))
    for item, name in zip(ended, names, strict=True):
        table.add_row(plain(name if is_short else item.name), *_cells(item))
    OUT.print(table)


def show_hints(ended: Sequence[Ended], out: Path | None) -> None:
    """Say where released files are, and what can be done about the others."""
    for item in ended:
        if item.written and Path(item.written) != out and out is not None and out.suffix and len(ended) == 1:
            print_hint(f"written to {item.written}: the gate keeps the type of a file, and the name has to fit it")
        if item.result and item.result.outcome is Outcome.HOLD:
            print_hint(
                f"held {item.name}: chopmark review approve {item.result.asset_id} --reviewer NAME --reason TEXT"
            )
    written = [item for item in ended if item.written]
    released = [item for item in ended if item.result and item.result.outcome is Outcome.RELEASE]
    if written:
        where = quote_file(written[0].written) if len(written) == 1 else f"{quote_file(str(out))}/*"
        print_hint(f"next: chopmark verify {where}")
    elif released:
        print_hint("released files are in the public store of the data directory; -o FOLDER writes copies")


def _cells(item: Ended) -> Iterator[Any]:
    if item.result is None:
        yield plain("error", "bold red")
        yield plain(f"{item.error} [{item.error.code if item.error else ''}]")
        yield from ("", "")
        return
    result = item.result
    yield plain(WORDS[result.outcome], f"bold {STYLES[result.outcome]}")
    yield plain(f"released, but {item.error}" if item.error else describe_reasons(result))
    yield plain(list_marks(result))
    yield "" if result.ledger_index is None else f"#{result.ledger_index}"


def list_marks(result: Result) -> str:
    """Return the marks that were made and read back, in words."""
    made = [mark for mark in result.seal.get("marks", []) if mark["made"]]
    return ", ".join(MARKS.get(mark["kind"], mark["kind"]) for mark in made)


def describe_reasons(result: Result, most: int = 2) -> str:
    """Return the strictest reasons in words; a release has nothing against it."""
    against = [reason for reason in result.decision.reasons if reason.outcome is not Outcome.RELEASE]
    if result.outcome is Outcome.RELEASE and not result.decision.decided_by.startswith("review"):
        return "no rule objects"
    shown = (against or list(result.decision.reasons))[:most]
    if result.decision.decided_by.startswith("review"):
        shown = list(result.decision.reasons[:1])
    more = len(against) - len(shown)
    return "; ".join(reason.text for reason in shown) + (f"; and {more} more" if more > 0 else "")
