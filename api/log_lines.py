"""How a server writes its log: one line an event on standard error, as text or as JSON, without secrets."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from api.concealing import redact_event


@contextmanager
def writing_log(kind: str) -> Iterator[None]:
    """Write what happens inside, as ``text`` or ``json``; who has said how before, as `-v` does, is left alone."""
    import structlog

    if structlog.is_configured():
        yield
        return
    structlog.configure(
        processors=build_processors(kind),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
    try:
        yield
    finally:
        structlog.reset_defaults()


def build_processors(kind: str) -> list[Any]:
    """Return what makes a line of an event: time, level, the request's id, and nothing that is secret."""
    import structlog

    last: Any = structlog.processors.JSONRenderer() if kind == "json" else structlog.dev.ConsoleRenderer(colors=False)
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact_event,
        last,
    ]
