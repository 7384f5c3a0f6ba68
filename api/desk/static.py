"""Style, script and pictures of the pages: each under the digest of its content, so that browsers keep it for good."""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from fastapi import APIRouter, HTTPException, Response

FOLDER: Final = Path(__file__).parent / "static"
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
"""What is served, by ending."""
_FOREVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}


@cache
def load_static(name: str) -> tuple[bytes, str]:
    """Return a file of `static/` and the first half of its SHA-256.

    Raises:
        KeyError: there is no such file, or it is of no type that is served.
    """
    known = {path.name: path for path in FOLDER.iterdir() if path.suffix in TYPES}
    data = known[name].read_bytes()
    return data, sha256(data).hexdigest()[:32]


def find_url(name: str) -> str:
    """Return where a file of `static/` is served; `static` in templates."""
    return f"/static/{load_static(name)[1]}/{name}"


def build_router() -> APIRouter:
    """Build the one route."""
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/static/{digest}/{name}", serve_static, methods=["GET"], response_class=Response)
    return router


async def serve_static(digest: str, name: str) -> Response:
    """Return a file, if it is still the one that was named."""
    try:
        data, known = load_static(name)
    except KeyError as exc:
        raise HTTPException(404, "there is no such file") from exc
    if digest != known:
        raise HTTPException(404, "this file has changed since: reload the page that names it")
    return Response(data, media_type=TYPES[Path(name).suffix], headers=_FOREVER)
