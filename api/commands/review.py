"""`chopmark review`: held assets, and what a moderator makes of them."""

from pathlib import Path
from typing import Annotated

import typer

from api.commands.release import Ended, Target, build_document, exit_code, show, show_hints
from api.console import OUT, Json, build_table, plain, print_hint, print_json, teaching_errors
from api.settings import load_settings
from api.wiring import open_site
from policies.decision import Outcome
from policies.review import queue, review
from provenance.asset import AssetId
from provenance.errors import GateError

app = typer.Typer(no_args_is_help=True, add_completion=False)

Reviewer = Annotated[str, typer.Option(help="Who decides.")]
Why = Annotated[str, typer.Option("--reason", help="Why; goes on the record.")]
Asset = Annotated[str, typer.Argument(metavar="ASSET_ID", help="As `review list` shows it.")]


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
    if not held:
        OUT.print("nothing is held")
        return
    table = build_table("asset", "name", "why")
    table.columns[0].no_wrap = True
    for asset_id, name, decision in held:
        against = [reason.text for reason in decision.reasons if reason.outcome is not Outcome.RELEASE]
        table.add_row(plain(asset_id), plain(name), plain("; ".join(against)))
    OUT.print(table)
    print_hint("next: chopmark review approve ASSET --reviewer NAME --reason TEXT, or refuse")


@app.command()
@teaching_errors
def approve(
    asset_id: Asset,
    reviewer: Reviewer,
    reason: Why,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="File, or folder, for what is released.")] = None,
    as_json: Json = False,
) -> None:
    """Release a held asset: it walks the rest of the line, marks and all.

    Exits 0 when it was released, 3 when sealing held it again, 2 on an error.
    """
    _decide(asset_id, Outcome.RELEASE, reviewer, reason, out, as_json=as_json)


@app.command()
@teaching_errors
def refuse(asset_id: Asset, reviewer: Reviewer, reason: Why, as_json: Json = False) -> None:
    """Block a held asset for good; exits 0 when that is done."""
    _decide(asset_id, Outcome.BLOCK, reviewer, reason, None, as_json=as_json)


def _decide(asset_id: str, outcome: Outcome, reviewer: str, reason: str, out: Path | None, *, as_json: bool) -> None:
    with open_site(load_settings()) as site:
        result = review(site.deployment, AssetId(asset_id), outcome=outcome, reviewer=reviewer, reason=reason)
        name = result.name or asset_id
        try:
            ended = Ended(name, result=result, written=Target(out).write(site, result))
        except GateError as exc:
            ended = Ended(name, result=result, error=exc)
    if as_json:
        print_json({"results": [build_document(ended)]})
    else:
        show([ended])
        show_hints([ended], out)
    raise typer.Exit(exit_code([ended]) if outcome is Outcome.RELEASE else 0)
