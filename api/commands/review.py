"""`chopmark review`: held assets, and what a moderator makes of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Annotated, Any

import typer

from api.commands.audit import parse_time
from api.commands.policies import view_explanation
from api.commands.release import WORDS, exit_code, open_output, tell
from api.console import (
    EXIT_ERROR,
    OUT,
    CommandUsageError,
    Json,
    build_table,
    plain,
    print_hint,
    print_json,
    print_line,
    teaching_errors,
)
from api.escape import spell_command
from api.output import NOWHERE, OUT_HELP, Force, Output, Place, parse_output
from api.paging import PAGE, verify_after
from api.records import Record, find_findings, find_record, view_findings
from api.releasing import Ended, deliver
from api.reviewing import build_reason
from api.settings import load_settings
from api.wiring import Site, open_site
from policies.line.intake import find_name, load_asset
from policies.review.judgement import review
from policies.review.queue import STAGES, Query, Waiting, find_waiting
from policies.review.verdicts import undo
from policies.rules.decision import Outcome, Reason
from policies.rules.explanation import explain
from provenance.asset import AssetId
from provenance.errors import GateError

app = typer.Typer(no_args_is_help=True, add_completion=False)

Reviewer = Annotated[str, typer.Option(help="Who decides.")]
Why = Annotated[str, typer.Option("--reason", help="Why; goes on the record.")]
Asset = Annotated[str, typer.Argument(metavar="ASSET_ID", help="As `review list` shows it.")]
Assets = Annotated[list[str], typer.Argument(metavar="ASSET_ID", help="As `review list` shows them.")]


@app.command("list")
@teaching_errors
def list_held(
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at a time.")] = PAGE,
    after: Annotated[str, typer.Option(metavar="ASSET_ID", help="Go on after this one.")] = "",
    outcome: Annotated[str, typer.Option(help="held, blocked or released.")] = "held",
    detector: Annotated[str, typer.Option(help="Only what this detector speaks against.")] = "",
    category: Annotated[str, typer.Option(help="Only for this category, such as prompt.weapons.")] = "",
    pack: Annotated[str, typer.Option(help="Only what this pack speaks against.")] = "",
    since: Annotated[str, typer.Option(help="Only from this day or time (RFC 3339, UTC unless it says).")] = "",
    name: Annotated[str, typer.Option(help="Only file names with this in it; * and ? stand for any.")] = "",
    as_json: Json = False,
) -> None:
    """List held assets, oldest first, with what holds them."""
    if outcome not in STAGES:
        raise CommandUsageError(f"expected --outcome {', '.join(STAGES)}, got {outcome!r}")
    verify_after(after, r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "the id of an asset")
    query = Query(outcome, detector, category, pack, name, parse_time(since), after)
    with open_site(load_settings(), may_make=False) as site:
        found = list(islice(find_waiting(site.deployment.database, query, site.deployment.tenant), limit + 1))
    page, more = found[:limit], len(found) > limit
    if as_json:
        onward = {"next": page[-1].asset_id} if more else {}
        print_json({outcome: [_build_waiting(item) for item in page], **onward})
        return
    if not page:
        filtered = query != Query(outcome=outcome)
        OUT.print(f"nothing {'that fits ' if filtered else ''}is {outcome}")
        return
    _show_page(page)
    if more:
        print_hint(f"more: {_spell_next(page[-1], limit, query, since)}")
    if outcome == "held":
        print_hint("next: chopmark review show ASSET, then approve or refuse ASSET... --reviewer NAME --reason TEXT")


@app.command()
@teaching_errors
def show(
    asset_id: Asset,
    prompt: Annotated[bool, typer.Option("--prompt", help="Show the whole prompt, while it is kept.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Show evidence that nothing was decided by, too.")] = False,
    as_json: Json = False,
) -> None:
    """Show one asset: what speaks against it, in words, and where its picture and that of a matched work lie."""
    settings = load_settings()
    record = find_record(settings, AssetId(asset_id))
    findings = find_findings(settings, record, record.decision)
    said = {"prompt": record.prompt} if prompt else {}
    if as_json:
        print_json({**_build_record(record), **said, "evidence": findings})
        return
    print_line(record.name or record.asset.id, "bold")
    table = build_table("", "")
    for fact, value in _list_facts(record):
        table.add_row(plain(fact, "dim"), value)
    OUT.print(table)
    OUT.print()
    for line in (record.prompt or "not kept").split("\n") if prompt else ():
        print_line(f"prompt: {line}")
    OUT.print(
        view_explanation(
            record.decision, explain(record.decision, record.signals), view_findings(findings, every=every)
        )
    )
    for action in _list_actions(record):
        print_hint(action)


@app.command()
@teaching_errors
def approve(
    asset_id: Assets,
    reviewer: Reviewer,
    reason: Why,
    out: Annotated[str | None, typer.Option("-o", "--out", help=OUT_HELP)] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Release held assets: they walk the rest of the line, marks and all; one that cannot stops no other.

    Exits 0 when all were released, 3 when sealing held one again, 2 on an error.
    """
    target = open_output(out, (), force=force, as_json=as_json, several=len(set(asset_id)) > 1)
    ended = _decide(asset_id, Outcome.RELEASE, reviewer, reason, target, as_json=as_json)
    raise typer.Exit(exit_code(ended))


