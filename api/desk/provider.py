"""Signing in by a provider: led there by a link, back with an answer, in with a session."""

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from api.access.cookie import find_flow, set_flow
from api.access.flow import FLOW_S
from api.access.provider import CALLBACK, Provider
from api.access.reception import Reception, Welcome, find_reception
from api.access.refusals import ProviderError
from api.desk.frame import render
from api.desk.sign_in import NEXT, find_visit, tell, welcome_in
from api.service import find_service


def build_router() -> APIRouter:
    """Build the way to the provider, and the way back."""
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/sign-in/provider", lead_away, methods=["GET"], response_class=HTMLResponse)
    router.add_api_route(CALLBACK, come_back, methods=["GET"], response_class=HTMLResponse)
    return router


async def lead_away(request: Request) -> Response:
    """Lead to the provider."""
    await find_service(request).visitors.admit(request)
    reception, provider = _find_provider(request)
    try:
        address, state = await run_in_threadpool(provider.begin, request.query_params.get(NEXT, ""))
    except ProviderError as exc:
        return _refuse(request, exc)
    answer = RedirectResponse(address, 303)
    set_flow(answer, reception.settings, state, lasts_s=FLOW_S)
    return answer


async def come_back(request: Request) -> Response:
    """Let in whom the provider vouches for."""
    from api.access.vouching import admit

    reception, provider = _find_provider(request)
    oidc, visit = reception.settings.access.oidc, find_visit(request)
    state, brought = find_flow(request, reception.settings), dict(request.query_params)

    def _let_in() -> tuple[Welcome, str]:
        vouched = provider.finish(brought, state=state)
        person = admit(reception.find_place(oidc.tenant), oidc, vouched)
        return reception.open(person, "provider", visit), vouched.to

    try:
        welcome, to = await run_in_threadpool(_let_in)
    except ProviderError as exc:
        return _refuse(request, exc)
    answer = welcome_in(request, welcome, to)
    set_flow(answer, reception.settings, "", lasts_s=0)
    return answer


def _find_provider(request: Request) -> tuple[Reception, Provider]:
    reception = find_reception(request)
    if reception.provider is None:
        raise HTTPException(404, "this site has no provider: expected the setting access.oidc.issuer")
    return reception, reception.provider


def _refuse(request: Request, error: ProviderError) -> HTMLResponse:
    answer = render(request, "sign_in_provider.html", status=403, error=tell(request, error), detail=str(error))
    set_flow(answer, find_reception(request).settings, "", lasts_s=0)
    return answer
