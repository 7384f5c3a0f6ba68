"""`chopmark match`: ask the works registry about a picture."""

from dataclasses import asdict
from typing import Annotated

import typer

from api.console import OUT, build_table, plain, print_json, read_input, teaching_errors
from api.settings import load_settings
from api.wiring import open_site
from provenance.media.image import parse_image

app = typer.Typer()


@app.command()
@teaching_errors
def command(
    files: Annotated[list[str], typer.Argument(help="Pictures; - reads one from a pipe.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Ask the works registry about pictures; exits 0 with matches, 1 without, 2 on an error."""
    answers = []
    with open_site(load_settings()) as site:
        for path in files:
            picture = parse_image(read_input(path), limits=site.deployment.limits)
            answers.append((path, site.deployment.works.match(picture)))
    if as_json:
        print_json(
            {
                "results": [
                    {
                        "name": path,
                        "searched": list(report.searched_algs),
                        "matches": [asdict(match) for match in report.matches],
                        "unhashable": [asdict(item) for item in report.unhashable],
                    }
                    for path, report in answers
                ]
            }
        )
    else:
        table = build_table("file", "work", "owner", "bank", "action", "distance", "as")
        for path, report in answers:
            for match in report.matches:
                table.add_row(
                    plain(path),
                    plain(f"{match.title} ({match.work_id})"),
                    plain(match.owner),
                    match.bank,
                    str(match.action),
                    f"{match.distance_bits} of at most {match.threshold_bits} bits ({match.alg})",
                    match.variant,
                )
            if not report.matches:
                why = "; ".join(f"{item.alg}: {item.reason}" for item in report.unhashable)
                table.add_row(plain(path), plain(f"unhashable: {why}" if why else "no match", "dim"))
        OUT.print(table)
    raise typer.Exit(0 if any(report.matches for _, report in answers) else 1)
