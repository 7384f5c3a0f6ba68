"""A real server in a thread of this process, on the loopback, with a doorkeeper who lets in whom a bench names."""

import logging
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import structlog
import uvicorn

from api.access.identity import Actor, Role
from api.app import create_app
from api.server import build_config, listen
from bench.postgres import database_url
from policies.line.deployment import Deployment
from provenance.tenant import MAIN


class LettingIn:
    """Lets everybody in, so that what is timed is what is asked for."""

    def __init__(self, *roles: Role) -> None:
        self._actor = Actor("bench", "bench", MAIN, frozenset(roles), "key")

    def identify(self, _: object) -> Actor:
        """Say who it is."""
        return self._actor


@contextmanager
def serving(*roles: Role, database: str = "", **settings: Any) -> Iterator[tuple[httpx.Client, Deployment]]:
    """Serve an empty site with light detectors; give a client and the deployment.

    Args:
        roles: of whoever asks.
        database: a URL, or `bench.postgres.OWN`; SQLite unless named.
        settings: more of them, by the names of their variables.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="chopmark-bench-", ignore_cleanup_errors=True))
        given: Mapping[str, Any] = {
            "HOME": str(Path(folder) / "home"),
            "DATABASE_URL": stack.enter_context(database_url(database)),
            "DETECTORS": "prompt,copyright,incoming_marks",
            **settings,
        }
        os.environ.update({f"CHOPMARK_{name}": str(value) for name, value in given.items()})
        listener = listen("127.0.0.1", 0)
        config = build_config("127.0.0.1", 0)
        config.log_config = None
        server = uvicorn.Server(config)
        app = create_app()
        config.app = lambda: app
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        app.state.doorkeeper = LettingIn(*roles)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with httpx.Client(base_url=url, timeout=300) as client:
            yield client, app.state.service.site.deployment
        server.should_exit = True
        thread.join()
