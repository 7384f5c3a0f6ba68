import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from provenance.media.picture.decoders import DECODERS


@pytest.fixture
def client(stock):
    with TestClient(create_app(), raise_server_exceptions=False) as client:
        yield client


def test_it_says_that_it_is_up(client):
    assert client.get("/healthz").json() == {"status": "ok", "ledger_size": 5, "decoder_deaths": DECODERS.deaths}
