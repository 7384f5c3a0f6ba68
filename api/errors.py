"""Errors at the edge: HTTP answers (RFC 9457) and the last word of the command line.

Whoever asks learns what was wrong with the question, and nothing of our insides.
"""

import asyncio
from typing import TYPE_CHECKING, Any, Final

from api.access.refusals import (
    AccessError,
    ForbiddenError,
    KeyNotFoundError,
    LastAdminError,
    NameTakenError,
    NotSignedInError,
    PersonNotFoundError,
    SessionNotFoundError,
    SignInError,
    ThrottledError,
)
from api.bounds import RETRY_AFTER_S, BusyError, StalledUploadError, StoppingError
from api.concealing import find_place
from api.console import CommandUsageError
from api.form import FormError
from api.link import LinkError
from api.observing import find_request_id
from api.refusals import (
    PROBLEM_TYPE,
    InvalidRequestError,
    MalformedRequestError,
    PromptBlockedError,
    TooManyRequestsError,
    build_invalid,
)
from generation.gateways.base import JobSettledError, QuotaSpentError
from policies.refusals import ConsentNotFoundError
from policies.review.refusals import JobTakenError, NotYoursError
from provenance.errors import (
    AppealClosedError,
    AppealNotFoundError,
    AssetError,
    AssetNotFoundError,
    AssetTooLargeError,
    BlobNotFoundError,
    ExportNotFoundError,
    FetchError,
    GateError,
    LedgerError,
    PackInvalidError,
    PolicyError,
    TooManyOrdersError,
    UnknownPackError,
    UnsupportedMediaError,
    WebhookNotFoundError,
    WorkClaimedError,
    WorkNotFoundError,
    WorksError,
)
from provenance.journal import Journal
from provenance.storage.scrubbing import redact

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from fastapi import FastAPI, Request
    from fastapi.responses import JSONResponse, Response

STATUSES: Final[tuple[tuple[type[GateError], int], ...]] = (
    (MalformedRequestError, 400),
    (NotSignedInError, 401),
    (ForbiddenError, 403),
    (PersonNotFoundError, 404),
    (KeyNotFoundError, 404),
    (SessionNotFoundError, 404),
    (ThrottledError, 429),
    (SignInError, 401),
    (NameTakenError, 409),
    (LastAdminError, 409),
    (AccessError, 422),
    (LinkError, 403),
    (AssetNotFoundError, 404),
    (BlobNotFoundError, 404),
    (AssetTooLargeError, 413),
    (UnsupportedMediaError, 415),
    (AssetError, 422),
    (InvalidRequestError, 422),
    (FetchError, 422),
    (TooManyRequestsError, 429),
    (StalledUploadError, 408),
    (LedgerError, 404),
    (WorkNotFoundError, 404),
    (WorkClaimedError, 409),
    (WorksError, 422),
    (FormError, 422),
    (CommandUsageError, 422),
    (ExportNotFoundError, 404),
    (WebhookNotFoundError, 404),
    (ConsentNotFoundError, 404),
    (TooManyOrdersError, 429),
    (AppealNotFoundError, 404),
    (AppealClosedError, 409),
    (UnknownPackError, 404),
    (PackInvalidError, 422),
    (JobTakenError, 409),
    (NotYoursError, 403),
    (PolicyError, 422),
    (QuotaSpentError, 429),
    (PromptBlockedError, 422),
    (JobSettledError, 409),
)
"""The first class that fits gives the status; whatever else is a GateError is 503 when retryable, else 500."""

PROBLEMS: Final = {
    400: "the request cannot be read: no such form, no JSON, or broken off",
    401: "nobody known asks: neither an API key nor a session that is still good",
    403: "who asks may not do this",
    404: "there is no such thing",
    409: "it is otherwise by now, or somebody else's, and nobody said that both are right",
    408: "the body came too slowly, or stopped",
    413: "longer, or of more pixels, than is taken",
    415: "of no type that is taken",
    416: "the file has no such range",
    422: "what is asked for does not fit together, or the file is damaged, or two types at once",
    429: "this address has asked too often: try again after the seconds of Retry-After",
    500: "the operator's log says more",
    503: "no room now, or a part of the gate did not answer: try again after the seconds of Retry-After",
}
"""What each status of an error means."""

# What is left of a body that stalled is not waited for.
_MORE_HEADERS: Final = {
    401: {"WWW-Authenticate": "Bearer"},
    408: {"Connection": "close"},
    503: {"Retry-After": str(RETRY_AFTER_S)},
}

OPERATOR_KNOWS: Final = "the gate could not answer; the operator's log says more"

_log = Journal(__name__)


