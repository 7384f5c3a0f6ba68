"""Signing in and out: by password, with a code where one is asked for, and by links that work once."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from api.access.cookie import drop_session, find_token, set_session
from api.access.forgery import verify_same_origin
from api.access.guard import require_person
from api.access.identity import Actor
from api.access.reception import Visit, Welcome, find_reception
from api.access.refusals import AccessError, LinkSpentError, NotSignedInError, ThrottledError
from api.desk.frame import render
from api.desk.language import find_language, find_local_path, load_words
from api.desk.navigation import find_home
from api.errors import status_of
from api.form import Bounds, Form, receive_form
from api.service import find_service
from provenance.tenant import MAIN

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

FORM: Final = Bounds(most_bytes=64 * 1024, idle_s=10, total_s=30)
NEXT: Final = "next"
_WORDS: Final = "sign_in"


def build_router() -> APIRouter:
    """Build the pages of signing in."""
    router = APIRouter(include_in_schema=False)
    for path, method, serve in (
        ("/sign-in", "GET", show_sign_in),
        ("/sign-in", "POST", sign_in),
        ("/sign-in/code", "GET", show_code),
        ("/sign-in/code", "POST", give_code),
        ("/sign-in/link/{token}", "GET", show_link),
        ("/sign-in/link/{token}", "POST", use_link),
        ("/sign-out", "POST", sign_out),
    ):
        router.add_api_route(path, serve, methods=[method], response_class=HTMLResponse)
    return router


async def read_form(request: "Request") -> Form:
    """Read a short form without files.

    Raises:
        MalformedRequestError: it is none.
    """
    async with receive_form(request.headers.get("content-type", ""), request.stream(), FORM) as form:
        return form


async def show_sign_in(request: Request) -> Response:
    """Show the form."""
    return _show(request, "sign_in.html", to=request.query_params.get(NEXT, ""), account="", tenant="")


async def sign_in(request: Request) -> Response:
    """Let somebody in by name and password."""
    verify_same_origin(request, find_reception(request).settings.http.origin)
    reception, form = find_reception(request), await read_form(request)
    account, tenant, to = form.text("account"), form.text("tenant") or MAIN, form.text(NEXT)
    shown = {"to": to, "account": account, "tenant": form.text("tenant")}

    def _let_in() -> Welcome:
        return reception.enter_by_password(tenant, account, form.fields.get("password", ""), find_visit(request))

    return await _enter(request, _let_in, "sign_in.html", to, shown)


async def show_code(request: Request) -> Response:
    """Ask for the second factor."""
    return _show(request, "sign_in_code.html", to=request.query_params.get(NEXT, ""))


async def give_code(request: Request) -> Response:
    """Let somebody in by the code that follows the password."""
    verify_same_origin(request, find_reception(request).settings.http.origin)
    reception, form = find_reception(request), await read_form(request)
    to, code = form.text(NEXT), form.text("code")
    try:
        return await _enter(
            request,
            lambda: reception.enter_by_code(code, find_visit(request)),
            "sign_in_code.html",
            to,
            {"to": to},
        )
    except NotSignedInError:
        return RedirectResponse("/sign-in", 303)


async def show_link(request: Request, token: str) -> Response:
    """Ask for a name, where there is none yet, and for a password."""
    reception = find_reception(request)
    try:
        _, person = await run_in_threadpool(reception.find_link, token, find_visit(request))
    except (LinkSpentError, ThrottledError) as exc:
        return _show(request, "sign_in_link.html", exc, works=False)
    return _show(request, "sign_in_link.html", works=True, person=person, name_given="")


async def use_link(request: Request, token: str) -> Response:
    """Let somebody in by a link."""
    verify_same_origin(request, find_reception(request).settings.http.origin)
    reception, form = find_reception(request), await read_form(request)
    visit, name, password = find_visit(request), form.text("name"), form.fields.get("password", "")
    try:
        _, person = await run_in_threadpool(reception.find_link, token, visit)
    except (LinkSpentError, ThrottledError) as exc:
        return _show(request, "sign_in_link.html", exc, works=False)
    return await _enter(
        request,
        lambda: reception.enter_by_link(token, visit, name=name, password=password),
        "sign_in_link.html",
        "",
        {"works": True, "person": person, "name_given": name},
    )


async def sign_out(request: Request, _: Annotated[Actor, require_person()]) -> Response:
    """End the session."""
    from api.access.session import end_session

    reception = find_reception(request)
    await run_in_threadpool(end_session, reception.database, find_token(request, reception.settings))
    answer = RedirectResponse("/sign-in", 303)
    drop_session(answer, reception.settings)
    # W3C Clear Site Data: what the browser kept of pages goes, too.
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


async def _enter(
    request: Request, enter: Callable[[], Welcome], template: str, to: str, shown: dict[str, Any]
) -> Response:
    """Lead who was let in to where they wanted to go, and show others the form again, with what was wrong."""
    try:
        welcome = await run_in_threadpool(enter)
    except AccessError as exc:
        return _show(request, template, exc, **shown)
    return welcome_in(request, welcome, to)


def welcome_in(request: Request, welcome: Welcome, to: str) -> Response:
    """Return the way on for who was let in, with the cookie of their session."""
    from urllib.parse import quote

    path = find_local_path(to, find_home(welcome.person.actor))
    answer = RedirectResponse(f"/sign-in/code?next={quote(path, safe='')}" if welcome.is_half else path, 303)
    set_session(answer, find_reception(request).settings, welcome.token)
    return answer


def find_visit(request: "HTTPConnection") -> Visit:
    """Return who knocks."""
    settings = find_reception(request).settings
    address = find_service(request).visitors.find(request)
    return Visit(address, request.headers.get("user-agent", "")[:1024], find_token(request, settings))


def tell(request: Request, error: AccessError | None) -> str:
    """Return what was wrong, in the language of the page where it has words for it."""
    if error is None:
        return ""
    words = load_words(find_language(request))
    key = f"{_WORDS}.{error.code}"
    if key not in words:
        return str(error)
    return words.tell(key, seconds=getattr(error, "retry_after_s", 0))


def _show(request: Request, template: str, error: AccessError | None = None, **values: Any) -> HTMLResponse:  # noqa: ANN401 - whatever the template shows
    """Show a form of signing in; one that was sent in vain with what was wrong."""
    from api.access.passkey import find_host

    access = find_reception(request).settings.access
    status = 200 if error is None else status_of(error)
    answer = render(
        request,
        template,
        status=status,
        error=tell(request, error),
        has_passwords=access.passwords,
        may_passkeys=bool(find_host(find_reception(request).settings.http.origin)),
        has_tenants=bool(find_reception(request).settings.tenants),
        provider=access.oidc.name if access.oidc.issuer else "",
        **values,
    )
    if isinstance(error, ThrottledError):
        answer.headers["Retry-After"] = str(error.retry_after_s)
    return answer
