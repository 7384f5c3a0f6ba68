"""Appeals over HTTP: what waits for a second look, and what was decided; filing goes by a link, at /appeals."""

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from fastapi import APIRouter, Body, Path, Query, Request
from fastapi.concurrency import run_in_threadpool

from api.access.guard import PERMISSION, require
from api.access.identity import Actor, Permission
from api.cursor import USUAL, Cursor, Limit, build_page, parse_cursor
from api.errors import describe_problems
from api.service import find_service

if TYPE_CHECKING:
    from policies.review.appeal import Appeal
    from policies.review.job import Reviewer

LINK: Final = "/appeals"
"""Where links to appeal by begin."""

Decides = Annotated[Actor, require(Permission.DECIDE_APPEALS)]
DecisionId = Annotated[str, Path(max_length=36)]


def build_router() -> APIRouter:
    """Build the routes of appeals."""
    router = APIRouter(tags=["appeals"])
    known = describe_problems(401, 403, 404, 409, 422, 500, 503)
    extra = {PERMISSION: Permission.DECIDE_APPEALS}
    add = router.add_api_route
    add("/v1/appeals", list_filed, methods=["GET"], responses=known, openapi_extra=extra)
    add("/v1/appeals/{decision_id}", read, methods=["GET"], responses=known, openapi_extra=extra)
    add("/v1/appeals/{decision_id}", decide, methods=["POST"], responses=known, openapi_extra=extra)
    return router


async def list_filed(
    request: Request,
    actor: Decides,
    state: Annotated[Literal["filed", "upheld", "overturned"], Query()] = "filed",
    limit: Limit = USUAL,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """Return appeals, the oldest first."""
    from policies.review.appeal import Standing, list_appeals

    here = find_service(request).deployment(actor)
    found = await run_in_threadpool(
        list_appeals, here, build_reviewer(actor), state=Standing(state), after=parse_cursor(cursor), limit=limit + 1
    )
    keys = [f"{one.filed_at}|{one.decision_id}" for one in found]
    return build_page([build_appeal(one) for one in found], keys, most=limit)


async def read(request: Request, actor: Decides, decision_id: DecisionId) -> dict[str, Any]:
    """Return one appeal with the refusal that it is about."""
    from policies.review.appeal import find_appeal

    here = find_service(request).deployment(actor)
    return build_appeal(await run_in_threadpool(find_appeal, here, build_reviewer(actor), decision_id))


async def decide(
    request: Request,
    actor: Decides,
    decision_id: DecisionId,
    outcome: Annotated[Literal["uphold", "overturn"], Body()],
    statement: Annotated[str, Body(min_length=1, max_length=2000)],
) -> dict[str, Any]:
    """Let a refusal stand, or overturn it, which releases the file; by another person than the one who refused.

    The statement of reasons is shown at the appeal's link.
    """
    from policies.review.appeal import decide_appeal

    here = find_service(request).deployment(actor)
    made = await run_in_threadpool(
        decide_appeal, here, decision_id, reviewer=build_reviewer(actor), overturn=outcome == "overturn",
        statement=statement,
    )  # fmt: skip
    return build_appeal(made)


def build_reviewer(actor: Actor) -> "Reviewer":
    """Return who asks as a reviewer."""
    from policies.review.job import Reviewer

    return Reviewer(actor.id, actor.name, sees_sensitive=actor.may(Permission.REVIEW_SENSITIVE))


def build_appeal(appeal: "Appeal") -> dict[str, Any]:
    """Return what moderators see of an appeal; never its link, by which others could speak."""
    return {
        "decision_id": appeal.decision_id,
        "asset_id": appeal.asset_id,
        "name": appeal.name,
        "state": appeal.state.value,
        "text": appeal.text,
        "filed_at": appeal.filed_at,
        "decided_by": appeal.decided_by,
        "statement": appeal.statement,
        "decided_at": appeal.decided_at,
        "refused_by": appeal.decision.decided_by,
        "reasons": [
            {"pack": one.pack, "rule": one.rule, "clause": one.clause, "text": one.text, "outcome": one.outcome.value}
            for one in appeal.decision.reasons
        ],
    }
