"""The public page: where does a file come from? For everybody, without an account and without script; nothing kept."""

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response

from api.desk.frame import render, tell
from api.desk.language import find_language, load_words
from api.errors import status_of
from api.form import Bounds, Form, receive_form
from api.multipart import MOST_FIELD_BYTES
from api.service import Service, find_service
from provenance.errors import FetchError, GateError

if TYPE_CHECKING:
    from provenance.storage.blob import Blob

PAGE: Final = "/verify"
ORDER: Final = ("good", "info", "", "warn", "bad")
"""Of the answers on the page that explains them."""


def build_router() -> APIRouter:
    """Build the public page and the one that explains its answers."""
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/", lead_here, methods=["GET"], response_class=Response)
    router.add_api_route(PAGE, show_form, methods=["GET"], response_class=HTMLResponse)
    router.add_api_route(PAGE, show_answer, methods=["POST"], response_class=HTMLResponse)
    router.add_api_route(f"{PAGE}/states", show_states, methods=["GET"], response_class=HTMLResponse)
    return router


def lead_here() -> Response:
    """Lead whoever knows the host's name alone to the page."""
    from fastapi.responses import RedirectResponse

    return RedirectResponse(PAGE, 303)


def show_form(request: Request) -> HTMLResponse:
    """Show what can be asked."""
    return _render_form(request)


def show_states(request: Request) -> HTMLResponse:
    """Explain every answer that there can be."""
    from api.desk.answer import find_tone
    from provenance.verify.state import CONFLICTS, JointState

    states = [(state.value, find_tone(state, is_conflict=state in CONFLICTS)) for state in JointState]
    return render(request, "verify_states.html", states=sorted(states, key=lambda one: ORDER.index(one[1])))


async def show_answer(request: Request) -> HTMLResponse:
    """Look at the file that a form brings, or at the one whose address it has, and show what was found."""
    service = find_service(request)
    await service.visitors.admit(request)
    settings = service.site.settings
    bounds = Bounds(settings.max_bytes + MOST_FIELD_BYTES, idle_s=settings.http.idle_s, total_s=settings.http.upload_s)
    try:
        async with (
            service.room.uploads.hold(),
            receive_form(request.headers.get("content-type", ""), request.stream(), bounds) as form,
        ):
            return await _answer(request, service, form)
    except FetchError:
        return _render_form(request, status=422, problem=load_words(find_language(request)).tell("verify.not_fetched"))
    except GateError as exc:
        if exc.retryable or status_of(exc) >= 500:
            raise
        return _render_form(request, status=status_of(exc), problem=tell(request, exc))


async def _answer(request: Request, service: Service, form: Form) -> HTMLResponse:
    files, url = [one for one in form.files if one.field == "file"], form.text("url")
    words = load_words(find_language(request))
    if not files and not url:
        return _render_form(request, status=422, problem=words.tell("verify.needs_one"))
    notes = [words.tell("verify.both")] if files and url else []
    if files:
        name, file = files[0].name.replace("\\", "/").rpartition("/")[2], files[0].open()
    elif not service.site.settings.http.fetch:
        return _render_form(request, status=422, problem=words.tell("verify.no_fetch"), url=url)
    else:
        name, file = url.partition("?")[0].rpartition("/")[2], await _fetch(service, url)
        notes = [words.tell("verify.fetched", host=urlsplit(url).hostname or "")]
    site, room = service.site, service.room
    async with room.files.hold(), room.pixels.hold(await run_in_threadpool(site.verifier.weigh, file)):
        return await run_in_threadpool(_render_answer, request, service, file, name, notes)


async def _fetch(service: Service, unverified_url: str) -> "Blob":
    async with service.room.fetches.hold():
        return await run_in_threadpool(service.fetch, unverified_url, most_bytes=service.site.settings.max_bytes)


def _render_answer(request: Request, service: Service, file: "Blob", name: str, notes: list[str]) -> HTMLResponse:
    from api.desk.answer import build_answer
    from api.desk.chain import build_chain
    from api.preview import build_preview

    verifier = service.site.verifier
    found = verifier.verify(file)
    words = load_words(find_language(request))
    answer = build_answer(words, found)
    return render(
        request, "verify_answer.html", answer=answer, chain=build_chain(words, found, answer), file_name=name,
        size_bytes=file.size_bytes, sha256=file.sha256, notes=notes,
        preview=build_preview(verifier.media, file, verifier.limits),
        command=build_command(service, answer.ledger_index),
    )  # fmt: skip


def build_command(service: Service, index: int | None) -> str:
    """Return how a visitor checks the proof of a ledger's entry, offline."""
    vkey = service.site.deployment.log.signer.verifier.vkey
    return f"chopmark audit verify-proof entry-{index}.tlog-proof --vkey '{vkey}'"


def _render_form(request: Request, *, status: int = 200, problem: str = "", url: str = "") -> HTMLResponse:
    settings = find_service(request).site.settings
    return render(
        request, "verify.html", status=status, problem=problem, url=url, most_bytes=settings.max_bytes,
        may_fetch=settings.http.fetch,
    )  # fmt: skip
