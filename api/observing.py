"""What is seen of each request: an id that its answer and every line of the log about it have, numbers, and a trace.

Nothing of what was asked is kept: routes are named as they are described, never with the ids and signatures in them.
"""

import re
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from starlette.datastructures import Headers

from provenance.journal import Journal

if TYPE_CHECKING:
    from api.metrics import Metrics
    from api.telemetry import Tracer

HEADER: Final = "X-Request-Id"

_GIVEN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=-]{0,63}")
_current: ContextVar[str] = ContextVar("request_id", default="")

_log = Journal(__name__)


def find_request_id() -> str:
    """Return the id of the request that is being served, or "" outside of any."""
    return _current.get()


def take_request_id(headers: Headers) -> str:
    """Return the id that a client or proxy gave the request, if it is a plain one, else a fresh one."""
    given = headers.get(HEADER, "")
    return given if _GIVEN.fullmatch(given) else uuid.uuid4().hex


class Sight:
    """What is seen of one request.

    Attributes:
        status: of the answer; 0 while there is none.
    """

    __slots__ = ("status",)

    def __init__(self) -> None:
        """Begin without an answer."""
        self.status = 0


class Observer:
    """Notes requests.

    Args:
        metrics: where they are counted.
        tracer: where they are traced, or None.
    """

    def __init__(self, metrics: "Metrics", tracer: "Tracer | None" = None) -> None:
        self.metrics: Final = metrics
        self._tracer = tracer

    @contextmanager
    def watch(self, scope: Any, sight: Sight) -> Iterator[None]:  # noqa: ANN401 - an ASGI scope
        """Note a request from here to the end of its answer."""
        started = time.perf_counter()
        with self.metrics.in_progress.track_inprogress(), self._tracing(scope, sight):
            try:
                yield
            finally:
                self._note(scope, sight, time.perf_counter() - started)

    def _note(self, scope: Any, sight: Sight, took_s: float) -> None:  # noqa: ANN401 - an ASGI scope
        route, method = name_route(scope), scope["method"]
        self.metrics.count_request(method, route, sight.status, took_s)
        _log.info("request", method=method, route=route, status=sight.status, took_ms=round(took_s * 1000, 1))

    @contextmanager
    def _tracing(self, scope: Any, sight: Sight) -> Iterator[None]:  # noqa: ANN401 - an ASGI scope
        if self._tracer is None:
            yield
            return
        with self._tracer.span(scope, sight):
            yield


def name_route(scope: Any) -> str:  # noqa: ANN401 - an ASGI scope
    """Return the route that serves a request as it is described, or a word where none does."""
    path = getattr(scope.get("route"), "path", None)
    return str(path) if path else "none"


@contextmanager
def naming(request_id: str) -> Iterator[None]:
    """Have `find_request_id`, and every line of the log that is written inside, say `request_id`."""
    from structlog.contextvars import bound_contextvars

    token = _current.set(request_id)
    try:
        with bound_contextvars(request_id=request_id):
            yield
    finally:
        _current.reset(token)
