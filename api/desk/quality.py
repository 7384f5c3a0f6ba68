"""Quality: how much moderators agree, known cases and what came of them, and where two disagree."""

import base64
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi import Form as Field
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from api.access.guard import require
from api.access.identity import Actor, Permission
from api.desk.clause import list_choices
from api.desk.frame import render, tell
from api.errors import status_of
from api.form import Form
from api.multipart import MOST_FIELD_BYTES
from api.reviewing import build_reviewer, build_verdict
from api.routes.works import take_form
from api.service import find_service
from policies.refusals import UnknownChoiceError
from provenance.asset import AssetId
from provenance.errors import GateError

if TYPE_CHECKING:
    from policies.line.deployment import Deployment
    from policies.review.job import Reviewer
    from policies.review.quality_rules import Rules

QUALITY: Final = "/desk/quality"
CASES: Final = f"{QUALITY}/cases"
ONE: Final = f"{CASES}/{{case_id}}"

Lead = Annotated[Actor, require(Permission.MEASURE_QUALITY)]
LeadWhoReviews = Annotated[Actor, require(Permission.MEASURE_QUALITY), require(Permission.REVIEW)]
Text = Annotated[str, Field()]


def build_router() -> APIRouter:
    """Build the pages."""
    router = APIRouter(include_in_schema=False)
    for method, path, serve in (
        ("GET", QUALITY, show_quality), ("POST", QUALITY, choose_rules), ("POST", CASES, make_case),
        ("GET", ONE, show_case), ("GET", f"{ONE}/picture", show_picture), ("POST", f"{ONE}/settle", settle),
        ("POST", f"{ONE}/reopen", reopen_asset), ("POST", f"{ONE}/retire", retire),
    ):  # fmt: skip
        router.add_api_route(path, serve, methods=[method], response_class=HTMLResponse)
    return router


def show_quality(request: Request, actor: Lead, asset: str = "") -> HTMLResponse:
    """Show all figures; `asset` fills the form that makes a known case."""
    return _render(request, actor, given={"asset_id": asset[:36]})


def choose_rules(
    request: Request, actor: Lead, golden: Text = "0", double: Text = "0", feedback: Text = "", third: Text = "lead"
) -> Response:
    """Keep how often cases are dealt, and what people are told."""
    from policies.review.quality_rules import Rules, keep_rules

    here = find_service(request).deployment(actor)
    try:
        rules = Rules(parse_share(golden), parse_share(double), gives_feedback=bool(feedback), third=third)
    except GateError as exc:
        return _render(request, actor, rules_problem=tell(request, exc), status=status_of(exc))
    keep_rules(here, build_reviewer(actor), rules)
    return RedirectResponse(f"{QUALITY}?said=quality_saved", 303)


def parse_share(text: str) -> float:
    """Return a share that was typed in percent.

    Raises:
        PolicyError: it is no number.
    """
    try:
        return round(float(text.strip().removesuffix("%") or 0) / 100, 4)
    except ValueError as exc:
        raise UnknownChoiceError(f"expected a number of percent, got {text[:20]!r}") from exc


async def make_case(request: Request, actor: Lead) -> Any:  # noqa: ANN401 - a page, or where it is
    """Make a known case of an asset, or of a file; what is wrong is said beside the form."""
    service = find_service(request)
    here = service.deployment(actor)
    given: dict[str, str] = {}
    try:
        async with (
            service.room.uploads.hold(),
            take_form(request, here.limits.max_bytes + MOST_FIELD_BYTES) as form,
            service.room.files.hold(),
        ):
            given = dict(form.fields)
            await run_in_threadpool(_make, here, form, build_reviewer(actor))
    except GateError as exc:
        if exc.retryable or status_of(exc) >= 500:
            raise
        return await run_in_threadpool(
            _render, request, actor, given=given, problem=tell(request, exc), status=status_of(exc)
        )
    return RedirectResponse(f"{QUALITY}?said=golden_made#golden", 303)


def _make(here: "Deployment", form: Form, reviewer: "Reviewer") -> None:
    from policies.review.quality_golden import make_from_asset, make_from_file

    answer = build_verdict(form.text("outcome"), form.text("clause"), form.text("reason"))
    asset_id = form.text("asset_id")
    if asset_id and not form.files:
        make_from_asset(here, AssetId(asset_id), reviewer, answer)
    else:
        file = form.file()
        prompt = form.text("prompt")
        make_from_file(here, file.open(), reviewer, answer, name=file.name.rpartition("/")[2], prompt=prompt)


def show_case(request: Request, actor: Lead, case_id: str) -> HTMLResponse:
    """Show one case with everybody's answer."""
    return _render_case(request, actor, case_id)


