"""What detector tests share beside pictures: a registry, and a development signer."""

import pytest

from provenance.ledger.log import Log
from provenance.ledger.note import load_signer
from provenance.manifests.identity import load_development_identity
from provenance.manifests.trust import TrustAnchors
from provenance.works.registry import Works


@pytest.fixture
def works(sqlite_database, tmp_path):
    """An empty works registry."""
    signer = load_signer(tmp_path / "keys" / "ledger.key", origin="example.com/ledger")
    registry = Works(sqlite_database, tmp_path / "index", Log(sqlite_database, signer))
    yield registry
    registry.close()


@pytest.fixture(scope="session")
def identity(tmp_path_factory):
    """A development signing identity."""
    return load_development_identity(tmp_path_factory.mktemp("home") / "keys", environment="development")


@pytest.fixture(scope="session")
def trust(identity):
    """Trust in that identity."""
    return TrustAnchors(development_pem=identity.root_pem)
