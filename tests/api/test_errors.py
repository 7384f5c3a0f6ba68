import pytest

from api.errors import status_of
from provenance.errors import (
    AssetNotFoundError,
    AssetTooLargeError,
    BlobNotFoundError,
    ConfigurationError,
    DatabaseUnavailableError,
    LedgerError,
    MislabelledAssetError,
    UndecodableAssetError,
    UnsupportedMediaError,
)


@pytest.mark.parametrize(("error", "status"), [
    (AssetNotFoundError("x"), 404), (BlobNotFoundError("x"), 404), (AssetTooLargeError("x"), 413),
    (UnsupportedMediaError("x"), 415), (MislabelledAssetError("x"), 422), (UndecodableAssetError("x"), 422),
    (LedgerError("x"), 404), (DatabaseUnavailableError("x"), 503), (ConfigurationError("x"), 500),
])  # fmt: skip
def test_every_error_has_a_status(error, status):
    assert status_of(error) == status
