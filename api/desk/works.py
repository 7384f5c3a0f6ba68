"""Works on the desk: search them, add one or a list, see one, withdraw it, define banks, and ask why a file matches."""

from collections import defaultdict
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from api.access.guard import require
from api.access.identity import Actor, Permission
from api.collecting import LIST_BYTES, MOST_FILES, build_made, build_work, register_list, register_one
from api.desk.frame import render, tell
from api.errors import status_of
from api.multipart import MOST_FIELD_BYTES
from api.routes.works import find_some, take_form, withdraw_work
from api.service import find_service
from provenance.errors import GateError, WorkClaimedError

if TYPE_CHECKING:
    from policies.line.deployment import Deployment

PAGE: Final = 50
WORKS: Final = "/desk/works"
ADD: Final = f"{WORKS}/add"
BANKS: Final = f"{WORKS}/banks"
MATCH: Final = f"{WORKS}/match"
ONE: Final = "/desk/works/id/{work_id}"

Reads = Annotated[Actor, require(Permission.READ_WORKS)]
Writes = Annotated[Actor, require(Permission.REGISTER_WORKS)]


def build_router() -> APIRouter:
    """Build the pages."""
    router = APIRouter(include_in_schema=False)
    for method, path, serve in (
        ("GET", WORKS, show_works), ("GET", ADD, show_add), ("POST", ADD, add_one), ("POST", f"{ADD}/list", add_list),
        ("GET", BANKS, show_banks), ("POST", BANKS, define_bank), ("GET", MATCH, show_match), ("POST", MATCH, match),
        ("GET", ONE, show_work), ("POST", f"{ONE}/withdraw", withdraw),
    ):  # fmt: skip
        router.add_api_route(path, serve, methods=[method], response_class=HTMLResponse)
    return router


def show_works(
    request: Request, actor: Reads, q: str = "", bank: str = "", status: str = "", after: str = ""
) -> HTMLResponse:
    """Show the works that a search finds, a page at a time."""
    here = find_service(request).deployment(actor)
    asked = {"q": q[:200], "bank": bank[:64], "status": status if status in {"active", "withdrawn"} else ""}
    found = find_some(here, **asked, after=after[:128], limit=PAGE + 1)
    kept = {name: value for name, value in asked.items() if value}
    more = f"{WORKS}?{urlencode({**kept, 'after': found[PAGE - 1]['id']})}" if len(found) > PAGE else ""
    first = f"{WORKS}?{urlencode(kept)}" if after else ""
    return render(
        request, "works.html", actor=actor, page="works", works=found[:PAGE], asked=asked, next=more, first=first,
        banks=[one.name for one in here.works.banks()],
    )  # fmt: skip


def show_add(request: Request, actor: Writes) -> HTMLResponse:
    """Show what a work is added with."""
    return _render_add(request, actor)


async def add_one(request: Request, actor: Writes) -> Any:  # noqa: ANN401 - a page, or where it is
    """Register one picture and lead to it; what is wrong is said beside the form."""
    service = find_service(request)
    here = service.deployment(actor)
    fields: dict[str, str] = {}
    try:
        async with (
            service.room.uploads.hold(),
            take_form(request, here.limits.max_bytes + MOST_FIELD_BYTES) as form,
            service.room.files.hold(),
        ):
            fields = dict(form.fields)
            made = await run_in_threadpool(register_one, service.site, here, form)
    except GateError as exc:
        if exc.retryable or status_of(exc) >= 500:
            raise
        claimed = isinstance(exc, WorkClaimedError)
        return await run_in_threadpool(
            _render_add,
            request,
            actor,
            fields=fields,
            problem=tell(request, exc),
            status=status_of(exc),
            claimed=claimed,
        )
    work = build_made(made)["work"]
    said = "known" if made.is_repeat else "registered"
    return RedirectResponse(f"/desk/works/id/{quote(work['id'], safe='')}?said={said}", 303)


async def add_list(request: Request, actor: Writes) -> HTMLResponse:
    """Register a list with its files, and show what became of each row."""
    service = find_service(request)
    here = service.deployment(actor)
    try:
        async with (
            service.room.uploads.hold(),
            take_form(request, LIST_BYTES, most_files=MOST_FILES + 1) as form,
            service.room.files.hold(),
        ):
            made, notes = await run_in_threadpool(register_list, service.site, here, form)
    except GateError as exc:
        if exc.retryable or status_of(exc) >= 500:
            raise
        return await run_in_threadpool(
            _render_add, request, actor, list_problem=tell(request, exc), status=status_of(exc)
        )
    rows = [build_made(one) for one in made]
    failed = sum("error" in row for row in rows)
    known = sum(row.get("is_repeat", False) for row in rows)
    return render(
        request, "works_list.html", actor=actor, page="works", rows=rows, notes=notes, failed=failed, known=known,
        added=len(rows) - failed - known,
    )  # fmt: skip


