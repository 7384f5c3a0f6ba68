"""The cookie of a session: for this host alone, out of reach of scripts, not sent along by other sites."""

from typing import TYPE_CHECKING, Final

from starlette.requests import HTTPConnection

if TYPE_CHECKING:
    from starlette.responses import Response

    from api.settings import Settings

PLAIN: Final = "chopmark_session"
# RFC 6265bis s4.1.3.2: browsers take it only with Secure, without Domain, and for the path /.
HOST: Final = "__Host-chopmark_session"


FLOW_PLAIN: Final = "chopmark_flow"
FLOW_HOST: Final = "__Host-chopmark_flow"
"""What binds a sign-in at a provider to the browser that began it."""


def is_secure(settings: "Settings") -> bool:
    """Say whether people reach this server by https."""
    return settings.http.origin.startswith("https://")


def find_name(settings: "Settings") -> str:
    """Return what the cookie is called."""
    return HOST if is_secure(settings) else PLAIN


def find_token(request: HTTPConnection, settings: "Settings") -> str:
    """Return the unverified token that a request brings, or ""."""
    return request.cookies.get(find_name(settings), "")


def find_flow(request: HTTPConnection, settings: "Settings") -> str:
    """Return the unverified state of the sign-in that this browser began, or ""."""
    return request.cookies.get(FLOW_HOST if is_secure(settings) else FLOW_PLAIN, "")


def set_flow(response: "Response", settings: "Settings", state: str, *, lasts_s: float) -> None:
    """Have the browser remember which sign-in it began; an empty state has it forget."""
    response.set_cookie(
        FLOW_HOST if is_secure(settings) else FLOW_PLAIN,
        state,
        max_age=int(lasts_s) if state else 0,
        httponly=True,
        samesite="lax",
        secure=is_secure(settings),
        path="/",
    )


def set_session(response: "Response", settings: "Settings", token: str) -> None:
    """Have the browser keep a session until it is closed; the server ends it earlier."""
    response.set_cookie(find_name(settings), token, httponly=True, samesite="lax", secure=is_secure(settings), path="/")


def drop_session(response: "Response", settings: "Settings") -> None:
    """Have the browser forget its session."""
    response.delete_cookie(find_name(settings), httponly=True, samesite="lax", secure=is_secure(settings), path="/")
