import pytest

from policies.webhooks.endpoints import Endpoints
from provenance.storage.secretbox import load_box
from provenance.tenant import MAIN
from tests.policies.webhooks.receiver import receiving


@pytest.fixture
def box(tmp_path):
    return load_box(tmp_path / "keys")


@pytest.fixture
def receiver():
    with receiving() as heard:
        yield heard


@pytest.fixture
def endpoints(database, box):
    """The main tenant's endpoints, which may be on this machine."""
    return Endpoints(database, box, MAIN, may_be_local=True)
