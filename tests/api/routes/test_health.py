import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from provenance.errors import SigningError
from provenance.media.workers import count_deaths
from tests.api.doors import Doorkeeper, as_


@pytest.fixture
def client(stock):
    with TestClient(create_app(), raise_server_exceptions=False) as client:
        yield client


def test_it_says_that_it_is_up(client):
    assert client.get("/healthz").json() == {"status": "ok", "ledger_size": 5, "decoder_deaths": count_deaths()}


def test_it_is_ready_until_a_part_cannot_be_used(home, monkeypatch):
    with TestClient(create_app()) as client:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["status"]) == (200, "ready")
        assert set(answer.json()["checks"]) == {"database", "quarantine", "public", "signer"}
        here = client.app.state.service.site.deployment

        def fail():
            raise SigningError("the signer at 10.0.0.9 is gone")

        monkeypatch.setattr(here.sealer, "verify_signer", fail)
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["checks"]["signer"]) == (503, False)
        assert "10.0.0.9" not in answer.text


def test_metrics_are_for_operators_and_for_neighbours_that_a_setting_names(home, monkeypatch):
    with TestClient(create_app(), client=("127.0.0.1", 1)) as client:
        assert client.get("/metrics").status_code == 401
        client.app.state.doorkeeper = Doorkeeper()
        assert client.get("/metrics", headers=as_("submitter")).status_code == 403
        assert b"chopmark_info" in client.get("/metrics", headers=as_("admin")).content
    monkeypatch.setenv("CHOPMARK_HTTP__METRICS_FOR", "127.0.0.0/8")
    with TestClient(create_app(), client=("127.0.0.1", 1)) as client:
        client.get("/healthz")
        told = client.get("/metrics")
        assert (told.status_code, told.headers["content-type"].startswith("text/plain")) == (200, True)
        assert 'route="/healthz",status="200"' in told.text
        assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 401
    with TestClient(create_app(), client=("192.0.2.1", 1)) as client:
        assert client.get("/metrics").status_code == 401
