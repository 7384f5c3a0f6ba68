"""A server with a stocked site, once a worker, for tests of pages and of what they stand on; whoever asks is believed."""

import threading
import time
from types import SimpleNamespace

import pytest
import uvicorn

from api.access.identity import Actor, Role
from api.app import create_app
from provenance.tenant import MAIN, Tenant
from tests.api.desk.stock import stock_site
from tests.sites import PLAIN

WHO = "test_who"
"""A cookie that says who asks, as ROLE:NAME:TENANT; the doorkeeper of these tests believes it."""


class BelievingDoorkeeper:
    """Lets in whoever the cookie names."""

    def identify(self, request):
        role, _, rest = request.cookies.get(WHO, "").partition(":")
        name, _, tenant = rest.partition(":")
        if not role:
            return None
        return Actor(f"person-{name}", name, Tenant(tenant or MAIN), frozenset({Role(role)}), "person")


@pytest.fixture(scope="session")
def desk_server(tmp_path_factory):
    """A server of this worker: `.url`, `.app` and `.stock`, which tests that change things should not count on."""
    home = tmp_path_factory.mktemp("desk") / "home"
    stock = stock_site(home)
    with pytest.MonkeyPatch.context() as patch, serving(home, patch) as server:
        server.stock = stock
        yield server


class serving:
    """Serve a site for as long as the block lasts."""

    def __init__(self, home, patch):
        for name, value in {**PLAIN, "CHOPMARK_HOME": str(home)}.items():
            patch.setenv(name, value)

    def __enter__(self):
        self.app = create_app()
        config = uvicorn.Config(self.app, host="127.0.0.1", port=0, log_config=None, lifespan="on")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        while not self.server.started:
            assert self.thread.is_alive(), "the server did not start"
            time.sleep(0.02)
        self.app.state.doorkeeper = BelievingDoorkeeper()
        port = self.server.servers[0].sockets[0].getsockname()[1]
        return SimpleNamespace(url=f"http://127.0.0.1:{port}", app=self.app, stock=None)

    def __exit__(self, *_):
        self.server.should_exit = True
        self.thread.join()
