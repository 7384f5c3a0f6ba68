"""The application behind a real server on 127.0.0.1, in a thread of the test."""

import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace

import uvicorn

from api.access.key import create_key
from api.app import create_app


@contextmanager
def serving():
    """Serve the site that the environment names: `.url`, `.app` and `.make_key(ROLE)`."""
    app = create_app()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]

    def make_key(role):
        return create_key(app.state.service.site.deployment, name=f"a {role}", roles=[role])[1]

    try:
        yield SimpleNamespace(url=f"http://127.0.0.1:{port}", app=app, make_key=make_key)
    finally:
        server.should_exit = True
        thread.join()
