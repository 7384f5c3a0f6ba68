"""Where people and keys are kept: one tenant's part of a database, with the ledger that hears of every change."""

from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Connection

from provenance.storage.database import Database
from provenance.tenant import Tenant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.access.identity import Actor
    from provenance.ledger.log import Log


class Place(Protocol):
    """What every verb of access works on; a `Deployment` is one."""

    @property
    def database(self) -> Database:
        """Where the rows are."""

    @property
    def log(self) -> "Log":
        """The ledger, as the tenant writes into it."""

    @property
    def tenant(self) -> Tenant:
        """Whose people and keys; those of others are not found."""


def put_on_record(
    here: Place, connection: Connection, *, kind: str, subject: str, by: "Actor | None", body: "Mapping[str, Any]"
) -> None:
    """Append to the ledger what was changed, by whom, without a name: people have the pseudonyms of reviewers.

    Args:
        here: the place.
        connection: of `Database.write`; the entry exists when the change does.
        kind: what happened, such as "access.key_created".
        subject: id of the key, or pseudonym of the person.
        by: who did it; None for the operator at the command line.
        body: roles and ids, no text of people.
    """
    import uuid

    stated = {**body, "by": name_actor(here, connection, by)}
    here.log.append(connection, kind=kind, subject=subject, body=stated, key=f"access:{uuid.uuid4()}")


def name_actor(here: Place, connection: Connection, actor: "Actor | None") -> str:
    """Return what the ledger calls who acts."""
    from policies.review.reviewers import name_reviewer

    if actor is None:
        return "operator"
    return f"key:{actor.id}" if actor.kind == "key" else name_reviewer(connection, actor.name, here.tenant)
