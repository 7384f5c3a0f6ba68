from pathlib import Path

import pytest

from provenance.asset import MediaType
from provenance.manifests.identity import load_development_identity
from provenance.manifests.signing import Signed, sign_manifest
from provenance.manifests.trust import TrustAnchors
from tests.provenance.manifests.samples import FIXTURES, define, photograph


@pytest.fixture(scope="session")
def keys_directory(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("home") / "keys"


@pytest.fixture(scope="session")
def identity(keys_directory):
    return load_development_identity(keys_directory, environment="development")


@pytest.fixture(scope="session")
def trust(identity) -> TrustAnchors:
    return TrustAnchors(development_pem=identity.root_pem)


@pytest.fixture(scope="session")
def signed_jpeg(identity, trust) -> Signed:
    return sign_manifest(photograph(MediaType.JPEG), MediaType.JPEG, define(), identity, trust=trust)


@pytest.fixture(scope="session")
def fixtures() -> Path:
    if not FIXTURES.is_dir():
        pytest.skip("../shared/data/c2pa-rs-fixtures is absent")
    return FIXTURES
