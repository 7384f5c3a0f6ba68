from typing import Annotated

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.access.guard import require
from api.access.identity import Actor, Permission, Role
from api.errors import install_handlers
from provenance.tenant import MAIN


class Doorkeeper:
    """Knows two people by name."""

    def identify(self, request):
        roles = {"ada": {Role.AUDITOR}, "sam": {Role.SUBMITTER}}.get(request.headers.get("X-Name"))
        return Actor("1", request.headers["X-Name"], MAIN, frozenset(roles), "person") if roles else None


@pytest.fixture
def client():
    app = FastAPI()
    install_handlers(app)
    app.state.doorkeeper = Doorkeeper()

    @app.get("/exports")
    def list_exports(actor: Annotated[Actor, require(Permission.EXPORT)]) -> str:
        return actor.name

    return TestClient(app)


def test_who_may_is_let_in_by_name(client):
    answer = client.get("/exports", headers={"X-Name": "ada"})
    assert (answer.status_code, answer.json()) == (200, "ada")


def test_nobody_known_is_asked_to_sign_in(client):
    answer = client.get("/exports")
    assert (answer.status_code, answer.json()["title"]) == (401, "access.not_signed_in")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_who_may_not_is_told_what_it_takes(client):
    answer = client.get("/exports", headers={"X-Name": "sam"})
    assert (answer.status_code, answer.json()["title"]) == (403, "access.forbidden")
    assert "exports" in answer.json()["detail"]