def status_of(error: GateError) -> int:
    """Return the HTTP status for `error`."""
    for kind, status in STATUSES:
        if isinstance(error, kind):
            return status
    return 503 if error.retryable else 500


def install_handlers(app: "FastAPI") -> None:
    """Answer every error that was foreseen as `application/problem+json`; `api.edge` sees to the others."""
    from fastapi import Response
    from fastapi.exceptions import RequestValidationError
    from starlette.exceptions import HTTPException

    async def _explain(request: "Request", error: Exception) -> "Response":
        assert isinstance(error, GateError)
        status = status_of(error)
        _log.warning("request failed", code=error.code, status=status, error=str(error))
        is_told = status < 500 or isinstance(error, BusyError)
        more = {"problems": list(error.problems)} if isinstance(error, InvalidRequestError) and error.problems else {}
        headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, TooManyRequestsError) else None
        told = redact(str(error)) if is_told else OPERATOR_KNOWS
        return _answer(request, status, error.code, told, headers, **more)

    async def _refuse(request: "Request", error: Exception) -> "Response":
        assert isinstance(error, RequestValidationError)
        return await _explain(request, build_invalid([_drop_place(one) for one in error.errors()]))

    async def _name(request: "Request", error: Exception) -> "Response":
        assert isinstance(error, HTTPException)
        if error.status_code == 405 and (methods := request.app.state.table.find_methods(request.url.path)):
            allowed = {"Allow": ", ".join(methods)}
            if request.method == "OPTIONS":
                return Response(status_code=204, headers=allowed)
            return _answer(request, 405, "http.405", str(error.detail), allowed)
        return _answer(request, error.status_code, f"http.{error.status_code}", str(error.detail), error.headers)

    app.add_exception_handler(GateError, _explain)
    app.add_exception_handler(HTTPException, _name)
    app.add_exception_handler(RequestValidationError, _refuse)


async def run_answering(serve: "Awaitable[None]") -> "JSONResponse | None":
    """Await `serve`; return the answer to an unforeseen error, which says nothing of it, or to a stop; or None.

    The trace of a foreign error may quote a prompt, so the log gets its kind and place only.
    """
    try:
        await serve
    except asyncio.CancelledError:  # by the server alone, which is told to stop and has waited long enough
        return answer_refused_body(StoppingError("this server stops: send the request again, another will take it"))
    except Exception as exc:  # noqa: BLE001 - the last resort of the HTTP side
        _log.error("unforeseen error", kind=type(exc).__name__, place=find_place(exc))
        return _build_problem(500, "internal", OPERATOR_KNOWS)
    return None


def answer_refused_body(error: GateError) -> "JSONResponse":
    """Return the answer to a body that is not read to its end, after which the connection closes."""
    status = status_of(error)
    _log.warning("request failed", code=error.code, status=status, error=str(error))
    return _build_problem(status, error.code, str(error), {"Connection": "close"})


def _answer(
    request: "Request",
    status: int,
    code: str,
    detail: str,
    headers: "Mapping[str, str] | None" = None,
    **more: Any,  # noqa: ANN401 - whatever JSON holds
) -> "Response":
    """Answer a program with a problem document, and a person in a browser with a page."""
    from api.desk.refusal import build_refusal, wants_page

    if wants_page(request):
        return build_refusal(request, status, code, detail, {**(headers or {}), **_MORE_HEADERS.get(status, {})})
    return _build_problem(status, code, detail, headers, **more)


def _drop_place(error: "Mapping[str, Any]") -> dict[str, Any]:
    """Leave out whether a field came in the query or the body: names are enough."""
    return {**error, "loc": error["loc"][1:] or error["loc"]}


def _build_problem(
    status: int,
    code: str,
    detail: str,
    headers: "Mapping[str, str] | None" = None,
    **more: Any,  # noqa: ANN401 - whatever JSON holds
) -> "JSONResponse":
    from fastapi.responses import JSONResponse

    content = {"type": f"{PROBLEM_TYPE}{code}", "title": code, "status": status, "detail": detail, **more}
    if request_id := find_request_id():
        content["instance"] = f"urn:chopmark:request:{request_id}"
    all_headers = dict(headers or {}) | _MORE_HEADERS.get(status, {})
    return JSONResponse(content, status_code=status, media_type="application/problem+json", headers=all_headers)


def describe_problems(*statuses: int) -> "dict[int | str, dict[str, Any]]":
    """Return what a route's description says of its errors."""
    fields = {"type": "string", "title": "string", "status": "integer", "detail": "string"}
    schema = {
        "type": "object",
        "required": [*fields],
        "properties": {name: {"type": of} for name, of in fields.items()},
    }
    return {
        status: {"description": PROBLEMS[status], "content": {"application/problem+json": {"schema": schema}}}
        for status in statuses
    }
