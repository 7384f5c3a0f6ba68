"""Pictures, clips and sound of a job: what lies in quarantine, encoded anew and bounded; nobody keeps what is shown."""

import base64
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from api.access.guard import require
from api.access.identity import Actor, Permission
from api.desk.blind import find_blind
from api.desk.frame import render
from api.desk.language import find_language, load_words
from api.preview import build_preview
from api.reviewing import build_reviewer
from api.service import find_service
from provenance.asset import AssetId

if TYPE_CHECKING:
    from policies.line.deployment import Deployment
    from provenance.storage.blob import Blob

SIDE: Final = 1024
"""Pixels of the longer side of what is shown."""
UNKEPT: Final = {"Cache-Control": "no-store", "Content-Disposition": "inline"}

Moderator = Annotated[Actor, require(Permission.REVIEW)]


def build_router() -> APIRouter:
    """Build the routes of a job's pictures."""
    router = APIRouter(prefix="/desk/jobs/{asset_id}", include_in_schema=False)
    for path, serve in (
        ("/picture", show_picture),
        ("/sound", play_sound),
        ("/clip", play_clip),
        ("/aligned", show_aligned),
        ("/works/{work_id}", show_work),
    ):
        router.add_api_route(path, serve, methods=["GET"], response_class=Response)
    router.add_api_route("/provenance", show_provenance, methods=["GET"], response_class=HTMLResponse)
    return router


def show_picture(request: Request, asset_id: str, actor: Moderator) -> Response:
    """Return what a job is about as a JPEG of bounded size."""
    service = find_service(request)
    here = service.deployment(actor)
    url = build_preview(here.media, open_original(here, asset_id, actor), here.limits, SIDE)
    if not url:
        raise HTTPException(404, "this file cannot be shown as a picture")
    return Response(base64.b64decode(url.partition(",")[2]), media_type="image/jpeg", headers=UNKEPT)


def play_sound(request: Request, asset_id: str, actor: Moderator) -> Response:
    """Return what a job is about as an MP3 of bounded length."""
    from api.listening import build_listening

    here = find_service(request).deployment(actor)
    heard = build_listening(here.media, open_original(here, asset_id, actor), here.limits)
    if not heard:
        raise HTTPException(404, "this file cannot be heard")
    return Response(heard, media_type="audio/mpeg", headers=UNKEPT)


def play_clip(request: Request, asset_id: str, actor: Moderator) -> Response:
    """Return what a job is about as a small WebM of bounded length."""
    from api.playing import build_playing

    here = find_service(request).deployment(actor)
    watched = build_playing(here.media, open_original(here, asset_id, actor), here.limits)
    if not watched:
        raise HTTPException(404, "this file cannot be watched")
    return Response(watched, media_type="video/webm", headers=UNKEPT)


def show_aligned(request: Request, asset_id: str, actor: Moderator) -> Response:
    """Return the picture beside the works that it matches, each with the part that they share, as a JPEG."""
    from api.matching import encode_sheet, match_file
    from provenance.errors import AssetError

    here = find_service(request).deployment(actor)
    try:
        found = match_file(here, open_original(here, asset_id, actor))
        sheet = encode_sheet(here.works, found, "image/jpeg")
    except AssetError:
        sheet = None
    if sheet is None:
        raise HTTPException(404, "no work that this matches has a picture here")
    return Response(sheet, media_type="image/jpeg", headers=UNKEPT)


def show_work(request: Request, asset_id: str, work_id: str, actor: Moderator) -> Response:
    """Return the reference of a registered work that a job speaks of."""
    from api.references import load_media

    here = find_service(request).deployment(actor)
    find_owner(here, asset_id, actor)
    media = load_media(here.database, work_id, here.tenant)
    if media is None:
        raise HTTPException(404, "no picture of this work is kept here")
    return Response(media, media_type="image/jpeg", headers=UNKEPT)


def show_provenance(request: Request, asset_id: str, actor: Moderator) -> HTMLResponse:
    """Return where the file says it comes from, as a part of the job's page or as one of its own."""
    from api.desk.answer import build_answer
    from api.desk.chain import build_chain

    service = find_service(request)
    words = load_words(find_language(request))
    verification = service.site.verifier.verify(open_original(service.deployment(actor), asset_id, actor))
    answer = build_answer(words, verification)
    chain = build_chain(words, verification, answer)
    part = "job_provenance.html" if "hx-request" in request.headers else "job_provenance_page.html"
    return render(request, part, actor=actor, page="queue", answer=answer, chain=chain, asset_id=asset_id)


def open_original(here: "Deployment", asset_id: str, actor: Actor) -> "Blob":
    """Return the file of a job that `actor` may see, while quarantine has it.

    Raises:
        AssetNotFoundError: there is no such job for them.
        BlobNotFoundError: it was released, and quarantine emptied.
    """
    from policies.line.intake import original_key

    return here.blobs.quarantine.open(original_key(find_owner(here, asset_id, actor)))


def find_owner(here: "Deployment", asset_id: str, actor: Actor) -> AssetId:
    """Return under whose id the file of a job for `actor` lies.

    Raises:
        AssetNotFoundError: there is no such job for them.
    """
    from policies.review.job import find_job

    if (deal := find_blind(here, asset_id, build_reviewer(actor))) is not None:
        return deal.case.id
    with here.database.read() as connection:
        return find_job(connection, AssetId(asset_id), here.tenant, build_reviewer(actor)).asset_id