@app.command()
@teaching_errors
def refuse(asset_id: Assets, reviewer: Reviewer, reason: Why, as_json: Json = False) -> None:
    """Block held assets; exits 0 when that is done, 2 when one of them could not be. `review undo` takes it back."""
    ended = _decide(asset_id, Outcome.BLOCK, reviewer, reason, parse_output(None), as_json=as_json)
    raise typer.Exit(EXIT_ERROR if any(item.error for item in ended) else 0)


@app.command("undo")
@teaching_errors
def undo_review(asset_id: Assets, reviewer: Reviewer, reason: Why, as_json: Json = False) -> None:
    """Take back a review, as long as nothing was released by it: the asset is held again.

    Exits 0 when all are held again, 2 when one could not be: what is released stays so.
    """
    ended = []
    with open_site(load_settings(), may_make=False, finish=False) as site:
        for one in dict.fromkeys(asset_id):
            try:
                result = undo(site.deployment, AssetId(one), reviewer=reviewer, reason=reason)
                ended.append(Ended(result.name or one, result=result))
            except GateError as exc:
                ended.append(_report(one, exc, alone=len(set(asset_id)) == 1))
    tell(ended, parse_output(None), as_json=as_json)
    raise typer.Exit(EXIT_ERROR if any(item.error for item in ended) else 0)


def _decide(
    asset_ids: Sequence[str], outcome: Outcome, reviewer: str, reason: str, target: Output, *, as_json: bool
) -> list[Ended]:
    """Decide about each asset, once, and say what became of them."""
    ids = list(dict.fromkeys(asset_ids))
    ended = []
    with open_site(load_settings(), may_make=False) as site:
        if outcome is Outcome.RELEASE:
            site.identity.load()  # else what is approved would be held again, for want of a signer
        for one in ids:
            try:
                place = _find_place(site, AssetId(one), target) if target.is_wanted else NOWHERE
                result = review(site.deployment, AssetId(one), outcome=outcome, reviewer=reviewer, reason=reason)
                ended.append(deliver(site, result, place))
            except GateError as exc:
                ended.append(_report(one, exc, alone=len(ids) == 1))
    tell(ended, target, as_json=as_json)
    return ended


def _report(asset_id: str, error: GateError, *, alone: bool) -> Ended:
    """Return an error as the end of one of several; of the only one it is the command's own."""
    if alone:
        raise error
    return Ended(asset_id, error=error)


