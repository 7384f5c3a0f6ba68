"""`chopmark match`: ask the works registry about pictures."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.text import Text

from api.batch import run_each
from api.console import (
    EXIT_ERROR,
    OUT,
    CommandUsageError,
    Json,
    build_table,
    describe_error,
    plain,
    print_json,
    print_summary,
    take_input,
    teaching_errors,
)
from api.matching import describe_nearness, encode_sheet, match_file
from api.output import OUT_HELP, Force, parse_output
from api.reading import open_reader
from api.settings import load_settings
from provenance.asset import MediaType
from provenance.errors import GateError
from provenance.works.registry import Action, Match, MatchReport

app = typer.Typer(add_completion=False)

STYLES: Final = {Action.BLOCK: "red", Action.HOLD: "yellow", Action.ATTRIBUTE: "cyan", Action.ALLOW: "green"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one file: the registry's report, or the error that kept it from one."""

    name: str
    report: MatchReport | None = None
    error: GateError | None = None
    drawn: str = ""


@app.command()
@teaching_errors
def command(
    files: Annotated[list[str], typer.Argument(help="Pictures, clips or texts; - reads one from a pipe.")],
    draw: Annotated[
        str | None, typer.Option(help=f"Draw each beside the nearest works that it matches, as PNG: {OUT_HELP}")
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Ask the works registry about files; nothing is recorded.

    Exits 0 when a work matches, 1 when none does, 2 on an error.
    """
    sheets = parse_output(draw, inputs=files, several=len(files) > 1, force=force)
    if sheets.is_stream:
        raise CommandUsageError("standard output has the answer: expected --draw FILE or FOLDER/, got -")
    places = {path: sheets.choose(path, MediaType.PNG) for path in files}
    with open_reader(load_settings()) as site:

        def one(path: str) -> Answer:
            try:
                file = take_input(path, most_bytes=site.settings.max_bytes)
                found = match_file(site, file)
                sheet = encode_sheet(site.works, found) if places[path].is_wanted else None
                return Answer(path, found.report, drawn=places[path].write(sheet) if sheet else "")
            except GateError as exc:
                return Answer(path, error=exc)

        answers = run_each(one, files, description="matching", quiet=as_json)
    if as_json:
        print_json({"results": [_build_document(answer) for answer in answers]})
    else:
        _show(answers)
    if any(answer.error for answer in answers):
        raise typer.Exit(EXIT_ERROR)
    raise typer.Exit(0 if any(answer.report and answer.report.matches for answer in answers) else 1)


def _build_document(answer: Answer) -> dict[str, Any]:
    if answer.report is None:
        assert answer.error is not None
        return {"name": answer.name, **describe_error(answer.error)}
    return {
        "name": answer.name,
        "searched": list(answer.report.searched_algs),
        "codes": dict(answer.report.codes),
        "matches": [asdict(match) for match in answer.report.matches],
        "unhashable": [asdict(item) for item in answer.report.unhashable],
        "drawn": answer.drawn,
    }


def _show(answers: list[Answer]) -> None:
    table = build_table("file", "means", "work and owner", "bank", "how near")
    for answer in answers:
        name = plain(answer.name if answer.name == "-" else Path(answer.name).name)
        if answer.report is None:
            table.add_row(name, plain("error", "bold red"), plain(f"{answer.error}"))
            continue
        for match in answer.report.matches:
            table.add_row(name, *_cells(match))
        for item in answer.report.unhashable:
            table.add_row(name, plain("unhashable", "yellow"), plain(f"{item.alg}: {item.reason}"))
        if not answer.report.matches and not answer.report.unhashable:
            table.add_row(name, plain("no match", "dim"))
    OUT.print(table)
    print_summary(map(_word, answers))


def _word(answer: Answer) -> str:
    if answer.report is None:
        return "error"
    return "with a match" if answer.report.matches else "without a match"


def _cells(match: Match) -> list[Any]:
    means = plain(match.action.value, STYLES[match.action])
    if match.suppressed_by is not None:
        means = plain("allowed", "green")
    named = Text("\n").join((plain(match.title or match.work_id), plain(match.owner, "dim")))
    return [means, named, plain(match.bank), plain(describe_nearness(match))]
