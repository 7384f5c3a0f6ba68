import re

import pytest
from fastapi.testclient import TestClient

from api.access.cookie import PLAIN
from api.access.identity import Role
from api.access.key import find_good_key, list_keys
from api.access.link import find_link
from api.access.person import State, find_person, list_people
from api.access.session import list_sessions
from api.app import create_app
from tests.api.signing_in import find_csrf, make_person, open_for


@pytest.fixture
def client(home):
    with TestClient(create_app(), follow_redirects=False) as client:
        client.headers["accept"] = "text/html"
        here = client.app.state.service.site.deployment
        client.cookies.set(PLAIN, open_for(here, make_person(here, Role.ADMIN, name="Grace")))
        client.csrf = find_csrf(client.get("/desk/team").text)
        yield client


@pytest.fixture
def here(client):
    return client.app.state.service.site.deployment


def send(client, path, **fields):
    return client.post(f"/desk/team{path}", data={"csrf_token": client.csrf, **fields})


def shown_once(answer):
    return re.search(r'id="made">([^<]+)<', answer.text)[1]


def test_somebody_is_invited_with_a_link_that_is_shown_once(client, here):
    done = send(client, "/people", **{"name": "Ada Lovelace", "email": "ada@example.org", "role-moderator": "1"})
    assert done.status_code == 200
    link = find_link(here.database, shown_once(done).rpartition("/")[2])
    person = find_person(here, "Ada Lovelace")
    assert (link.person_id, person.roles, person.email) == (person.id, {Role.MODERATOR}, "ada@example.org")
    assert 'id="made"' not in client.get("/desk/team").text
    by = [entry.fields()["by"] for entry in here.log.entries() if entry.kind == "access.link_made"]
    assert by[0].startswith("reviewer-")


@pytest.mark.parametrize(("fields", "status"), [
    ({"name": "Ada"}, 422), ({"name": "", "role-admin": "1"}, 422), ({"name": "GRACE", "role-admin": "1"}, 409),
    ({"name": "Ada", "email": "nonsense", "role-admin": "1"}, 422),
])  # fmt: skip
def test_what_was_wrong_stands_with_the_form_as_it_was(client, here, fields, status):
    done = send(client, "/people", **fields)
    assert (done.status_code, 'role="alert"' in done.text) == (status, True)
    if fields["name"]:
        assert f'value="{fields["name"]}"' in done.text
    assert len(list_people(here)) == 1


def test_a_person_gets_roles_a_link_and_the_door(client, here):
    ada = make_person(here, Role.SUBMITTER)
    token = open_for(here, ada)
    assert send(client, f"/people/{ada.id}/roles", **{"role-auditor": "1", "role-registrar": "1"}).status_code == 303
    assert find_person(here, ada.id).roles == {Role.AUDITOR, Role.REGISTRAR}
    for move in ("link", "reset"):
        assert find_link(here.database, shown_once(send(client, f"/people/{ada.id}/{move}")).rpartition("/")[2])
    assert send(client, f"/people/{ada.id}/disable").status_code == 303
    assert find_person(here, ada.id).state is State.DISABLED
    assert send(client, f"/people/{ada.id}/link").status_code == 422
    assert "let in again" in client.get(f"/desk/team/people/{ada.id}").text
    assert send(client, f"/people/{ada.id}/enable").status_code == 303
    assert send(client, f"/people/{ada.id}/nonsense").status_code == 404
    assert send(client, "/people/nobody/disable").status_code == 404
    assert token not in client.get(f"/desk/team/people/{ada.id}").text


def test_the_last_admin_stays_one(client, here):
    (grace,) = list_people(here)
    for path, fields in ((f"/people/{grace.id}/disable", {}), (f"/people/{grace.id}/roles", {"role-auditor": "1"})):
        done = send(client, path, **fields)
        assert (done.status_code, "last active admin" in done.text) == (409, True)
    assert client.get("/desk/team").status_code == 200


def test_a_key_is_made_shown_once_and_ended(client, here):
    done = send(client, "/keys", **{"name": "nightly", "days": "90", "role-submitter": "1"})
    key = find_good_key(here.database, shown_once(done))
    assert (key.name, key.roles, bool(key.expires_at)) == ("nightly", {Role.SUBMITTER}, True)
    page = client.get("/desk/team").text
    assert key.prefix in page
    assert shown_once(done) not in page
    assert send(client, f"/keys/{key.id}/revoke").headers["location"] == "/desk/team?said=ended#keys"
    assert list_keys(here)[0].revoked_at
    assert send(client, "/keys", name="x", days="soon").status_code == 422
    assert send(client, "/keys", **{"name": "x", "days": "9" * 5000, "role-submitter": "1"}).status_code == 422


def test_sessions_are_ended_one_and_all(client, here):
    ada = make_person(here, Role.AUDITOR)
    for _ in range(3):
        open_for(here, ada)
    (first, _), *_rest = list_sessions(here, idle_s=60, person_id=ada.id)
    assert send(client, f"/sessions/{first.id}/revoke").status_code == 303
    assert len(list_sessions(here, idle_s=60, person_id=ada.id)) == 2
    assert send(client, f"/people/{ada.id}/sign-out").status_code == 303
    assert list_sessions(here, idle_s=60, person_id=ada.id) == ()


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("zh", 360)])
def test_the_pages_are_for_everybody(desk_server, desk, audit, language, width):
    here = desk_server.app.state.service.site.deployment
    person = make_person(here, Role.ADMIN, Role.MODERATOR, name=f"<b>Ada</b> {language}")
    open_for(here, person)
    for path in ("/desk/team", f"/desk/team/people/{person.id}"):
        page = desk(path, role="admin", language=language, width=width, dark=language == "zh")
        assert page.locator("h1").is_visible()
        assert f"<b>Ada</b> {language}" in page.inner_text("body")
        assert audit(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_somebody_is_forgotten_once_their_name_was_typed(client, here):
    send(client, "/people", **{"name": "Ada Lovelace", "email": "ada@example.org", "role-moderator": "1"})
    ada = find_person(here, "Ada Lovelace")
    refused = send(client, f"/people/{ada.id}/forget", confirmed="Ada")
    assert (refused.status_code, find_person(here, ada.id).name) == (422, "Ada Lovelace")
    assert '<details class="card" open>' in refused.text
    done = send(client, f"/people/{ada.id}/forget", confirmed=" ada lovelace", uploads="1")
    assert done.status_code == 303
    assert find_person(here, ada.id).state is State.FORGOTTEN
    page = client.get(f"/desk/team/people/{ada.id}").text
    assert "Nothing leads from here" in page
    assert not any(word in page for word in ("Lovelace", "/forget", "/roles", "/link"))
    assert "forgotten" in client.get("/desk/team").text


def test_who_forgets_themselves_is_out(client, here):
    grace = find_person(here, "Grace")
    assert send(client, f"/people/{grace.id}/forget", confirmed="Grace").status_code == 409  # the last admin
    make_person(here, Role.ADMIN, name="Ada")
    done = send(client, f"/people/{grace.id}/forget", confirmed="Grace")
    assert (done.status_code, done.headers["location"]) == (303, "/sign-in")
    assert client.get("/desk/team").status_code in {303, 401}