def _find_place(site: Site, asset_id: AssetId, target: Output) -> Place:
    """Return where the asset will go, checked before anything is decided."""
    asset, name = load_asset(site.deployment, asset_id), find_name(site.deployment, asset_id)
    place = target.choose(name or asset_id, site.deployment.media.of(asset.media_type).shipping_type(asset.media_type))
    place.verify(asset.size_bytes)
    return place


def _build_waiting(item: Waiting) -> dict[str, Any]:
    """Return the stable JSON form of one line of the queue."""
    reasons = item.decision.reasons
    return {
        "asset_id": item.asset_id,
        "name": item.name,
        "created_at": item.created_at,
        "decided_by": item.decision.decided_by,
        "reasons": [reason.text for reason in reasons],
        "details": [build_reason(reason) for reason in reasons],
    }


def _show_page(page: Sequence[Waiting]) -> None:
    table = build_table("asset", "name", "why")
    for item in page:
        table.add_row(item.asset_id, item.name, "; ".join(reason.text for reason in _find_against(item)))
    OUT.print(table)


def _find_against(item: Waiting) -> Iterator[Reason]:
    reasons = item.decision.reasons
    return (one for one in reasons if item.outcome == "released" or one.outcome is not Outcome.RELEASE)


def _spell_next(last: Waiting, limit: int, query: Query, since: str) -> str:
    given = {"outcome": query.outcome, "detector": query.detector, "category": query.category, "pack": query.pack}
    given |= {"name": query.name, "since": since, "limit": str(limit)}
    usual = {"outcome": "held", "limit": str(PAGE)}
    words = [part for key, value in given.items() if value and value != usual.get(key) for part in (f"--{key}", value)]
    return spell_command("chopmark", "review", "list", *words, "--after", last.asset_id)


def _build_record(record: Record) -> dict[str, Any]:
    """Return the stable JSON form of one asset."""
    asset, decision = record.asset, record.decision
    return {
        "asset_id": asset.id,
        "name": record.name,
        "stage": record.stage,
        "created_at": record.created_at,
        "outcome": WORDS[decision.outcome],
        "decided_by": decision.decided_by,
        "media_type": asset.media_type.value,
        **asset.facts,
        "size_bytes": asset.size_bytes,
        "original": record.original,
        "prompt_is_kept": record.prompt is not None,
        "reasons": [build_reason(reason) for reason in decision.reasons],
        "signals": [{**asdict(signal), "status": signal.status.value} for signal in record.signals],
    }


def describe_facts(facts: Mapping[str, int | float | str]) -> str:
    """Return what a medium knows of an asset in words, width and height as people write them."""
    size = f"{facts['width']} x {facts['height']} pixels" if {"width", "height"} <= facts.keys() else ""
    others = (f"{name.replace('_', ' ')} {value}" for name, value in facts.items() if name not in {"width", "height"})
    return ", ".join(filter(None, (size, *others)))


def _list_facts(record: Record) -> Iterator[tuple[str, str]]:
    asset = record.asset
    yield "asset", asset.id
    state = "released" if record.stage == STAGES["released"].value else record.stage
    yield "state", f"{state}, taken in at {record.created_at}"
    yield "file", f"{asset.media_type.value}, {describe_facts(asset.facts)}, {asset.size_bytes} bytes"
    yield "original", record.original or "no longer in quarantine"
    yield "prompt", "kept; --prompt shows it" if record.prompt is not None else "none"


def _list_actions(record: Record) -> Iterator[str]:
    asset_id = record.asset.id
    if record.stage == STAGES["held"].value:
        for action in ("approve", "refuse"):
            yield f"chopmark review {action} {asset_id} --reviewer NAME --reason TEXT"
    elif record.stage == STAGES["blocked"].value and record.decision.decided_by.startswith("review:"):
        yield f"chopmark review undo {asset_id} --reviewer NAME --reason TEXT"