def show_picture(request: Request, actor: LeadWhoReviews, case_id: str) -> Response:
    """Return what a case is about as a JPEG of bounded size; for leads who review, too, as pictures of jobs are."""
    from api.desk.media import SIDE, UNKEPT
    from api.preview import build_preview
    from policies.line.intake import original_key
    from policies.review.quality_case import find_case

    here = find_service(request).deployment(actor)
    with here.database.read() as connection:
        case = find_case(connection, here, case_id, build_reviewer(actor))
    url = build_preview(here.media, here.blobs.quarantine.open(original_key(case.id)), here.limits, SIDE)
    if not url:
        raise HTTPException(404, "this file cannot be shown as a picture")
    return Response(base64.b64decode(url.partition(",")[2]), media_type="image/jpeg", headers=UNKEPT)


def settle(request: Request, actor: Lead, case_id: str, outcome: Text = "", statement: Text = "") -> Response:
    """Say who was right where two disagreed."""
    from policies.review.quality_settling import settle_case
    from policies.rules.decision import Outcome

    here, said = find_service(request).deployment(actor), statement.replace("\r\n", "\n")
    try:
        wanted = Outcome.RELEASE if outcome == "release" else Outcome.BLOCK if outcome == "block" else Outcome.HOLD
        settle_case(here, case_id, build_reviewer(actor), wanted, said)
    except GateError as exc:
        return _render_case(request, actor, case_id, statement=said, problem=tell(request, exc), status=status_of(exc))
    return RedirectResponse(f"{CASES}/{case_id}?said=settled", 303)


def reopen_asset(request: Request, actor: LeadWhoReviews, case_id: str) -> Response:
    """Take back the decision that was found wrong, the way every decision is taken back."""
    from policies.review.quality_settling import reopen

    here = find_service(request).deployment(actor)
    try:
        reopen(here, case_id, build_reviewer(actor))
    except GateError as exc:
        return _render_case(request, actor, case_id, problem=tell(request, exc), status=status_of(exc))
    return RedirectResponse(f"{CASES}/{case_id}?said=reopened", 303)


def retire(request: Request, actor: Lead, case_id: str) -> Response:
    """Deal a case no more."""
    from policies.review.quality_golden import retire_case

    retire_case(find_service(request).deployment(actor), case_id, build_reviewer(actor))
    return RedirectResponse(f"{QUALITY}?said=golden_retired#golden", 303)


def _render(
    request: Request,
    actor: Actor,
    *,
    given: dict[str, str] | None = None,
    problem: str = "",
    rules_problem: str = "",
    status: int = 200,
) -> HTMLResponse:
    from policies.review.judgement import list_clauses
    from policies.review.quality_agreement import FEW
    from policies.review.quality_case import Kind, Standing, list_cases, tidy_cases
    from policies.review.quality_figures import find_quality
    from policies.review.quality_rules import THIRDS

    here, reviewer = find_service(request).deployment(actor), build_reviewer(actor)
    tidy_cases(here)
    with here.database.read() as connection:
        disagreed = list_cases(connection, here, reviewer, Kind.DOUBLE, Standing.DISAGREED, limit=50)
        golden = list_cases(connection, here, reviewer, Kind.GOLDEN, Standing.OPEN, limit=100)
    return render(
        request, "quality.html", actor=actor, page="quality", status=status, figures=find_quality(here, reviewer),
        rules=_load_rules(here), thirds=THIRDS, disagreed=disagreed, golden=golden, few=FEW, given=given or {},
        problem=problem, rules_problem=rules_problem,
        choices=list_choices(request, here.packs.values(), list_clauses(here.packs.values())),
    )  # fmt: skip


def _load_rules(here: "Deployment") -> "Rules":
    from policies.review.quality_rules import load_rules

    with here.database.read() as connection:
        return load_rules(connection, here)


def _render_case(
    request: Request, actor: Actor, case_id: str, *, statement: str = "", problem: str = "", status: int = 200
) -> HTMLResponse:
    from policies.line.records import find_stage
    from policies.review.quality_answer import list_answers
    from policies.review.quality_case import find_case
    from policies.review.wellness import load_wellness

    here, reviewer = find_service(request).deployment(actor), build_reviewer(actor)
    with here.database.read() as connection:
        case = find_case(connection, here, case_id, reviewer)
        stage = find_stage(connection, AssetId(case.asset_id), here.tenant) if case.asset_id else None
        answers = list_answers(connection, case)
    return render(
        request, "quality_case.html", actor=actor, page="quality", status=status, case=case, answers=answers,
        stage="" if stage is None else stage.value, wellness=load_wellness(here, reviewer), statement=statement,
        problem=problem, shown=bool(request.query_params.get("show")),
    )  # fmt: skip
