"""`chopmark review`: held assets, and what a moderator makes of them."""

from typing import Annotated

import typer

from api.commands.release import exit_code, open_output, tell
from api.console import OUT, Json, build_table, plain, print_hint, print_json, teaching_errors
from api.output import NOWHERE, OUT_HELP, Force, Output, Place, parse_output
from api.releasing import deliver
from api.settings import load_settings
from api.wiring import Site, open_site
from policies.decision import Outcome
from policies.intake import find_name, load_asset
from policies.review import queue, review
from provenance.asset import AssetId
from provenance.media.encode import shipping_type

app = typer.Typer(no_args_is_help=True, add_completion=False)

Reviewer = Annotated[str, typer.Option(help="Who decides.")]
Why = Annotated[str, typer.Option("--reason", help="Why; goes on the record.")]
Asset = Annotated[str, typer.Argument(metavar="ASSET_ID", help="As `review list` shows it.")]


@app.command("list")
@teaching_errors
def list_held(as_json: Json = False) -> None:
    """List held assets, oldest first, with what holds them."""
    with open_site(load_settings(), may_make=False) as site:
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
    out: Annotated[str | None, typer.Option("-o", "--out", help=OUT_HELP)] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Release a held asset: it walks the rest of the line, marks and all.

    Exits 0 when it was released, 3 when sealing held it again, 2 on an error.
    """
    target = open_output(out, (), force=force, as_json=as_json)
    _decide(asset_id, Outcome.RELEASE, reviewer, reason, target, as_json=as_json)


@app.command()
@teaching_errors
def refuse(asset_id: Asset, reviewer: Reviewer, reason: Why, as_json: Json = False) -> None:
    """Block a held asset for good; exits 0 when that is done."""
    _decide(asset_id, Outcome.BLOCK, reviewer, reason, parse_output(None), as_json=as_json)


def _decide(asset_id: str, outcome: Outcome, reviewer: str, reason: str, target: Output, *, as_json: bool) -> None:
    with open_site(load_settings(), may_make=False) as site:
        if outcome is Outcome.RELEASE:
            site.identity.load()  # else what is approved would be held again, for want of a signer
        place = _find_place(site, AssetId(asset_id), target) if target.is_wanted else NOWHERE
        result = review(site.deployment, AssetId(asset_id), outcome=outcome, reviewer=reviewer, reason=reason)
        ended = deliver(site, result, place)
    tell([ended], target, as_json=as_json)
    raise typer.Exit(exit_code([ended]) if outcome is Outcome.RELEASE else 0)


def _find_place(site: Site, asset_id: AssetId, target: Output) -> Place:
    """Return where the asset will go, checked before anything is decided."""
    asset, name = load_asset(site.deployment, asset_id), find_name(site.deployment, asset_id)
    place = target.choose(name or asset_id, shipping_type(asset.media_type))
    place.verify(asset.size_bytes)
    return place
