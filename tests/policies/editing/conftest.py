import pytest

from provenance.ledger.log import Log
from provenance.ledger.note import load_signer


@pytest.fixture
def log(database, tmp_path):
    """A ledger in the test's database."""
    return Log(database, load_signer(tmp_path / "keys" / "ledger.key", origin="example.com/ledger"))
