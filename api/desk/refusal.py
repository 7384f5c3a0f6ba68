"""Errors as people see them in a browser: a page, or a line in the page that asked, or the way to sign in."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from api.desk.frame import render
from api.desk.language import find_language, load_words
from api.desk.retelling import Retelling

if TYPE_CHECKING:
    from fastapi import Request
    from fastapi.responses import Response

SIGN_IN: Final = "/sign-in"
_MACHINES: Final = ("/v1/", "/healthz", "/readyz", "/metrics", "/tile/", "/checkpoint", "/openapi.json")


def wants_page(request: "Request") -> bool:
    """Return whether a person in a browser asks, and not a program."""
    is_page = not request.url.path.startswith(_MACHINES)
    return is_page and ("hx-request" in request.headers or "text/html" in request.headers.get("accept", ""))


def build_refusal(request: "Request", status: int, code: str, detail: str, headers: Mapping[str, str]) -> "Response":
    """Build what a browser gets instead of the page that it asked for."""
    from fastapi.responses import RedirectResponse, Response

    is_part = "hx-request" in request.headers
    if status == 401:
        asked = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
        to = f"{SIGN_IN}?next={quote(asked if request.method == 'GET' and not is_part else '/desk', safe='')}"
        return Response(status_code=401, headers={"HX-Redirect": to}) if is_part else RedirectResponse(to, 303)
    told = Retelling(load_words(find_language(request))).tell_error(code, detail)
    template = "refused_part.html" if is_part else "refused.html"
    answer = render(request, template, status=status, code=code, detail=told, code_status=status)
    answer.headers.update(headers)
    if is_part:
        answer.headers.update({"HX-Retarget": "#alerts", "HX-Reswap": "innerHTML"})
    return answer
