"""Traces of requests by OpenTelemetry, sent to a collector that a setting names; without it nothing of this is loaded.

A span names the route, method and status, and goes on with the trace that a client or proxy began (W3C traceparent). No
address, id, header or body of a request is in it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from starlette.datastructures import Headers

from api import VERSION
from provenance.errors import MissingExtraError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

    from api.observing import Sight

SERVICE: Final = "chopmark"


class Tracer:
    """Makes one span a request.

    Args:
        exporter: where they go, in batches, from a thread of its own.

    Raises:
        MissingExtraError: the extra `telemetry` is not installed.
    """

    def __init__(self, exporter: "SpanExporter") -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        resource = Resource.create({"service.name": SERVICE, "service.version": VERSION})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer(SERVICE, VERSION)

    @contextmanager
    def span(self, scope: Any, sight: "Sight") -> Iterator[None]:  # noqa: ANN401 - an ASGI scope
        """Trace one request."""
        from opentelemetry.trace import SpanKind, StatusCode
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        from api.observing import find_request_id, name_route

        carrier = {name: value for name, value in Headers(scope=scope).items() if name in {"traceparent", "tracestate"}}
        context = TraceContextTextMapPropagator().extract(carrier)
        with self._tracer.start_as_current_span(
            scope["method"],
            context=context,
            kind=SpanKind.SERVER,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            finally:
                route = name_route(scope)
                span.update_name(f"{scope['method']} {route}")
                span.set_attribute("http.request.method", scope["method"])
                span.set_attribute("http.route", route)
                span.set_attribute("http.response.status_code", sight.status)
                span.set_attribute("chopmark.request_id", find_request_id())
                if sight.status >= 500 or not sight.status:
                    span.set_status(StatusCode.ERROR)

    def close(self) -> None:
        """Send what is left, for some seconds at most."""
        self._provider.force_flush(5000)
        self._provider.shutdown()


def build_tracer(url: str) -> Tracer | None:
    """Build what sends traces to `url` (OTLP over HTTP), or None where it is "".

    Raises:
        MissingExtraError: the extra `telemetry` is not installed.
    """
    if not url:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError as exc:
        raise MissingExtraError(
            "the setting http.traces needs chopmark[telemetry]: pip install it, or unset it"
        ) from exc
    return Tracer(OTLPSpanExporter(endpoint=url, timeout=5))
