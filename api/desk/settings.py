"""What a moderator sees of pictures before they ask: each decides for themselves."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access.guard import require
from api.access.identity import Actor, Permission
from api.desk.frame import render
from api.reviewing import build_reviewer
from api.service import find_service

Moderator = Annotated[Actor, require(Permission.REVIEW)]


def build_router() -> APIRouter:
    """Build the page."""
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/desk/settings", show_settings, methods=["GET"], response_class=HTMLResponse)
    router.add_api_route("/desk/settings", keep_settings, methods=["POST"], response_class=HTMLResponse)
    return router


def show_settings(request: Request, actor: Moderator) -> HTMLResponse:
    """Show what was chosen."""
    from policies.review.wellness import BLURS, load_wellness

    wellness = load_wellness(find_service(request).deployment(actor), build_reviewer(actor))
    return render(request, "settings.html", actor=actor, page="settings", wellness=wellness, blurs=BLURS)


def keep_settings(
    request: Request,
    actor: Moderator,
    blur: Annotated[str, Form()],
    grey: Annotated[str, Form()] = "",
    small: Annotated[str, Form()] = "",
) -> Response:
    """Keep what is chosen."""
    from policies.review.wellness import Wellness, keep_wellness

    chosen = Wellness(blur, is_grey=bool(grey), is_small=bool(small))
    keep_wellness(find_service(request).deployment(actor), build_reviewer(actor), chosen)
    return RedirectResponse("/desk/settings?said=saved", status_code=303)
