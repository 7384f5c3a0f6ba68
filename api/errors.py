"""Errors at the edge: HTTP answers (RFC 9457) and the last word of the command line.

Whoever asks learns what was wrong with the question, and nothing of our insides.
"""

import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from provenance.errors import (
    AssetError,
    AssetNotFoundError,
    AssetTooLargeError,
    BlobNotFoundError,
    GateError,
    LedgerError,
    UnsupportedMediaError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI, Request
    from fastapi.responses import JSONResponse

STATUSES: Final[tuple[tuple[type[GateError], int], ...]] = (
    (AssetNotFoundError, 404),
    (BlobNotFoundError, 404),
    (AssetTooLargeError, 413),
    (UnsupportedMediaError, 415),
    (AssetError, 422),
    (LedgerError, 404),
)
"""The first class that fits gives the status; whatever else is a GateError is 503 when retryable, else 500."""

OPERATOR_KNOWS: Final = "the gate could not answer; the operator's log says more"

_log = structlog.get_logger(__name__)


def status_of(error: GateError) -> int:
    """Return the HTTP status for `error`."""
    for kind, status in STATUSES:
        if isinstance(error, kind):
            return status
    return 503 if error.retryable else 500


def install_handlers(app: "FastAPI") -> None:
    """Answer every error of the gate, and every unforeseen one, as `application/problem+json`."""

    async def _explain(_: "Request", error: Exception) -> "JSONResponse":
        assert isinstance(error, GateError)
        status = status_of(error)
        _log.warning("request failed", code=error.code, status=status, error=str(error))
        return _build_problem(status, error.code, str(error) if status < 500 else OPERATOR_KNOWS)

    async def _conceal(_: "Request", error: Exception) -> "JSONResponse":
        _log.error("unforeseen error", kind=type(error).__name__, place=find_place(error))
        return _build_problem(500, "internal", OPERATOR_KNOWS)

    app.add_exception_handler(GateError, _explain)
    app.add_exception_handler(Exception, _conceal)


def run_concealing(command: "Callable[[], int]", tell: "Callable[[str], int]", *, is_verbose: bool) -> int:
    """Run a command; give an unforeseen error to `tell` as kind and place only, and return what it returns.

    The message of a foreign error may quote a prompt, so nobody is shown it unless they ask for the whole trace.
    """
    try:
        return command()
    except Exception as exc:  # noqa: BLE001 - the last resort of the command line
        if is_verbose:
            traceback.print_exc()
        hint = "" if is_verbose else "; run it again as chopmark -v ... for the whole trace, which may quote your input"
        return tell(f"a defect of chopmark: {type(exc).__name__} at {find_place(exc)}{hint}")


def find_place(error: BaseException) -> str:
    """Return where `error` was raised, as file and line."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "an unknown place"


def _build_problem(status: int, code: str, detail: str) -> "JSONResponse":
    from fastapi.responses import JSONResponse

    content = {"type": f"urn:chopmark:error:{code}", "title": code, "status": status, "detail": detail}
    return JSONResponse(content, status_code=status, media_type="application/problem+json")
