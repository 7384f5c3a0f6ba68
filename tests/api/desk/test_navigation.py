from types import SimpleNamespace

import pytest

from api.access.identity import Actor, Role
from api.app import create_app
from api.desk.navigation import TABS, find_home, find_paths, list_tabs
from provenance.tenant import MAIN


def actor(role):
    return Actor("1", "Mia", MAIN, frozenset({role}), "person")


def tabs(role, app):
    return [tab.name for tab in list_tabs(SimpleNamespace(app=app), actor(role))]


@pytest.fixture(scope="module")
def app():
    return create_app()


def test_a_tab_is_shown_to_those_who_may_open_it_once_it_leads_somewhere(app):
    served = find_paths(SimpleNamespace(app=app))
    assert "/desk" in served
    assert tabs(Role.SUBMITTER, app) == ["create"]
    assert tabs(Role.ADMIN, app) == [tab.name for tab in TABS if tab.path in served]
    assert "exports" not in tabs(Role.MODERATOR, app)
    assert list(list_tabs(SimpleNamespace(app=app), None)) == []


def test_everybody_has_a_home():
    assert find_home(actor(Role.MODERATOR)) == "/desk"
    assert find_home(actor(Role.SUBMITTER)) == "/desk/create"


def test_pages_are_no_part_of_the_described_api(app):
    assert [path for path in app.openapi()["paths"] if path.startswith(("/desk", "/static", "/language"))] == []
