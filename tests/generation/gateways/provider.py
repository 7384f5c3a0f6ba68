"""A service on 127.0.0.1 that says what a test has written down, and remembers what it was asked."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from generation.gateways.base import GATEWAYS, Kind, Order

CLIP = b"\x00\x00\x00\x18ftypmp42 not really a clip"


class Provider:
    """What was asked, as (method, path, headers, body), and what is still to be said, in order."""

    def __init__(self):
        self.asked, self.answers, self.url = [], [], ""

    def say(self, body, status=200, **headers):
        """Answer the next call so: a JSON object, bytes, or a function of the handler."""
        self.answers.append((body, status, {name.replace("_", "-"): value for name, value in headers.items()}))
        return self

    @property
    def bodies(self):
        return [json.loads(body) if body else {} for *_, body in self.asked]


@contextmanager
def serve():
    """Run one for a while."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self):
            length = int(self.headers.get("content-length") or 0)
            provider.asked.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
            if self.path.startswith("/files/"):
                body, status, headers = CLIP, 200, {}
            else:
                body, status, headers = provider.answers.pop(0)
            if callable(body):
                body(self)
                return
            sent = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(sent)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_DELETE = _answer

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.block_on_close = False
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    provider.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()


def hang_up(handler):
    """Take a call, and end the connection without a word."""
    handler.close_connection = True
    handler.connection.close()


def order(kind=Kind.TEXT_TO_VIDEO, **fields):
    return Order(kind, "a paper boat on a pond", **fields)


def build(name, provider, **options):
    """Build a gateway that speaks to `provider`."""
    return GATEWAYS.load(name)({"base_url": provider.url, **options})
