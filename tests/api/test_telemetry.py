"""Spans of requests, sent to a real collector's address on 127.0.0.1."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.observing import Sight
from api.telemetry import Tracer, build_tracer
from provenance.errors import MissingExtraError

pytest.importorskip("opentelemetry.sdk", reason="chopmark[telemetry] is not installed")

TRACE = "0af7651916cd43dd8448eb211c80319c"


class Kept:
    """An exporter that keeps what it is given."""

    def __init__(self):
        self.spans = []

    def export(self, spans):
        from opentelemetry.sdk.trace.export import SpanExportResult

        self.spans += spans
        return SpanExportResult.SUCCESS

    def force_flush(self, timeout_millis=0):
        return True

    def shutdown(self):
        pass


def test_a_span_goes_on_with_the_clients_trace_and_names_no_address():
    kept = Kept()
    tracer = Tracer(kept)
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/v1/files/7",
        "headers": [(b"traceparent", f"00-{TRACE}-b7ad6b7169203331-01".encode())],
    }
    sight = Sight()
    with tracer.span(scope, sight):
        sight.status = 503
    tracer.close()
    (span,) = kept.spans
    assert f"{span.context.trace_id:032x}" == TRACE
    assert (span.name, span.attributes["http.response.status_code"], span.status.is_ok) == ("GET none", 503, False)
    assert "/v1/files/7" not in repr(dict(span.attributes))


def test_a_server_sends_its_spans_where_the_setting_says(light, monkeypatch):
    bodies = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setenv("CHOPMARK_HTTP__TRACES", f"http://127.0.0.1:{server.server_port}/v1/traces")
    with TestClient(create_app()) as client:
        assert client.get("/readyz").status_code == 200
    server.shutdown()
    server.server_close()
    assert bodies[0][0] == "/v1/traces"
    sent = b"".join(body for _, body in bodies)
    import gzip

    assert b"/readyz" in (gzip.decompress(sent) if sent[:2] == b"\x1f\x8b" else sent)


def test_without_a_setting_there_is_none_and_without_the_extra_it_is_told(monkeypatch):
    assert build_tracer("") is None
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(MissingExtraError, match=r"chopmark\[telemetry\]"):
        build_tracer("http://127.0.0.1:1/")
