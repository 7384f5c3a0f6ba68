"""`chopmark appeals`: what people who were refused ask, and what another reviewer makes of it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.console import OUT, Json, build_table, plain, print_hint, print_json, print_line, teaching_errors
from api.routes.appeals import build_appeal
from api.settings import load_settings
from api.wiring import open_site
from policies.review.appeal import Standing, decide_appeal, find_appeal, list_appeals
from policies.review.verdicts import name_person

if TYPE_CHECKING:
    from policies.review.appeal import Appeal

app = typer.Typer(no_args_is_help=True, add_completion=False)

_OPERATOR = name_person("operator")
"""Whoever has the command line may see all there is."""

DecisionId = Annotated[str, typer.Argument(metavar="DECISION_ID", help="As `appeals list` shows it.")]
Reviewer = Annotated[str, typer.Option(help="Who decides: another person than the one who refused.")]
Statement = Annotated[str, typer.Option(help="The statement of reasons; the appeal's link shows it.")]


@app.command("list")
@teaching_errors
def list_filed(
    state: Annotated[Standing, typer.Option(help="filed, upheld or overturned.")] = Standing.FILED,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at a time.")] = 50,
    after: Annotated[str, typer.Option(metavar="CURSOR", help="Go on after this one, as the list before says.")] = "",
    as_json: Json = False,
) -> None:
    """List appeals, the oldest first."""
    with open_site(load_settings(), may_make=False, finish=False) as site:
        found = list_appeals(site.deployment, _OPERATOR, state=state, after=after, limit=limit + 1)
    page = found[:limit]
    onward = f"{page[-1].filed_at}|{page[-1].decision_id}" if len(found) > limit else ""
    if as_json:
        print_json({"appeals": [build_appeal(one) for one in page], **({"next": onward} if onward else {})})
        return
    if not page:
        OUT.print(f"no appeal is {state.value}")
        return
    table = build_table("decision", "filed", "file", "says")
    table.columns[0].no_wrap = True
    for one in page:
        table.add_row(*map(plain, (one.decision_id, (one.filed_at or "")[:16], one.name, one.text)))
    OUT.print(table)
    if onward:
        print_hint(f"more: --after '{onward}'")


@app.command()
@teaching_errors
def show(decision_id: DecisionId, as_json: Json = False) -> None:
    """Show one appeal with the refusal that it is about."""
    with open_site(load_settings(), may_make=False, finish=False) as site:
        appeal = find_appeal(site.deployment, _OPERATOR, decision_id)
    _tell(appeal, as_json=as_json)


@app.command()
@teaching_errors
def uphold(decision_id: DecisionId, reviewer: Reviewer, statement: Statement, as_json: Json = False) -> None:
    """Let a refusal stand, with reasons."""
    _decide(decision_id, reviewer, statement, overturn=False, as_json=as_json)


@app.command()
@teaching_errors
def overturn(decision_id: DecisionId, reviewer: Reviewer, statement: Statement, as_json: Json = False) -> None:
    """Overturn a refusal, with reasons: the file walks the rest of the line, marks and all."""
    _decide(decision_id, reviewer, statement, overturn=True, as_json=as_json)


def _decide(decision_id: str, reviewer: str, statement: str, *, overturn: bool, as_json: bool) -> None:
    with open_site(load_settings(), may_make=False, finish=False) as site:
        if overturn:
            site.identity.load()  # else what is overturned would be held, for want of a signer
        appeal = decide_appeal(
            site.deployment, decision_id, reviewer=name_person(reviewer), overturn=overturn, statement=statement
        )
    _tell(appeal, as_json=as_json)


def _tell(appeal: "Appeal", *, as_json: bool) -> None:
    told: dict[str, Any] = build_appeal(appeal)
    if as_json:
        print_json({"appeal": told})
        return
    print_line(f"{appeal.name or appeal.asset_id}: {appeal.state.value}", "bold")
    table = build_table("", "")
    facts = {
        "asset": appeal.asset_id,
        "refused by": told["refused_by"],
        "because": "; ".join(one["text"] for one in told["reasons"] if one["outcome"] != "release"),
        "asks": appeal.text,
        "decided by": appeal.decided_by,
        "reasons": appeal.statement,
    }
    for fact, value in facts.items():
        if value:
            table.add_row(plain(fact, "dim"), plain(value))
    OUT.print(table)
    if appeal.state is Standing.FILED:
        print_hint(f"next: chopmark appeals uphold (or overturn) {appeal.decision_id} --reviewer NAME --statement TEXT")
