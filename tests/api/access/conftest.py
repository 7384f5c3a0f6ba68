"""A place for people and keys: a real ledger over a database, on each engine."""

from dataclasses import dataclass, replace

import pytest

from provenance.ledger.log import Log
from provenance.ledger.note import load_signer
from provenance.storage.database import Database
from provenance.tenant import MAIN, Tenant


@dataclass(frozen=True)
class Place:
    """What verbs of access work on."""

    database: Database
    log: Log
    tenant: Tenant = MAIN

    def of(self, tenant):
        """The same place, as another tenant has it."""
        return replace(self, tenant=Tenant(tenant))

    def kinds(self):
        """What the ledger was told of, in order."""
        return [entry.kind for entry in self.log.entries()]


@pytest.fixture
def place(database, tmp_path):
    return Place(database, _open_log(database, tmp_path))


@pytest.fixture
def small(sqlite_database, tmp_path):
    """The same on SQLite alone: for what makes no difference to the engine."""
    return Place(sqlite_database, _open_log(sqlite_database, tmp_path))


def _open_log(database, folder):
    return Log(database, load_signer(folder / "keys" / "ledger.key", origin="example.com/ledger"))
