"""Who asks in tests of routes: a header names roles and tenant, in place of keys and sessions."""

from contextlib import contextmanager

from fastapi.testclient import TestClient

from api.access.identity import Actor, Role
from api.app import create_app
from provenance.tenant import Tenant


class Visitors:
    """Lets in whoever says who they are: `X-As: registrar,auditor@main`."""

    def identify(self, request):
        roles, _, tenant = request.headers.get("X-As", "").partition("@")
        if not roles:
            return None
        given = frozenset(Role(role) for role in roles.split(","))
        return Actor(f"{roles}-{tenant}", f"{roles} of {tenant}", Tenant(tenant or "main"), given, "person")


@contextmanager
def open_client():
    """A client of the whole application, on the site that the environment names."""
    app = create_app()
    with TestClient(app, raise_server_exceptions=False) as client:
        app.state.doorkeeper = Visitors()
        yield client


def acting(roles, tenant="main"):
    """Headers of a request by somebody with these roles."""
    return {"X-As": f"{roles}@{tenant}"}
