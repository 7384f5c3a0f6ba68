import pytest

from tests.api.visitors import acting, open_client

REGISTRAR, AUDITOR = acting("registrar"), acting("auditor")


@pytest.fixture
def client(stock, monkeypatch):
    monkeypatch.setenv("CHOPMARK_TENANTS", '{"blue": {}}')
    with open_client() as client:
        yield client


def test_a_bank_is_defined_and_changed_by_who_may(client):
    body = {"action": "hold", "thresholds": {"pdq": 20}, "description": "of the archive"}
    made = client.put("/v1/banks/archive", headers=REGISTRAR, json=body)
    assert made.status_code == 200, made.text
    assert made.json() | {"updated_at": ""} == {"name": "archive", "revision": 1, "updated_at": "", **body}
    again = client.put("/v1/banks/archive", headers=REGISTRAR, json={**body, "action": "allow"})
    assert (again.json()["revision"], again.json()["action"]) == (2, "allow")
    assert [bank["name"] for bank in client.get("/v1/banks", headers=AUDITOR).json()["banks"]] == ["archive", "works"]
    assert client.put("/v1/banks/archive", headers=AUDITOR, json=body).status_code == 403
    assert client.get("/v1/banks").status_code == 401
    assert client.get("/v1/banks", headers=acting("registrar", "blue")).json() == {"banks": []}


@pytest.mark.parametrize(("name", "body"), [
    ("a", {"action": "explode"}), ("a", {"action": "block", "thresholds": {"pdq": 65}}), ("a", {}),
    ("a", {"action": "block", "thresholds": {"nonesuch": 1}}), ("a b", {"action": "block"}),
])  # fmt: skip
def test_what_no_bank_can_be_is_refused(client, name, body):
    assert client.put(f"/v1/banks/{name}", headers=REGISTRAR, json=body).status_code == 422
