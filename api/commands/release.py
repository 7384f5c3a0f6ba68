"""`chopmark release`: walk files, or a prompt, through the gate."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from api.console import (
    ERR,
    EXIT_ERROR,
    OUT,
    CommandUsageError,
    Json,
    build_progress,
    build_table,
    describe_error,
    plain,
    print_error,
    print_hint,
    print_json,
    print_json_line,
    print_line,
    print_summary,
    teaching_errors,
)
from api.crew import count_helpers, end_each
from api.escape import quote_file
from api.helper import standing_by
from api.making import TYPES, make, name_made, verify_kind, verify_makes
from api.output import OUT_HELP, Force, Output, Place, parse_output
from api.reading import load_media
from api.releasing import Ended, Making, Repeats, Request, end_drawn, end_file, plan_sources, read_prompt
from api.reviewing import build_reason
from api.settings import load_settings
from api.upkeep import keep_up
from api.watching import stopping_on_signals, watch_folder
from api.wiring import Site, open_site
from policies.line.deployment import Submission
from policies.line.publishing import Result
from policies.rules.decision import Outcome
from provenance.asset import AssetId
from provenance.errors import GateError
from provenance.seal.sealed import describe_source

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

Prompt = Annotated[str | None, typer.Option(help="What the pictures were made from, or are to be; - reads a pipe.")]
PromptFile = Annotated[str | None, typer.Option(metavar="FILE", help="The same, read from a UTF-8 file.")]
Kind = Annotated[str, typer.Option("--as", help="What --prompt alone becomes: picture, clip, music or speech.")]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on where a batch was interrupted: what was blocked is not asked again.")
]
Again = Annotated[bool, typer.Option("--again", help="Release the same bytes once more, as another asset.")]
WatchFolder = Annotated[
    str | None,
    typer.Option("--watch", metavar="FOLDER", help="Stay, and take up each file that is written into this folder."),
]


@dataclass(frozen=True, slots=True)
class Made:
    """What a prompt is to become."""

    kind: str
    making: Making
    seconds: float
    packs: tuple[str, ...]


@app.command()
@teaching_errors
def command(
    files: Annotated[
        list[str] | None, typer.Argument(help="Pictures; - reads one from a pipe.", show_default=False)
    ] = None,
    prompt: Prompt = None,
    kind: Kind = "picture",
    seconds: Annotated[float, typer.Option(min=1.0, max=180.0, help="Of a clip or music that --prompt becomes.")] = 5.0,
    prompt_file: PromptFile = None,
    seed: Annotated[int | None, typer.Option(help="Seed that a picture was, or is to be, drawn with.")] = None,
    model: Annotated[str, typer.Option(help="Model that the pictures were made with, for the record.")] = "",
    consent: Annotated[
        list[str] | None, typer.Option(help="Id of a consent of who is in it, see `consents add`; may be repeated.")
    ] = None,
    purpose: Annotated[str, typer.Option(help="What it is for, as consents name it, such as avatar.")] = "",
    pack: Annotated[list[str] | None, typer.Option(help="Policy pack that decides; may be repeated.")] = None,
    out: Annotated[str | None, typer.Option("-o", "--out", help=OUT_HELP)] = None,
    force: Force = False,
    asset_id: Annotated[str, typer.Option(help="UUID of your own for the asset: handed in twice, it is one.")] = "",
    key: Annotated[
        str, typer.Option(help="Key of your own for this request: handed in twice, it is one, as Idempotency-Key does.")
    ] = "",
    resume: Resume = False,
    again: Again = False,
    watch: WatchFolder = None,
    as_json: Json = False,
) -> None:
    """Walk files through the gate: screen, decide, mark, sign, record, release.

    Say with --prompt what they were made from, and the prompt is screened and its digest recorded. Without files the
    prompt is drawn, or with --as becomes a clip, music or speech, by what the setting makers names. With --consent it
    is said to show somebody who agreed: what a consent does not cover is held. What was released before is not released
    again. With --watch the process stays and takes up each file that is written into the folder, until Ctrl-C. Exits 0
    when all were released, 3 when one was held, 4 when one was blocked, 2 on an error.
    """
    if watch is not None:
        _verify_watching(watch, files or [], seed=seed, asset_id=asset_id, key=key, out=out)
        asked = Making(read_prompt(prompt, file=prompt_file), seed, model, tuple(consent or ()), purpose)
        repeats = Repeats(again=again, resume=not again)
        raise typer.Exit(_watch(watch, asked, tuple(pack or ()), out, repeats, force=force, as_json=as_json))
    making = Making(_read_making(files or [], prompt, prompt_file), seed, model, tuple(consent or ()), purpose)
    chosen = parse_asset_id(asset_id)
    verify_kind(kind)
    if files and kind != "picture":
        raise CommandUsageError("--as says what --prompt becomes: it does not go with files")
    _verify_making(files or [], seed=seed, model=model, asset_id=chosen, key=key)
    settings = load_settings()
    read = (prompt_file, "-" if prompt == "-" else None)
    target = open_output(out, files or [], *read, force=force, as_json=as_json)
    packs, repeats = tuple(pack or ()), Repeats(again=again, resume=resume)
    if files:
        sources = plan_sources(files, target, load_media(settings), most_bytes=settings.max_bytes)
        if len(sources) == 1 and isinstance(sources[0].place, GateError):
            raise sources[0].place
    else:
        place = target.choose(name_made(kind, making.prompt or "", seed or 0), TYPES[kind])
    with standing_by(count_helpers(len(files or []))) as helpers, open_site(settings) as site:
        site.deployment.select_packs(packs)
        verify_makes(site, kind)
        if files:
            request = Request(packs, making, repeats, chosen, key)
            ended = end_each(site, sources, request, standing_by=helpers, quiet=as_json)
        else:
            with build_progress(quiet=as_json, counted=False) as bar:
                bar.add_task("warming up", total=None)
                site.warm()
            made = Made(kind, making, seconds, packs)
            ended = [_release_prompt(site, made, place, chosen, repeats, key=key, quiet=as_json)]
    tell(ended, target, as_json=as_json)
    raise typer.Exit(exit_code(ended))


def _verify_watching(
    watch: str, files: Sequence[str], *, seed: int | None, asset_id: str, key: str, out: str | None
) -> None:
    asked = (("files", files), ("--seed", seed), ("--asset-id", asset_id), ("--key", key))
    given = [name for name, value in asked if value]
    if given:
        raise CommandUsageError(f"--watch takes up what is written into a folder: it does not go with {given[0]}")
    if not Path(watch).is_dir():
        raise CommandUsageError(f"expected --watch to name a folder, got {watch!r}")
    if out is not None and out != "-" and Path(out).resolve() == Path(watch).resolve():
        raise CommandUsageError(f"what is released cannot go into {watch}, where it would be taken up again: -o OTHER/")


def _watch(
    watch: str, making: Making, packs: tuple[str, ...], out: str | None, repeats: Repeats, *, force: bool, as_json: bool
) -> int:
    """Watch a folder until somebody ends it; 0, for what became of the files was told as each ended."""
    settings = load_settings()
    open_output(out, [], force=force, as_json=as_json, several=True)

    def end(path: str) -> Ended:
        target = open_output(out, [path], force=force, as_json=as_json, several=True)
        (source,) = plan_sources([path], target, site.deployment.media, most_bytes=settings.max_bytes)
        return end_file(site, source, Request(packs, making, repeats))

    with stopping_on_signals() as stopped, open_site(settings) as site, keep_up(site.deployment):
        site.deployment.select_packs(packs)
        site.warm()
        print_hint(f"watching {watch}; Ctrl-C ends it when the files at work are done")
        counts = watch_folder(Path(watch), end, lambda ended: _tell_one(ended, as_json=as_json), stopped)
    print_hint(", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())) or "nothing was written")
    return 0


def _tell_one(ended: Ended, *, as_json: bool) -> None:
    """Say how one file ended, in one line; under --json that line is its document."""
    if as_json:
        print_json_line(build_document(ended))
        return
    word, error = _word(ended), ended.error
    if error is not None:
        print_line(f"{word}: {ended.name}: {error} [{error.code}]")
    elif ended.result is not None:
        print_line(f"{word}: {ended.name}: {ended.written or describe_reasons(ended.result)}")


def open_output(
    out: str | None, files: Sequence[str], *others: str | None, force: bool, as_json: bool, several: bool = False
) -> Output:
    """Return what ``-o`` of a releasing verb means; neither `files` nor `others` are ever written over.

    Raises:
        CommandUsageError: it cannot be meant so.
    """
    if out == "-" and as_json:
        raise CommandUsageError("--json answers on standard output: expected -o FILE beside it, got -o -")
    inputs = [*files, *(other for other in others if other)]
    return parse_output(out, inputs=inputs, several=several or len(files) > 1, force=force)


def parse_asset_id(text: str) -> AssetId | None:
    """Return an id that the caller chose, or None for "".

    Raises:
        CommandUsageError: it is no UUID.
    """
    if not text:
        return None
    try:
        return AssetId(str(uuid.UUID(text)))
    except ValueError as exc:
        raise CommandUsageError(f"expected --asset-id to be a UUID, got {text!r}: uuidgen makes one") from exc


def _read_making(files: Sequence[str], prompt: str | None, prompt_file: str | None) -> str | None:
    """Return the prompt, if any; standard input holds one thing only."""
    if not files and prompt is None and prompt_file is None:
        raise CommandUsageError("expected files (or - for a pipe), or --prompt TEXT, got neither")
    piped = [*files, prompt, prompt_file].count("-")
    if piped > 1:
        raise CommandUsageError(f"standard input holds one thing, got - for {piped}")
    return read_prompt(prompt, file=prompt_file)


def _verify_making(files: Sequence[str], *, seed: int | None, model: str, asset_id: AssetId | None, key: str) -> None:
    asked = (("--seed", seed), ("--asset-id", asset_id), ("--key", key or None))
    given = [name for name, value in asked if value is not None]
    if given and len(files) > 1:
        raise CommandUsageError(f"{given[0]} is for one file, got {len(files)}")
    if model and not files:
        raise CommandUsageError("--model says what made a file that is handed in: here the backend draws")


def _release_prompt(
    site: Site,
    asked: Made,
    place: Place,
    asset_id: AssetId | None,
    repeats: Repeats,
    *,
    key: str,
    quiet: bool,
) -> Ended:
    prompt, seed = asked.making.prompt or "", asked.making.seed or 0
    with build_progress(quiet=quiet, counted=False) as bar:
        task = bar.add_task("drawing", total=None)
        drawn = make(
            site, asked.kind, prompt, seconds=asked.seconds, seed=seed, packs=asked.packs,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip
        bar.update(task, description="releasing", total=None)
        if isinstance(drawn, Submission):
            drawn = replace(drawn, context={**drawn.context, **asked.making.build_context()})
        return end_drawn(site, drawn, name_made(asked.kind, prompt, seed), place, repeats, asset_id=asset_id, key=key)


def tell(ended: Sequence[Ended], target: Output, *, as_json: bool) -> None:
    """Answer with one JSON document, or with a table, hints, and one line for many; never where a file goes."""
    if as_json:
        print_json({"results": [build_document(item) for item in ended]})
        return
    show(ended, ERR if target.is_stream else OUT)
    show_hints(ended, target.asked or None)


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
        **({"repeated": True} if ended.is_repeat else {}),
        **trouble,
    }


def show(ended: Sequence[Ended], console: Console = OUT) -> None:
    """Print the table that people read, and under many rows one line that counts them."""
    names = [Path(item.name).name for item in ended]
    is_short = len(set(names)) == len(names)
    table = build_table("file", "outcome", "why", "marks made", "ledger")
    table.columns[-1].min_width = len("ledger")
    table.columns[0].min_width = min(20, max(map(len, names), default=0))
    for item, name in zip(ended, names, strict=True):
        table.add_row(plain(name if is_short else item.name), *_cells(item))
    console.print(table)
    print_summary(map(_word, ended), console=console)


def _word(item: Ended) -> str:
    """Return what became of a file, in a word to count by."""
    if item.error is not None or item.result is None:
        return "not written" if item.result is not None else "error"
    return f"{WORDS[item.result.outcome]} before" if item.is_repeat else WORDS[item.result.outcome]


def show_hints(ended: Sequence[Ended], out: str | None) -> None:
    """Say where released files are, and what can be done about the others."""
    for item in ended:
        if item.result and item.error:
            print_error(str(item.error), item.error.code)
        for remark in describe_source(item.result.seal) if item.result else ():
            print_hint(f"{item.name}: {remark}")
        if item.result and item.result.outcome is Outcome.HOLD:
            print_hint(
                f"held {item.name}: chopmark review approve {item.result.asset_id} --reviewer NAME --reason TEXT"
            )
    if any(item.is_repeat for item in ended):
        print_hint("the same bytes and request were decided before; --again asks the gate anew")
    written = [item.written for item in ended if item.written not in {"", "-"}]
    released = [item for item in ended if item.result and item.result.outcome is Outcome.RELEASE]
    if written:
        files = quote_file(written[0]) if len(written) == 1 else f"{quote_file(str(Path(written[0]).parent))}/*"
        print_hint(f"next: chopmark verify {files}")
    elif released and out is None:
        print_hint("released files are in the public store of the data directory; -o FOLDER writes copies")


def _cells(item: Ended) -> Iterator[Any]:
    if item.result is None:
        yield plain("error", "bold red")
        yield plain(f"{item.error} [{item.error.code if item.error else ''}]")
        yield from ("", "")
        return
    result = item.result
    yield plain(WORDS[result.outcome], f"bold {STYLES[result.outcome]}")
    if item.error is not None:
        yield plain("released, but not written")
    elif item.is_repeat:
        yield plain(f"already {WORDS[result.outcome]} as {result.asset_id}: {describe_reasons(result)}")
    else:
        yield plain(describe_reasons(result) if result.asset_id else f"not drawn: {describe_reasons(result)}")
    yield plain(list_marks(result))
    yield "" if result.ledger_index is None else f"#{result.ledger_index}"


def list_marks(result: Result) -> str:
    """Return the marks that were made and read back, in words."""
    made = [mark for mark in result.seal.get("marks", []) if mark["made"]]
    return ", ".join(MARKS.get(mark["kind"], mark["kind"]) for mark in made)


def describe_reasons(result: Result, most: int = 2) -> str:
    """Return the strictest reasons in words, or what a reviewer said; a release has nothing against it."""
    if result.decision.decided_by.startswith("review"):
        return result.decision.reasons[0].text
    against = [reason for reason in result.decision.reasons if reason.outcome is not Outcome.RELEASE]
    if result.outcome is Outcome.RELEASE:
        return "no rule objects"
    shown = (against or list(result.decision.reasons))[:most]
    more = len(against) - len(shown)
    return "; ".join(reason.text for reason in shown) + (f"; and {more} more" if more > 0 else "")
