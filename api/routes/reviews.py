"""The queue of reviews: jobs, who has them, verdicts, second opinions, notes; and batches of many."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.concurrency import run_in_threadpool

from api.access.guard import require
from api.access.identity import Actor, Permission
from api.cursor import USUAL, Cursor, Limit, build_page, parse_cursor
from api.errors import describe_problems
from api.reviewing import (
    build_batch,
    build_item,
    build_job,
    build_reviewer,
    build_ruling,
    build_verdict,
    carry_out,
    find_moderator,
)
from api.schemas.release import Release
from api.schemas.review import AssignOrder, BatchOrder, NoteOrder, ReasonOrder, ReviewPage, ReviewQuery, VerdictOrder
from api.service import find_service
from policies.line.standing import find_standing
from provenance.asset import AssetId

Moderator = Annotated[Actor, require(Permission.REVIEW)]
Id = Annotated[str, Path(max_length=36)]


def build_router() -> APIRouter:
    """Build the routes of reviews."""
    router = APIRouter(tags=["reviews"])
    known = describe_problems(401, 403, 404, 409, 422, 500, 503)
    router.add_api_route("/v1/reviews", list_jobs, methods=["GET"], response_model=ReviewPage, responses=known)
    routes: tuple[tuple[str, str, Any], ...] = (
        ("GET", "/v1/reviews/{asset_id}", show),
        ("POST", "/v1/reviews/{asset_id}/claim", take),
        ("DELETE", "/v1/reviews/{asset_id}/claim", give_back),
        ("POST", "/v1/reviews/{asset_id}/assignment", assign_to),
        ("POST", "/v1/reviews/{asset_id}/decision", decide_about),
        ("POST", "/v1/reviews/{asset_id}/opinion", ask_for_opinion),
        ("POST", "/v1/reviews/{asset_id}/escalation", hand_up),
        ("POST", "/v1/reviews/{asset_id}/undo", take_decision_back),
        ("POST", "/v1/reviews/{asset_id}/screening", ask_checks_again),
        ("GET", "/v1/reviews/{asset_id}/notes", read_notes),
        ("POST", "/v1/reviews/{asset_id}/notes", write),
        ("GET", "/v1/review-decisions", list_decided),
        ("POST", "/v1/review-batches", decide_many),
        ("GET", "/v1/review-batches/{batch_id}", show_batch),
        ("POST", "/v1/review-batches/{batch_id}/undo", take_batch_back),
    )
    for method, path, serve in routes:
        router.add_api_route(path, serve, methods=[method], responses=known)
    return router


def list_jobs(request: Request, actor: Moderator, asked: Annotated[ReviewQuery, Query()]) -> dict[str, Any]:
    """List what waits for a moderator, oldest first; each filter narrows it."""
    from policies.review.backlog import Filter, find_items

    here, reviewer = find_service(request).deployment(actor), build_reviewer(actor)
    wanted = Filter(**asked.model_dump(exclude={"limit", "cursor"}))
    found = find_items(here, reviewer, wanted, after=parse_cursor(asked.cursor), limit=asked.limit + 1)
    return build_page([build_item(one) for one in found], [one.job.asset_id for one in found], most=asked.limit)


def show(request: Request, asset_id: Id, actor: Moderator) -> dict[str, Any]:
    """Describe a job: what speaks against it, who has it, and the clauses that a verdict may cite."""
    from policies.review.backlog import load_items
    from policies.review.job import find_job
    from policies.review.judgement import list_clauses, show_opinions

    here, reviewer = find_service(request).deployment(actor), build_reviewer(actor)
    with here.database.read() as connection:
        find_job(connection, AssetId(asset_id), here.tenant, reviewer)
        (item,) = load_items(connection, [asset_id])
    opinions = [
        {"reviewer": one.reviewer, "outcome": one.outcome, "clause": one.clause, "reason": one.reason}
        for one in show_opinions(here, AssetId(asset_id), reviewer)
    ]
    clauses = list_clauses(here.packs.values(), item.decision)
    return {**build_item(item), "clauses": list(clauses), "opinions": opinions}


def take(request: Request, asset_id: Id, actor: Moderator) -> dict[str, Any]:
    """Take a job for ten minutes, or prolong the time for which you have it."""
    from policies.review.claim import claim

    return build_job(claim(find_service(request).deployment(actor), AssetId(asset_id), build_reviewer(actor)))


def give_back(request: Request, asset_id: Id, actor: Moderator) -> dict[str, Any]:
    """Give a job back."""
    from policies.review.claim import release_claim

    return build_job(release_claim(find_service(request).deployment(actor), AssetId(asset_id), build_reviewer(actor)))


def assign_to(request: Request, asset_id: Id, order: AssignOrder, actor: Moderator) -> dict[str, Any]:
    """Give a job to somebody, who keeps it for a day."""
    from policies.review.claim import assign

    here = find_service(request).deployment(actor)
    to = find_moderator(here, order.person_id)
    return build_job(assign(here, AssetId(asset_id), build_reviewer(actor), to))


def decide_about(request: Request, asset_id: Id, order: VerdictOrder, actor: Moderator) -> dict[str, Any]:
    """Release or block. A release waits some seconds before it walks on, so that it can be taken back."""
    from policies.review.judgement import decide

    service = find_service(request)
    verdict = build_verdict(order.outcome, order.clause, order.reason)
    grace_s = service.site.settings.review.grace_s
    here = service.deployment(actor)
    return build_ruling(decide(here, AssetId(asset_id), build_reviewer(actor), verdict, grace_s=grace_s))


def ask_for_opinion(request: Request, asset_id: Id, order: VerdictOrder, actor: Moderator) -> dict[str, Any]:
    """Say what you would decide, and let somebody else say so without knowing."""
    from policies.review.judgement import ask_opinion

    verdict = build_verdict(order.outcome, order.clause, order.reason)
    here = find_service(request).deployment(actor)
    return build_ruling(ask_opinion(here, AssetId(asset_id), build_reviewer(actor), verdict))


def hand_up(request: Request, asset_id: Id, order: ReasonOrder, actor: Moderator) -> dict[str, Any]:
    """Escalate: somebody else must decide."""
    from policies.review.judgement import escalate

    here = find_service(request).deployment(actor)
    return build_ruling(escalate(here, AssetId(asset_id), build_reviewer(actor), order.reason))


def take_decision_back(request: Request, asset_id: Id, order: ReasonOrder, actor: Moderator) -> dict[str, Any]:
    """Undo a decision while nothing was released by it."""
    from policies.review.judgement import take_back

    here = find_service(request).deployment(actor)
    return build_ruling(take_back(here, AssetId(asset_id), build_reviewer(actor), order.reason))


async def ask_checks_again(request: Request, asset_id: Id, actor: Moderator) -> Release:
    """Screen a held asset again of which a check had no answer, and say how it ended: its packs decide anew."""
    from policies.review.rescreening import screen_again

    service, reviewer = find_service(request), build_reviewer(actor)
    here = service.deployment(actor)
    async with service.room.files.hold():
        await run_in_threadpool(screen_again, here, AssetId(asset_id), reviewer)
    return await run_in_threadpool(lambda: Release.build(find_standing(here, asset_id)))


def read_notes(request: Request, asset_id: Id, actor: Moderator) -> dict[str, Any]:
    """List the notes of a job that you may read."""
    from policies.review.note import list_notes

    here = find_service(request).deployment(actor)
    notes = list_notes(here, AssetId(asset_id), build_reviewer(actor))
    return {"items": [{"author": one.author, "text": one.text, "created_at": one.created_at} for one in notes]}


def write(request: Request, asset_id: Id, order: NoteOrder, actor: Moderator) -> dict[str, Any]:
    """Write a note: for yourself and who you mention while the job is open, for every reviewer after."""
    from policies.review.note import write_note

    here = find_service(request).deployment(actor)
    note = write_note(here, AssetId(asset_id), build_reviewer(actor), order.text)
    return {"id": note.id, "mentions": list(note.mentions), "created_at": note.created_at}


def list_decided(
    request: Request,
    actor: Annotated[Actor, require(Permission.READ_ASSETS)],
    by: Annotated[str, Query(max_length=128)] = "",
    outcome: Annotated[str, Query(pattern="^(release|block|hold)?$")] = "",
    batch_id: Annotated[str, Query(max_length=36)] = "",
    limit: Limit = USUAL,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """List what people decided, newest first; a batch is one, unless it is asked for. `hold` is one taken back."""
    from policies.review.history import list_lines

    here, before = find_service(request).deployment(actor), parse_cursor(cursor)
    asked = {"by": by, "outcome": outcome, "batch_id": batch_id, "before": before, "limit": limit + 1}
    found = list_lines(here, build_reviewer(actor), **asked)  # type: ignore[arg-type]  # as it names them
    items = [{name: getattr(one, name) for name in one.__dataclass_fields__} for one in found]
    return build_page(items, [one.cursor for one in found], most=limit)


def decide_many(request: Request, order: BatchOrder, actor: Moderator) -> dict[str, Any]:
    """Decide about the jobs that are named, or about every one that a filter finds; one line on record."""
    from policies.review.backlog import Filter, find_ids
    from policies.review.batch import MOST, find_batch, make_batch

    service = find_service(request)
    here, reviewer = service.deployment(actor), build_reviewer(actor)
    asked = Filter(**order.filter.model_dump()) if order.filter else None
    named = [AssetId(one) for one in order.ids]
    ids = named or (list(find_ids(here, reviewer, asked, upto=order.upto, most=MOST + 1)) if asked else [])
    verdict = build_verdict(order.outcome, order.clause, order.reason)
    made = make_batch(here, reviewer, ids, verdict, key=order.key, confirmed=order.confirmed, asked=asked)
    carry_out(here, made.id, grace_s=service.site.settings.review.grace_s)
    with here.database.read() as connection:
        return build_batch(find_batch(connection, here, made.id, reviewer))


def show_batch(request: Request, batch_id: Id, actor: Moderator) -> dict[str, Any]:
    """Describe a batch and how far it is."""
    from policies.review.batch import find_batch

    here = find_service(request).deployment(actor)
    with here.database.read() as connection:
        return build_batch(find_batch(connection, here, batch_id, build_reviewer(actor)))


def take_batch_back(request: Request, batch_id: Id, actor: Moderator) -> dict[str, Any]:
    """Take a batch back: what was released stays so, all else is open again."""
    from policies.review.batch import find_batch, undo_batch

    service = find_service(request)
    here, reviewer = service.deployment(actor), build_reviewer(actor)
    undo_batch(here, batch_id, reviewer)
    carry_out(here, batch_id, grace_s=service.site.settings.review.grace_s)
    with here.database.read() as connection:
        return build_batch(find_batch(connection, here, batch_id, reviewer))
