"""Who acts at the service: roles, what each may, and the one who asks.

Permissions are what routes and pages ask for; roles are what people and keys are given. The table below is the one
place where the two meet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from provenance.tenant import Tenant


class Permission(StrEnum):
    """What a route or page asks for."""

    RELEASE = "release"
    """Hand in files and prompts, and see what became of one's own."""
    READ_ASSETS = "assets.read"
    """See every asset of the tenant: signals, decisions, released bytes."""
    REVIEW = "review"
    """See what is held, claim it and decide."""
    REVIEW_SENSITIVE = "review.sensitive"
    """Also what lies in the sensitive queue."""
    DECIDE_APPEALS = "appeals"
    READ_WORKS = "works.read"
    """Search the registry of works, and match files against it."""
    REGISTER_WORKS = "works.write"
    READ_CONSENTS = "consents.read"
    """See who agreed to what, whoever recorded it."""
    RECORD_CONSENTS = "consents.write"
    """Record consents, and see and revoke one's own; with the permission above everybody's."""
    READ_POLICIES = "policies.read"
    """List and explain packs, and try them on past assets."""
    CHANGE_POLICIES = "policies.write"
    EXPORT = "exports"
    """Make and read audit exports and evidence bundles."""
    MEASURE_QUALITY = "quality"
    """Golden sets, double review, agreement."""
    MANAGE_WEBHOOKS = "webhooks"
    MANAGE_PEOPLE = "people"
    """People, their roles, keys and sessions."""
    ORDER_JOBS = "jobs"
    """Order paid jobs at services that generate, and see, give up and settle one's own."""
    OPERATE = "operate"
    """Metrics, queues, workers."""


class Role(StrEnum):
    """What people and keys are given."""

    ADMIN = "admin"
    POLICY_MANAGER = "policy_manager"
    MODERATOR = "moderator"
    SENSITIVE_MODERATOR = "sensitive_moderator"
    REGISTRAR = "registrar"
    AUDITOR = "auditor"
    SUBMITTER = "submitter"
    PRODUCER = "producer"


_MODERATOR: Final = frozenset(
    {
        Permission.READ_ASSETS,
        Permission.REVIEW,
        Permission.DECIDE_APPEALS,
        Permission.READ_WORKS,
        Permission.READ_CONSENTS,
        Permission.READ_POLICIES,
    }
)

GRANTED: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.ADMIN: frozenset(Permission) - {Permission.REVIEW_SENSITIVE},
    Role.POLICY_MANAGER: frozenset(
        {
            Permission.READ_ASSETS,
            Permission.READ_WORKS,
            Permission.READ_POLICIES,
            Permission.CHANGE_POLICIES,
            Permission.MEASURE_QUALITY,
        }
    ),
    Role.MODERATOR: _MODERATOR,
    Role.SENSITIVE_MODERATOR: _MODERATOR | {Permission.REVIEW_SENSITIVE},
    Role.REGISTRAR: frozenset(
        {
            Permission.READ_WORKS,
            Permission.REGISTER_WORKS,
            Permission.READ_CONSENTS,
            Permission.RECORD_CONSENTS,
        }
    ),
    Role.AUDITOR: frozenset(
        {
            Permission.READ_ASSETS,
            Permission.READ_WORKS,
            Permission.READ_CONSENTS,
            Permission.READ_POLICIES,
            Permission.EXPORT,
        }
    ),
    Role.SUBMITTER: frozenset({Permission.RELEASE, Permission.RECORD_CONSENTS}),
    Role.PRODUCER: frozenset({Permission.RELEASE, Permission.RECORD_CONSENTS, Permission.ORDER_JOBS}),
}
"""What each role may. Nobody sees the sensitive queue by being in charge alone: that role is given by name."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks.

    Attributes:
        id: of the person or key, stable.
        name: for people; never an address or a secret.
        tenant: for whom they act; they see and touch nothing of any other.
        roles: what they were given.
        kind: "person" or "key".
        only: all that is left of what the roles grant; None for everything.
    """

    id: str
    name: str
    tenant: Tenant
    roles: frozenset[Role]
    kind: str
    only: frozenset[Permission] | None = None

    def may(self, permission: Permission) -> bool:
        """Return whether one of the roles grants `permission`, and nothing takes it away."""
        is_left = self.only is None or permission in self.only
        return is_left and any(permission in GRANTED[role] for role in self.roles)
