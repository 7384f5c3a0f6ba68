"""Errors of the gate as HTTP answers (RFC 9457): one table, one handler, and nothing of our insides to strangers."""

from typing import Final

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from provenance.errors import (
    AssetError,
    AssetNotFoundError,
    AssetTooLargeError,
    BlobNotFoundError,
    GateError,
    LedgerError,
    UnsupportedMediaError,
)

STATUSES: Final[tuple[tuple[type[GateError], int], ...]] = (
    (AssetNotFoundError, 404),
    (BlobNotFoundError, 404),
    (AssetTooLargeError, 413),
    (UnsupportedMediaError, 415),
    (AssetError, 422),
    (LedgerError, 404),
)
"""The first class that fits gives the status; whatever else is a GateError is 503 when retryable, else 500."""

_log = structlog.get_logger(__name__)


def status_of(error: GateError) -> int:
    """Return the HTTP status for `error`."""
    for kind, status in STATUSES:
        if isinstance(error, kind):
            return status
    return 503 if error.retryable else 500


def install_handlers(app: FastAPI) -> None:
    """Answer every error of the gate, and every unforeseen one, as `application/problem+json`."""

    async def explain(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, GateError)
        status = status_of(error)
        detail = str(error) if status < 500 else "the gate could not answer; the operator's log says more"
        _log.warning("request failed", code=error.code, status=status, error=str(error))
        return _problem(status, error.code, detail)

    async def conceal(_: Request, error: Exception) -> JSONResponse:
        _log.error("unforeseen error", kind=type(error).__name__, exc_info=error)
        return _problem(500, "internal", "the gate could not answer; the operator's log says more")

    app.add_exception_handler(GateError, explain)
    app.add_exception_handler(Exception, conceal)


def _problem(status: int, code: str, detail: str) -> JSONResponse:
    content = {"type": f"urn:chopmark:error:{code}", "title": code, "status": status, "detail": detail}
    return JSONResponse(content, status_code=status, media_type="application/problem+json")
