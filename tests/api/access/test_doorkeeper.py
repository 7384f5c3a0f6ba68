from typing import Annotated

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.access.doorkeeper import Doorkeeper
from api.access.guard import require
from api.access.identity import Actor, Permission, Role
from api.access.key import create_key, revoke_key
from api.errors import install_handlers
from api.settings import TenantSettings, load_settings


@pytest.fixture
def settings(tmp_path):
    return load_settings(home=tmp_path, tenants={"acme": TenantSettings()})


@pytest.fixture
def client(small, settings):
    app = FastAPI()
    install_handlers(app)
    app.state.doorkeeper = Doorkeeper(small.database, settings)

    @app.get("/")
    def tell(actor: Annotated[Actor, require(Permission.RELEASE)]) -> str:
        return f"{actor.name} of {actor.tenant}"

    return TestClient(app)


def ask(client, shown):
    answer = client.get("/", headers={"Authorization": shown} if shown else {})
    return answer.status_code if answer.status_code != 200 else answer.json()


def test_a_key_lets_in_as_what_it_is(client, small):
    _, token = create_key(small, name="ci", roles=[Role.SUBMITTER])
    _, theirs = create_key(small.of("acme"), name="ci", roles=[Role.SUBMITTER])
    assert ask(client, f"Bearer {token}") == "ci of main"
    assert ask(client, f"bearer  {theirs}") == "ci of acme"


def test_nobody_else_is_let_in(client, small):
    made, token = create_key(small, name="ci", roles=[Role.SUBMITTER])
    _, auditor = create_key(small, name="audit", roles=[Role.AUDITOR])
    for shown in ("", "Bearer", "Bearer ", f"Basic {token}", token, f"Bearer {token}x", f"Bearer x {token}"):
        assert ask(client, shown) == 401, shown
    assert ask(client, f"Bearer {auditor}") == 403
    revoke_key(small, made.id)
    assert ask(client, f"Bearer {token}") == 401


def test_a_tenant_that_is_gone_is_let_in_no_more(client, small):
    _, token = create_key(small.of("gone"), name="ci", roles=[Role.SUBMITTER])
    assert ask(client, f"Bearer {token}") == 401