def show_work(request: Request, actor: Reads, work_id: str) -> HTMLResponse:
    """Show one work with what was released that resembles it."""
    here = find_service(request).deployment(actor)
    work = build_work(here.works.find(work_id))
    alike = here.works.match_work_to_releases(work_id) if work["status"] == "active" else ()
    return render(request, "work.html", actor=actor, page="works", work=work, alike=alike, path=quote(work_id, safe=""))


def withdraw(
    request: Request, actor: Writes, work_id: str, reason: Annotated[str, Form(max_length=2000)]
) -> RedirectResponse:
    """Withdraw a work and lead back to it."""
    service = find_service(request)
    withdraw_work(service.site.settings, service.deployment(actor), work_id, reason)
    return RedirectResponse(f"/desk/works/id/{quote(work_id, safe='')}?said=withdrawn", 303)


def show_banks(request: Request, actor: Reads) -> HTMLResponse:
    """Show what a match in each bank means."""
    return _render_banks(request, actor)


def define_bank(
    request: Request,
    actor: Writes,
    name: Annotated[str, Form(max_length=80)],
    action: Annotated[str, Form(max_length=20)],
    pdq: Annotated[str, Form(max_length=4)] = "",
    description: Annotated[str, Form(max_length=600)] = "",
) -> Any:  # noqa: ANN401 - a page, or where it is
    """Define or change a bank."""
    here = find_service(request).deployment(actor)
    given = {"name": name, "action": action, "pdq": pdq, "description": description}
    known = {bank.name: bank for bank in here.works.banks()}
    kept = dict(known[name].thresholds) if name in known else {}
    kept.pop("pdq", None)
    try:
        thresholds = {**kept, **({"pdq": int(pdq) if pdq.isdecimal() else -1} if pdq.strip() else {})}
        here.works.define_bank(name.strip(), action=action, thresholds=thresholds, description=description)
    except GateError as exc:
        return _render_banks(request, actor, given=given, problem=tell(request, exc), status=status_of(exc))
    return RedirectResponse(f"{BANKS}?said=saved", 303)


def show_match(request: Request, actor: Reads) -> HTMLResponse:
    """Show where a file is asked about."""
    return _render_match(request, actor)


async def match(request: Request, actor: Reads) -> HTMLResponse:
    """Show which works a file resembles, drawn beside them; nothing of it is kept."""
    service = find_service(request)
    here = service.deployment(actor)
    try:
        async with (
            service.room.uploads.hold(),
            take_form(request, here.limits.max_bytes + MOST_FIELD_BYTES) as form,
            service.room.files.hold(),
        ):
            sent = form.file()
            blob = sent.open()
            async with service.room.pixels.hold(await run_in_threadpool(here.media.weigh, blob, here.limits)):
                found = await run_in_threadpool(_match, here, blob)
    except GateError as exc:
        if exc.retryable or status_of(exc) >= 500:
            raise
        return _render_match(request, actor, problem=tell(request, exc), status=status_of(exc))
    return _render_match(request, actor, asked=sent.name, **found)


def _match(here: "Deployment", blob: Any) -> dict[str, Any]:  # noqa: ANN401 - lazily known
    import base64

    from api.matching import build_report, encode_sheet, match_file

    found = match_file(here, blob)
    sheet = encode_sheet(here.works, found, "image/jpeg")
    drawn = f"data:image/jpeg;base64,{base64.b64encode(sheet).decode()}" if sheet else ""
    return {"report": build_report(found.report), "drawn": drawn}


def _render_add(
    request: Request,
    actor: Actor,
    *,
    fields: dict[str, str] | None = None,
    problem: str = "",
    list_problem: str = "",
    status: int = 200,
    claimed: bool = False,
) -> HTMLResponse:
    here = find_service(request).deployment(actor)
    banks = [bank.name for bank in here.works.banks()] or ["works"]
    return render(
        request, "works_add.html", actor=actor, page="works", status=status, banks=banks,
        fields=defaultdict(str, fields or {}), problem=problem, list_problem=list_problem, claimed=claimed,
        most_bytes=here.limits.max_bytes,
    )  # fmt: skip


def _render_banks(
    request: Request, actor: Actor, *, given: dict[str, str] | None = None, problem: str = "", status: int = 200
) -> HTMLResponse:
    here = find_service(request).deployment(actor)
    return render(
        request, "banks.html", actor=actor, page="works", status=status, banks=here.works.banks(),
        given=defaultdict(str, given or {}), problem=problem,
    )  # fmt: skip


def _render_match(
    request: Request,
    actor: Actor,
    *,
    asked: str = "",
    report: dict[str, Any] | None = None,
    drawn: str = "",
    problem: str = "",
    status: int = 200,
) -> HTMLResponse:
    return render(
        request, "match.html", actor=actor, page="works", status=status, asked=asked, report=report, drawn=drawn,
        problem=problem,
    )  # fmt: skip
