"""Who asks, in tests of routes: people by name, each with a role, of the tenant main or of another."""

from api.access.identity import Actor, Role
from provenance.tenant import MAIN, Tenant


class Doorkeeper:
    """Knows `ROLE` or `ROLE.NUMBER`, and `ROLE@TENANT`, by the header X-Name."""

    def identify(self, request):
        name = request.headers.get("X-Name")
        if not name:
            return None
        who, _, tenant = name.partition("@")
        role = Role(who.partition(".")[0])
        return Actor(f"id-{name}", name, Tenant(tenant or MAIN), frozenset({role}), "person")


def as_(name):
    """Return the headers of somebody."""
    return {"X-Name": name}
