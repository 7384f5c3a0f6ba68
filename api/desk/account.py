"""What people have of their own: password, authenticator app, passkeys, and where they are signed in."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from api.access.account import Account
from api.access.guard import require_person
from api.access.identity import Actor
from api.access.reception import find_reception
from api.access.refusals import AccessError, CodeError
from api.desk.frame import render
from api.desk.sign_in import find_visit, read_form, tell
from api.errors import status_of

Person = Annotated[Actor, require_person()]
Id = Annotated[str, Path(max_length=36)]

_ACCOUNT: Final = "/desk/account"


def build_router() -> APIRouter:
    """Build the page, and what can be done on it."""
    router = APIRouter(include_in_schema=False)
    for path, method, serve in (
        ("", "GET", show_account),
        ("/password", "POST", change_password),
        ("/app", "POST", begin_app),
        ("/app/confirm", "POST", confirm_app),
        ("/app/drop", "POST", drop_app),
        ("/sessions/end", "POST", end_others),
        ("/sessions/{session_id}/end", "POST", end_session),
    ):
        router.add_api_route(f"{_ACCOUNT}{path}", serve, methods=[method], response_class=HTMLResponse)
    return router


async def show_account(request: Request, actor: Person) -> Response:
    """Show everything."""
    return await show(request, actor)


async def change_password(request: Request, actor: Person) -> Response:
    """Take another password."""
    form, visit, account = await read_form(request), find_visit(request), await _open(request, actor)
    current, password = form.fields.get("current", ""), form.fields.get("password", "")
    try:
        await run_in_threadpool(account.change_password, current, password, visit, session_id=request.state.session_id)
    except AccessError as exc:
        return await show(request, actor, exc, about="password")
    return RedirectResponse(f"{_ACCOUNT}?said=saved", 303)


async def begin_app(request: Request, actor: Person) -> Response:
    """Show the picture that an app reads."""
    form, visit, account = await read_form(request), find_visit(request), await _open(request, actor)
    try:
        flow, secret = await run_in_threadpool(account.begin_app, form.fields.get("current", ""), visit)
    except AccessError as exc:
        return await show(request, actor, exc, about="app")
    return await _show_app(request, actor, account, flow, secret)


async def confirm_app(request: Request, actor: Person) -> Response:
    """Have the app's codes asked for; show codes for paper, this once."""
    form, visit, account = await read_form(request), find_visit(request), await _open(request, actor)
    try:
        secret = await run_in_threadpool(account.read_app, form.text("flow"))
    except CodeError as exc:
        return await show(request, actor, exc, about="app")
    try:
        codes = await run_in_threadpool(account.confirm_app, secret, form.text("code"))
    except CodeError as exc:
        flow, _ = await run_in_threadpool(account.begin_app, "", visit, secret=secret)
        return await _show_app(request, actor, account, flow, secret, exc)
    return await show(request, actor, codes=codes)


async def drop_app(request: Request, actor: Person) -> Response:
    """Have no codes asked for any more."""
    form, visit, account = await read_form(request), find_visit(request), await _open(request, actor)
    try:
        await run_in_threadpool(account.drop_app, form.fields.get("current", ""), visit)
    except AccessError as exc:
        return await show(request, actor, exc, about="app")
    return RedirectResponse(f"{_ACCOUNT}?said=saved", 303)


async def end_others(request: Request, actor: Person) -> Response:
    """End every session but this one."""
    from api.access.session import revoke_sessions

    account = await _open(request, actor)
    await run_in_threadpool(revoke_sessions, account.here, account.person.id, but=request.state.session_id, by=actor)
    return RedirectResponse(f"{_ACCOUNT}?said=ended", 303)


async def end_session(request: Request, actor: Person, session_id: Id) -> Response:
    """End one session of one's own."""
    account = await _open(request, actor)
    await run_in_threadpool(account.end_session, session_id)
    return RedirectResponse(f"{_ACCOUNT}?said=ended", 303)


async def _open(request: Request, actor: Actor) -> Account:
    return await run_in_threadpool(Account, find_reception(request), actor)


async def show(
    request: Request,
    actor: Actor,
    error: AccessError | None = None,
    *,
    about: str = "",
    codes: tuple[str, ...] = (),
) -> Response:
    """Show the page; what was sent in vain with what was wrong, and codes for paper, this once."""
    account = await _open(request, actor)
    found = await run_in_threadpool(_collect, request, account)
    return render(
        request,
        "account.html",
        actor=actor,
        page="account",
        status=200 if error is None else status_of(error),
        error=tell(request, error),
        about=about,
        codes=codes,
        **found,
    )


def _collect(request: Request, account: Account) -> dict[str, Any]:
    from api.access.credential import list_credentials
    from api.access.passkey import find_host
    from api.access.session import list_sessions

    settings = find_reception(request).settings
    with account.here.database.read() as connection:
        passkeys = [row for row in list_credentials(connection, account.person.id) if row["kind"] == "passkey"]
    return {
        "person": account.person,
        "has_password": account.has_password,
        "has_app": account.has_app(),
        "passkeys": passkeys,
        "may_passkeys": bool(find_host(settings.http.origin)),
        "sessions": list_sessions(account.here, idle_s=settings.access.idle_s, person_id=account.person.id),
        "session_id": getattr(request.state, "session_id", ""),
    }


async def _show_app(
    request: Request, actor: Actor, account: Account, flow: str, secret: str, error: CodeError | None = None
) -> Response:
    from urllib.parse import urlsplit

    from api.access.totp import build_uri, draw_uri

    host = urlsplit(find_reception(request).settings.http.origin).hostname or ""
    picture = await run_in_threadpool(lambda: draw_uri(build_uri(account.person, secret, host=host)))
    return render(
        request,
        "account_app.html",
        actor=actor,
        page="account",
        status=200 if error is None else status_of(error),
        error=tell(request, error),
        flow=flow,
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        picture=picture,
    )
