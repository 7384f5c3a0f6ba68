"""For whom an asset, a work or a bank is kept: the tenants of one site see nothing of each other.

A site that serves one party has one tenant, `MAIN`, and nobody needs to know its name.
"""

from re import compile as compile_pattern
from typing import Final, NewType

from provenance.errors import ConfigurationError

Tenant = NewType("Tenant", str)
"""Name of a tenant, as the operator calls it: 1 to 32 lower-case letters, digits and hyphens."""

MAIN: Final = Tenant("main")
"""The tenant that everything belongs to where no other is named."""

_NAME: Final = compile_pattern(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


def parse_tenant(name: str) -> Tenant:
    """Return the name of a tenant, checked.

    Raises:
        ConfigurationError: it is none.
    """
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"a tenant's name is 1 to 32 lower-case letters, digits and hyphens between them, got {name[:40]!r}"
        )
    return Tenant(name)
