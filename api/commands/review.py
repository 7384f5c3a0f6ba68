"""`chopmark review`: held assets, and what a moderator makes of them."""

from pathlib import Path
from typing import Annotated

import typer

from api.commands.release import Ended, build_document, exit_code, show, target_path
from api.console import OUT, build_table, plain, print_json, teaching_errors, write_output
from api.settings import load_settings
from api.wiring import open_site
from policies.decision import Outcome
from policies.review import queue, review
from provenance.asset import AssetId

app = typer.Typer(no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Reviewer = Annotated[str, typer.Option(help="Who decides.")]
Why = Annotated[str, typer.Option("--reason", help="Why; goes on the record.")]


@app.command("list")
@teaching_errors
def list_held(as_json: Json = False) -> None:
    """List held assets, oldest first, with what holds them."""
    with open_site(load_settings()) as site:
        held = queue(site.deployment)
    if as_json:
        print_json(
            {
                "held": [
                    {"asset_id": asset_id, "name": name, "reasons": [reason.text for reason in decision.reasons]}
                    for asset_id, name, decision in held
                ]
            }
        )
        return
    table = build_table("asset", "name", "why")
    for asset_id, name, decision in held:
        against = [reason.text for reason in decision.reasons if reason.outcome is not Outcome.RELEASE]
        table.add_row(asset_id, plain(name), plain("; ".join(against)))
    OUT.print(table if held else "nothing is held")


@app.command()
@teaching_errors
def approve(
    asset_id: str,
    reviewer: Reviewer,
    reason: Why,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="File or folder for what is released.")] = None,
    as_json: Json = False,
) -> None:
    """Release a held asset: it walks the rest of the line, marks and all."""
    _decide(asset_id, Outcome.RELEASE, reviewer, reason, out, as_json=as_json)


@app.command()
@teaching_errors
def refuse(asset_id: str, reviewer: Reviewer, reason: Why, as_json: Json = False) -> None:
    """Block a held asset for good."""
    _decide(asset_id, Outcome.BLOCK, reviewer, reason, None, as_json=as_json)


def _decide(asset_id: str, outcome: Outcome, reviewer: str, reason: str, out: Path | None, *, as_json: bool) -> None:
    with open_site(load_settings()) as site:
        result = review(site.deployment, AssetId(asset_id), outcome=outcome, reviewer=reviewer, reason=reason)
        written = ""
        if out is not None and result.outcome is Outcome.RELEASE:
            target = target_path(out, result, several=False)
            write_output(target, site.deployment.blobs.public.get(result.public_key))
            written = str(target)
    ended = [Ended(result.name or asset_id, result=result, written=written)]
    if as_json:
        print_json({"results": [build_document(item) for item in ended]})
    else:
        show(ended)
    raise typer.Exit(exit_code(ended) if outcome is Outcome.RELEASE else 0)
