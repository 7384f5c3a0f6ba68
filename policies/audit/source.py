"""What an export reads from: less than a deployment, so that no detector and no signer of media is needed for one."""

from dataclasses import dataclass
from typing import Protocol

from provenance.ledger.log import Log
from provenance.storage.database import Database
from provenance.storage.store import BlobStore
from provenance.tenant import Tenant
from provenance.works.registry import Works


class Holder(Protocol):
    """Whoever has it all, such as a deployment."""

    @property
    def database(self) -> Database:
        """Where records are."""

    @property
    def blobs(self) -> BlobStore:
        """Where files are."""

    @property
    def log(self) -> Log:
        """The ledger, as the tenant appends to it."""

    @property
    def works(self) -> Works:
        """The tenant's registry."""

    @property
    def tenant(self) -> Tenant:
        """Whose it is."""


@dataclass(frozen=True, slots=True)
class Source:
    """The same things by themselves.

    Attributes:
        database, blobs, log, works: where things are kept.
        tenant: for whom; nothing of another's is read, but by the main tenant who asks for it.
    """

    database: Database
    blobs: BlobStore
    log: Log
    works: Works
    tenant: Tenant
