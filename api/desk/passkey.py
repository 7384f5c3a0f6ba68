"""Passkeys of people: made on one's own page, and signed in by. The browser's side is `static/passkey.js`."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, HTTPException, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse

from api.access.account import Account
from api.access.cookie import set_session
from api.access.forgery import verify_same_origin
from api.access.guard import require_person
from api.access.identity import Actor
from api.access.reception import Reception, find_reception
from api.access.refusals import AccessError
from api.desk.account import show
from api.desk.language import find_local_path
from api.desk.navigation import find_home
from api.desk.sign_in import find_visit, read_form
from api.service import find_service

Person = Annotated[Actor, require_person()]
Answer = Annotated[dict[str, Any], Body()]


def build_router() -> APIRouter:
    """Build what the browser's side asks."""
    router = APIRouter(include_in_schema=False)
    for path, serve in (
        ("/sign-in/passkey/options", begin_sign_in),
        ("/sign-in/passkey", sign_in),
        ("/desk/account/passkeys/options", begin_registration),
        ("/desk/account/passkeys", register),
        ("/desk/account/passkeys/{credential_id}/drop", drop_passkey),
    ):
        router.add_api_route(path, serve, methods=["POST"], response_class=JSONResponse)
    return router


async def begin_sign_in(request: Request) -> Response:
    """Say what is to be signed."""
    from api.access import passkey

    reception = _find(request)
    verify_same_origin(request, reception.settings.http.origin)
    await find_service(request).visitors.admit(request)
    return JSONResponse(await run_in_threadpool(passkey.begin_sign_in, reception))


async def sign_in(request: Request, answer: Answer) -> Response:
    """Let in who signed; say where to go on."""
    from api.access import passkey

    reception, visit = _find(request), find_visit(request)
    verify_same_origin(request, reception.settings.http.origin)
    welcome = await run_in_threadpool(
        lambda: passkey.enter_by_passkey(
            reception, flow=str(answer.get("flow", "")), unverified=_read(answer), visit=visit
        )
    )
    to = find_local_path(str(answer.get("next", "")), find_home(welcome.person.actor))
    done = JSONResponse({"to": to})
    set_session(done, reception.settings, welcome.token)
    return done


async def begin_registration(request: Request, actor: Person, answer: Answer) -> Response:
    """Say what a passkey is to be made by; the password is asked for again where there is one."""
    from api.access import passkey

    reception, visit = _find(request), find_visit(request)

    def _begin() -> dict[str, Any]:
        account = Account(reception, actor)
        account.verify(str(answer.get("current", "")), visit)
        return passkey.begin_registration(reception, account.person)

    return JSONResponse(await run_in_threadpool(_begin))


async def register(request: Request, actor: Person, answer: Answer) -> Response:
    """Keep the passkey that was made."""
    from api.access import passkey

    reception = _find(request)

    def _keep() -> None:
        account = Account(reception, actor)
        passkey.finish_registration(
            reception,
            account.here,
            account.person,
            flow=str(answer.get("flow", "")),
            unverified=_read(answer),
            label=str(answer.get("label", ""))[:64],
        )

    await run_in_threadpool(_keep)
    return JSONResponse({"to": "/desk/account?said=saved"})


async def drop_passkey(request: Request, actor: Person, credential_id: Annotated[str, Path(max_length=36)]) -> Response:
    """Forget a passkey."""
    form, visit, reception = await read_form(request), find_visit(request), find_reception(request)

    def _forget() -> None:
        Account(reception, actor).drop_passkey(credential_id, form.fields.get("current", ""), visit)

    try:
        await run_in_threadpool(_forget)
    except AccessError as exc:
        return await show(request, actor, exc, about="passkeys")
    return RedirectResponse("/desk/account?said=saved", 303)


def _find(request: Request) -> Reception:
    """Return the reception, where passkeys can be."""
    from api.access.passkey import find_host

    reception = find_reception(request)
    if not find_host(reception.settings.http.origin):
        raise HTTPException(404, "passkeys belong to a name: expected one in the setting http.origin, got an address")
    return reception


def _read(answer: dict[str, Any]) -> dict[str, Any]:
    found = answer.get("credential")
    return found if isinstance(found, dict) else {}
