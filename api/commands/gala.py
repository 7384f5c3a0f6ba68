"""`chopmark gala`: make every piece of a programme, walk each through the gate, and join them into one provenance."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from api.commands.release import build_document, exit_code, open_output, show
from api.console import ERR, CommandUsageError, Json, print_json, print_line, teaching_errors
from api.durable import write_whole
from api.gala import Played, find_needs, join, play
from api.output import OUT_HELP, Force, Output
from api.releasing import Ended
from api.running_order import Line, write_page, write_text
from api.settings import Settings, load_settings
from api.wiring import Site, load_packs, open_site
from generation.gala.programme import Programme, load_programme
from policies.rules.decision import Outcome
from provenance.errors import ConfigurationError, GateError
from provenance.heap import give_back
from provenance.text import show as show_text

app = typer.Typer(add_completion=False)

_WORDS = {Outcome.RELEASE: "released", Outcome.HOLD: "held", Outcome.BLOCK: "blocked"}


@app.command()
@teaching_errors
def command(
    programme: Annotated[Path, typer.Argument(help="YAML file with the pieces in their order.", show_default=False)],
    out: Annotated[str, typer.Option("-o", "--out", help=OUT_HELP)] = "out/",
    check: Annotated[
        bool, typer.Option("--check", help="Read the programme, say what it holds, and make nothing.")
    ] = False,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Make every piece of a programme and walk it through the gate, then release a poster that names them all.

    The poster's manifest has every released piece as an ingredient, with the chain of each. Beside it lie the running
    order as text and as a page. Interrupted, the same command goes on where it was: what was made is not made again.
    Exits 0 when all were released, 3 when one was held, 4 when one was blocked, 2 on an error.
    """
    read = load_programme(programme)
    settings = load_settings()
    if check:
        _verify_plan(settings, read)
        _tell_plan(read, as_json=as_json)
        return
    pictures = [str(one.picture) for one in read.pieces if one.picture is not None]
    target = open_output(out, pictures, str(programme), force=force, as_json=as_json, several=True)
    if not target.is_folder:
        raise CommandUsageError("a gala is many files: expected -o to name a folder, such as -o gala/")
    with open_site(settings) as site:
        if lacks := find_needs({medium.name for medium in site.deployment.media}, read):
            raise ConfigurationError(lacks)
        site.deployment.select_packs(tuple(dict.fromkeys((*site.deployment.deciding, *read.packs))))
        with _build_bar(quiet=as_json) as bar:
            played, poster = _play_all(site, read, target, bar)
    lines = [_tell_piece(one) for one in played]
    pages = _write_orders(Path(out), read.title, lines, poster)
    ended = [*(one.ended for one in played), poster]
    if as_json:
        print_json({"title": read.title, "results": [build_document(one) for one in ended], "running_order": pages})
    else:
        show([replace(one, name=one.name.replace("/", "\u2215")) for one in ended])  # a title is no path
        print_line(f"running order: {', '.join(pages)}")
    raise typer.Exit(exit_code(ended))


def _play_all(site: Site, read: Programme, target: Output, bar: Progress) -> tuple[list[Played], Ended]:
    task = bar.add_task("warming up", total=len(read.pieces) + 1)
    site.warm()
    played = []
    for index, piece in enumerate(read.pieces):

        def tell(what: str, index: int = index, title: str = piece.title) -> None:
            bar.update(task, description=f"{title}: {what}", completed=index)

        played.append(play(site, piece, read, target, tell=tell))
        give_back()  # or one piece's leavings lie under the next one
        bar.update(task, completed=index + 1)
    bar.update(task, description="joining")
    try:
        poster = join(site, read, played, target)
    except GateError as exc:
        poster = Ended("poster", error=exc)
    bar.update(task, completed=len(read.pieces) + 1)
    return played, poster


def _build_bar(*, quiet: bool) -> Progress:
    """Return progress by pieces, with the time that is left at the pace so far."""
    columns = (
        SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(bar_width=24),
        MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    return Progress(*columns, console=ERR, disable=quiet or not ERR.is_terminal, transient=True)


def _tell_piece(one: Played) -> Line:
    piece, ended = one.piece, one.ended
    if ended.result is None:
        why = "" if ended.error is None else str(ended.error)
        return Line(piece.number, piece.title, piece.kind, piece.seconds, "error", why=why)
    outcome = _WORDS[ended.result.outcome]
    asset_id = ended.result.asset_id if one.is_released else ""
    told = [reason.text for reason in ended.result.decision.reasons if reason.outcome is not Outcome.RELEASE]
    why = "" if one.is_released or not told else told[0]
    file = Path(ended.written).name if ended.written else ""
    return Line(piece.number, piece.title, piece.kind, piece.seconds, outcome, asset_id, file, why)


def _write_orders(folder: Path, title: str, lines: list[Line], poster: Ended) -> list[str]:
    """Write the running order beside the pieces; it is made anew each time."""
    name = Path(poster.written).name if poster.written else ""
    pages = {"running-order.txt": write_text(title, lines, name), "running-order.html": write_page(title, lines, name)}
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in pages.items():
        write_whole(folder / file, text.encode(), replace=True)
    return [str(folder / file) for file in pages]


def _verify_plan(settings: Settings, read: Programme) -> None:
    """Check what a programme needs of a site that need not be there yet.

    Raises:
        ConfigurationError: a pack or a medium of it is missing.
    """
    known = sorted(pack.name for pack in load_packs(settings))
    named = (*read.packs, *(pack for piece in read.pieces for pack in piece.packs))
    if unknown := [name for name in named if name not in known]:
        raise ConfigurationError(f"expected packs out of {', '.join(known)}, got {show_text(unknown[0])[:60]}")
    if lacks := find_needs(set(settings.media), read):
        raise ConfigurationError(lacks)


def _tell_plan(read: Programme, *, as_json: bool) -> None:
    pieces = [
        {"number": one.number, "title": one.title, "kind": one.kind, "seconds": one.seconds} for one in read.pieces
    ]
    if as_json:
        print_json({"title": read.title, "pieces": pieces})
        return
    for one in read.pieces:
        length = f", {one.seconds:g} s" if one.seconds else ""
        print_line(f"{one.number:>3}  {one.title}: {one.kind}{length}")
