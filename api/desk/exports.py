"""Exports on the desk: what an auditor orders, how far it is, what it proves, and the file while it lasts."""

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Request
from fastapi import Form as Field
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from api.access.guard import require
from api.access.identity import Actor, Permission
from api.access.refusals import ForbiddenError
from api.desk.frame import render, tell
from api.errors import status_of
from api.form import Form
from api.multipart import MOST_FIELD_BYTES
from api.routes.exports import build_export, order_export, verify_readable
from api.routes.works import take_form
from api.service import find_service
from policies.refusals import UnknownChoiceError
from provenance.errors import AssetNotFoundError, PolicyError
from provenance.tenant import MAIN

if TYPE_CHECKING:
    from policies.audit.exporting import Order

LIST: Final = "/desk/exports"
PAGE: Final = 25
FORMS: Final = ("jsonl", "csv", "parquet")
WHATS: Final = ("entries", "dsa", "prov", "case")
OUTCOMES: Final = ("release", "hold", "block")
_OF_ASSETS: Final = ("prov", "case")

Exporter = Annotated[Actor, require(Permission.EXPORT)]


def build_router() -> APIRouter:
    """Build the pages."""
    router = APIRouter(include_in_schema=False)
    for method, path, serve in (
        ("GET", LIST, show_exports),
        ("POST", LIST, order),
        ("POST", f"{LIST}/case", order_case),
        ("GET", f"{LIST}/{{export_id}}", show_export),
        ("POST", f"{LIST}/{{export_id}}/drop", drop),
    ):
        router.add_api_route(path, serve, methods=[method], response_class=HTMLResponse)
    return router


def show_exports(request: Request, actor: Exporter, before: str = "", kind: str = "", asset: str = "") -> HTMLResponse:
    """Show what was ordered, newest first, and the form to order more; `kind` and `asset` fill it."""
    return _render(request, actor, before=before[:36], given={"kind": kind[:10], "asset_id": asset[:36]})


async def order(request: Request, actor: Exporter) -> Any:  # noqa: ANN401 - a page, or where it is
    """Order an export."""
    here = find_service(request).deployment(actor)
    async with take_form(request, MOST_FIELD_BYTES) as form:
        try:
            await run_in_threadpool(order_export, here, build_order(form), actor)
        except (PolicyError, AssetNotFoundError, ForbiddenError) as exc:
            given = {name: form.text(name) for name in form.fields}
            return await run_in_threadpool(
                _render, request, actor, given=given, problem=tell(request, exc), status=status_of(exc)
            )
    return RedirectResponse(f"{LIST}?said=ordered", 303)


def order_case(
    request: Request,
    actor: Exporter,
    asset_id: Annotated[str, Field(max_length=36)],
    prompt: Annotated[str, Field()] = "",
) -> RedirectResponse:
    """Order the evidence of one case, as far as who asks may have it, and lead to where it is made."""
    from policies.audit.exporting import Kind, Order

    here = find_service(request).deployment(actor)
    export = order_export(here, Order(kind=Kind.CASE, asset_id=asset_id.strip(), with_prompt=bool(prompt)), actor)
    return RedirectResponse(f"{LIST}/{export.id}", 303)


def show_export(request: Request, actor: Exporter, export_id: str) -> HTMLResponse:
    """Show how far one export is, and the file once it is made."""
    from policies.audit.orders import find_export

    here = find_service(request).deployment(actor)
    export = find_export(here.database, here.tenant, export_id)
    verify_readable(here, export.wanted, actor)
    part = "export_part.html" if "hx-request" in request.headers else "export.html"
    return render(request, part, actor=actor, page="exports", export=build_export(export), vkey=here.log.signer.vkey)


async def drop(request: Request, actor: Exporter, export_id: str) -> RedirectResponse:
    """Delete an export's file, or stop it before it is made."""
    from policies.audit.orders import drop_export

    here = find_service(request).deployment(actor)
    await run_in_threadpool(drop_export, here, export_id)
    return RedirectResponse(f"{LIST}?said=dropped", 303)


def build_order(form: Form) -> "Order":
    """Return what a form orders; days are whole, in UTC, both ends included.

    Raises:
        PolicyError: a day or a kind is none.
    """
    from policies.audit.exporting import Kind, Order

    kind = form.text("kind", "entries")
    if kind not in WHATS:
        raise UnknownChoiceError(f"expected {', '.join(WHATS)}, got {kind[:40]!r}")
    if kind in _OF_ASSETS:
        return Order(
            kind=Kind(kind),
            asset_id=form.text("asset_id").strip(),
            with_names=bool(form.text("with_names")),
            with_prompt=bool(form.text("with_prompt")),
        )
    until = parse_day(form.text("until"))
    return Order(
        kind=Kind(kind),
        form=form.text("form", "jsonl") if kind == "entries" else "jsonl",
        since=parse_day(form.text("since")),
        until=None if until is None else until + timedelta(days=1),
        outcomes=tuple(one for one in (form.text("outcome"),) if one),
        packs=tuple(one.strip() for one in form.text("packs").split(",") if one.strip()),
        whole_site=bool(form.text("whole_site")),
        with_names=bool(form.text("with_names")),
    )


def parse_day(text: str) -> datetime | None:
    """Return the beginning of a day in UTC, or None for "".

    Raises:
        PolicyError: it is no day.
    """
    if not text.strip():
        return None
    try:
        return datetime.combine(date.fromisoformat(text.strip()), time(), UTC)
    except ValueError as exc:
        raise UnknownChoiceError(f"expected a day such as 2026-01-31, got {text[:40]!r}") from exc


def _render(
    request: Request,
    actor: Actor,
    *,
    before: str = "",
    given: dict[str, str] | None = None,
    problem: str = "",
    status: int = 200,
) -> HTMLResponse:
    from policies.audit.exporting import has_others
    from policies.audit.orders import find_exports

    here = find_service(request).deployment(actor)
    found = find_exports(here.database, here.tenant, before=before, limit=PAGE + 1)
    busy = any(one.state in {"waiting", "running"} for one in found[:PAGE])
    return render(
        request,
        "exports_list.html" if "hx-request" in request.headers else "exports.html",
        actor=actor,
        page="exports",
        status=status,
        exports=[build_export(one) for one in found[:PAGE]],
        is_busy=busy,
        before=before,
        given=given or {},
        problem=problem,
        forms=FORMS,
        whats=WHATS,
        outcomes=OUTCOMES,
        can_see_all=here.tenant == MAIN and has_others(here),
        vkey=here.log.signer.vkey,
        first=LIST if before else "",
        next=f"{LIST}?before={found[PAGE - 1].id}" if len(found) > PAGE else "",
    )
